"""Networks are measured from the page, in a process that records what it finds."""

import pytest

from explorer.runs import measuring
from pad_core.checkpoint.file import load_header
from pad_core.errors import PadError
from tests.explorer.pages import write_checkpoint
from tests.helpers import until


@pytest.fixture
def run(tmp_path):
    """A run folder in a project's folder; its network remembers so few images that it is soon
    measured.
    """
    folder = tmp_path / "runs" / "one"
    folder.mkdir(parents=True)
    write_checkpoint(folder / "latest.safetensors", name="elsewhere", n_images=100)
    return folder


@pytest.mark.slow
def test_what_is_measured_is_recorded_and_only_one_is_measured_at_once(run, tmp_path):
    measuring.measure(run, tmp_path)
    assert measuring.is_measured(run)
    other = tmp_path / "runs" / "two"
    other.mkdir()
    with pytest.raises(PadError, match="one is being measured; measure this one after it"):
        measuring.measure(other, tmp_path)
    until(lambda: not measuring.is_measured(run), "it never ended", 300)
    assert measuring.problem(run) == ""
    assert load_header(run / "latest.safetensors").metrics["linear_separability"] > 0


def test_a_failure_is_told_in_its_own_words(run, tmp_path):
    (run / "latest.safetensors").write_bytes(b"nothing")
    measuring.measure(run, tmp_path)
    until(lambda: not measuring.is_measured(run), "it never ended", 100)
    assert "latest.safetensors" in measuring.problem(run)
    assert "Traceback" not in measuring.problem(run)
