"""The Wall page as Streamlit runs it."""

import base64
import io
import re
from functools import partial

import numpy as np
import pytest
from PIL import Image

from explorer.session.choices import Dream
from explorer.views.wall.strips import difference, strip
from pad_core.checkpoint import file as checkpoint
from tests.explorer.pages import (
    PAD_AND_WAKE_ONLY,
    drawn,
    opened,
    repository,
    widget,
    write_checkpoint,
)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository with PAD and Wake only."""
    return repository(tmp_path, monkeypatch, PAD_AND_WAKE_ONLY, images=True)


page = partial(opened, "wall", 120)


def rows(at):
    """Of each row of the wall: its label, and whether it has pictures."""
    html = next(e.proto.body for e in drawn(at) if "pad-wall" in e.proto.body)
    found = re.findall(r'<div class="pad-row.*?(?=<div class="pad-row|</section>)', html, re.S)
    return [
        (re.sub("<.*?>", "", re.search("<h3>(.*?)</h3>", row)[1]).strip(), "pad-tile" in row)
        for row in found[1:]
    ]


def wall_of(at):
    return next(e.proto.body for e in drawn(at) if "pad-wall" in e.proto.body)


def picture_of(at):
    """The pictures of the networks' rows, below the real images if these are shown."""
    source = re.search(r"base64,([\w+/=]+)", wall_of(at))[1]
    atlas = np.asarray(Image.open(io.BytesIO(base64.b64decode(source))))
    return atlas[32:] if "pad-small" in wall_of(at) else atlas


def test_rows_are_the_networks_and_the_missing_ones_of_the_paper_in_its_order(root):
    at = page()
    assert not at.exception
    assert rows(at) == [
        ("PAD", True), ("w/o memory mix", False), ("w/o REM", False),
        ("w/o NREM", False), ("Wake only", True),
    ]  # fmt: skip
    assert "--condition wo_rem --epochs 1 --seed 0" in wall_of(at)


@pytest.mark.parametrize("view", [{}, {"against": "checkpoints/wake_only.safetensors"}])
def test_each_row_shows_its_own_network_in_whatever_order_they_are_found(root, view):
    # In a run, and so found last, but not last on the wall.
    (root / "runs/x").mkdir(parents=True)
    write_checkpoint(root / "runs/x/latest.safetensors", "wo_rem", 2)
    at = page(wall="rem", **view)
    pictures = picture_of(at)
    files = ("checkpoints/pad", "runs/x/latest", "checkpoints/wake_only")
    strips = [
        strip(checkpoint.load(root / f"{file}.safetensors"), Dream(), "rem") for file in files
    ]
    if view:
        strips = [difference(one, strips[2], 2) for one in strips[:2]] + strips[2:]
    assert [name for name, pictured in rows(at) if pictured] == ["PAD", "w/o REM", "Wake only"]
    assert np.array_equal(pictures, np.concatenate([one.picture for one in strips]))


def test_networks_of_ones_own_choice_are_all_there_is(root):
    at = page(compared=["checkpoints/wake_only.safetensors"])
    assert rows(at) == [("Wake only", True)]


def test_a_condition_in_a_run_joins_the_wall(root):
    write_checkpoint(root / "checkpoints/wo_rem.safetensors", "wo_rem", 2)
    assert dict(rows(page()))["w/o REM"]


@pytest.mark.parametrize(("present", "place"), [("", "sidebar"), ("1", "main")])
def test_each_view_has_its_dials_and_its_pictures(root, present, place):
    at = page(present=present)
    assert not [s for s in at.slider if "-slider-" in s.key]
    seen = {wall_of(at)}
    for shown, dial in [("nrem", "intensity"), ("rem", "lam")]:
        widget(at.segmented_control, "wall").set_value(shown).run()
        assert not at.exception
        seen.add(wall_of(at))
        widget(getattr(at, place).slider, f"{dial}-slider").set_value(0.9).run()
        seen.add(wall_of(at))
        at.run()
    assert len(seen) == 5


def test_differences_leave_the_reference_as_it_is(root):
    at = page(against="checkpoints/pad.safetensors", amplified="6")
    assert not at.exception
    assert "the reference, as it is" in wall_of(at)
    assert wall_of(at).count("Δ") == 8
    assert "× 6" in "".join(e.proto.body for e in drawn(at))
    widget(at.selectbox, "against").set_value("").run()
    assert "Δ" not in wall_of(at)
    assert "against" not in at.query_params


def test_a_reference_that_is_not_among_the_rows_is_no_reference_and_says_so(root):
    at = page(against="checkpoints/lost.safetensors")
    assert "Δ" not in wall_of(at)
    assert "is not among the compared networks" in at.toast[0].value
    assert "against" not in at.query_params


def test_a_mixture_that_is_not_the_trained_one_is_said(root):
    def told(**choices):
        return next(e.proto.body for e in drawn(page(**choices)) if "pad-title" in e.proto.body)

    assert "not as trained" not in told(wall="rem")
    assert "λ′ = 0.9: not as trained." in told(wall="rem", lam_prime=0.9)
    assert "not as trained" not in told(wall="recalled", lam_prime=0.9)


def test_the_page_speaks_of_the_data_set_whose_pictures_it_shows(root):
    """Not of that of the chosen network, which may not be compared at all."""
    other = write_checkpoint(root / "checkpoints/digits.safetensors", "pad", 5, name="digits")
    key = "checkpoints/digits.safetensors"
    at = page(checkpoint="checkpoints/pad.safetensors", compared=[key])
    assert rows(at) == [("PAD", True)]
    said = "".join(e.proto.body for e in drawn(at))
    assert f"file sha256 {checkpoint.load(other).sha256[:12]}" in said
    assert "images of digits are not on this computer" in at.sidebar.caption[0].value
    assert "Other images" not in said
    # Of networks of several, those of the chosen one's data set are spoken of.
    both = [key, "checkpoints/wake_only.safetensors"]
    at = page(checkpoint="checkpoints/pad.safetensors", compared=both)
    assert "Other images:</b> digits" in "".join(e.proto.body for e in drawn(at))


def test_no_network_chosen_says_what_to_do(root):
    at = page(compared=["checkpoints/lost.safetensors"])
    assert not at.exception
    assert "lost" in at.warning[0].value
    assert "Choose networks" in at.info[0].value


def test_too_few_memories_get_a_sentence(root, monkeypatch):
    from explorer.views.wall import strips as compute

    monkeypatch.setattr(compute, "N_DREAMS", 600)
    at = page()
    assert not at.exception
    assert "fewer than the 1200" in at.error[0].value
