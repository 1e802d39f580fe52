"""The Python that the menu 'Save' hands out makes the chart that it stands beside."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from explorer.library import networks
from explorer.session.upload import Upload
from explorer.views.curves.handed_out import python_files
from pad_core.report.items import ITEMS
from tests.explorer.pages import opened, page_of, run_until, write_checkpoint
from tests.helpers import ROOT

PAD, WAKE_ONLY = (f"checkpoints/cifar10-{name}-seed0.safetensors" for name in ("pad", "wake_only"))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A project with two of the networks that ship."""
    monkeypatch.setattr(networks, "ROOT", tmp_path)
    (tmp_path / "checkpoints").mkdir()
    for key in (PAD, WAKE_ONLY):
        shutil.copy(ROOT / key, tmp_path / key)
    return tmp_path


def with_dropped(at, name, source):
    """The page, when a copy of a checkpoint was dropped onto it."""
    at.session_state["upload"] = Upload(name, source.read_bytes())
    at.run()
    assert not at.exception, at.exception
    return at


def python_of(at):
    (code,) = (code.value for code in at.code if ".show()" in code.value)
    return code


def traces(at):
    (chart,) = at.get("plotly_chart")
    return json.loads(chart.proto.spec)["data"]


def run(code, home):
    """Run it as a script of its own in the project's folder, its figure written to a file."""
    (home / "script.py").write_text(code.replace(".show()", ".write_json('figure.json')"), "utf-8")
    return subprocess.run(
        [sys.executable, "script.py"], cwd=home, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, encoding="utf-8", timeout=120,
    )  # fmt: skip


def drawn_by(code, home):
    done = run(code, home)
    assert done.returncode == 0, done.stderr
    return json.loads((home / "figure.json").read_text("utf-8"))["data"]


@pytest.mark.slow
@pytest.mark.parametrize("log", ["", "1"])
def test_losses(home, log):
    at = page_of("curves", 60, curves="losses", log=log, compared=[PAD, "upload:mine.safetensors"])
    with_dropped(at, "mine.safetensors", home / WAKE_ONLY)
    code = python_of(at)
    assert code.count("# The dropped file") == 1
    shutil.move(home / WAKE_ONLY, home / "mine.safetensors")  # beside the script
    assert drawn_by(code, home) == traces(at)
    assert len(traces(at)) == (5 + 1) + (2 + 1)  # losses of PAD, of Wake only, and separability
    kind = json.loads((home / "figure.json").read_text("utf-8"))["layout"]["yaxis"].get("type")
    assert kind == ("log" if log else None)


@pytest.mark.slow
def test_alike(home):
    key = "checkpoints/other.safetensors"
    for seed, name in enumerate((key, "mine.safetensors")):
        write_checkpoint(home / name, seed=seed)
    at = page_of("curves", 60, curves="alike", compared=[key, "upload:mine.safetensors"],
                 checkpoint=key)  # fmt: skip
    with_dropped(at, "mine.safetensors", home / "mine.safetensors")
    run_until(at, lambda: bool(at.get("plotly_chart")))
    (made,), (shown,) = drawn_by(python_of(at), home), traces(at)
    for row, row_shown in zip(made.pop("z"), shown.pop("z"), strict=True):
        assert row == pytest.approx(row_shown, abs=1e-5)
    assert made == shown
    assert len(made["y"]) == 2


@pytest.mark.slow
def test_a_figure_of_the_paper(home, tmp_path_factory):
    further = tmp_path_factory.mktemp("further")
    shutil.move(home / WAKE_ONLY, further / "there.safetensors")
    third = ROOT / "checkpoints/cifar10-wo_rem-seed0.safetensors"
    at = page_of("curves", 60, curves="paper", figure="table1", checkpoint=PAD, folder=str(further))
    with_dropped(at, "mine.safetensors", third)
    shutil.copy(third, home / "mine.safetensors")
    code = python_of(at)
    assert str(further / "there.safetensors") in code
    assert drawn_by(code, home) == traces(at)
    bars = traces(at)[0]
    assert sum(height is not None for height in bars["y"]) == 3
    for path in (home / PAD, home / "mine.safetensors", further / "there.safetensors"):
        write_checkpoint(path)  # of other images, and without a record
    done = run(code, home)
    assert done.returncode == 1
    assert done.stderr.startswith("These files hold nothing that the figure draws")
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ITEMS)
def test_each_figure_of_the_paper_by_its_own_files(name, monkeypatch):
    data = "svhn" if ITEMS[name].only == "SVHN" else "cifar10"
    at = opened("curves", 60, figure=name, checkpoint=f"checkpoints/{data}-pad-seed0.safetensors")
    made = []
    monkeypatch.chdir(ROOT)
    exec(python_of(at).replace("figure.show()", "made.append(figure)"), {"made": made})
    assert json.loads(made[0].to_json())["data"] == traces(at)


def test_any_name_of_a_file_is_read_back():
    files = {'a "b"': "runs/ü\\x/l'.safetensors", "mine\n": "upload:m\n#{}.safetensors"}
    told = python_files(files)
    assert eval(told) == {'a "b"': "runs/ü\\x/l'.safetensors", "mine\n": "m\n#{}.safetensors"}
