"""The Storyboard page as Streamlit runs it."""

from functools import partial

from explorer.library import real_images
from explorer.library.real_images import RealImages
from pad_core.data.load import load_dataset
from tests.explorer.pages import drawn, opened

page = partial(opened, "storyboard", 60, split="test")


def html(at, name):
    return next(e.proto.body for e in drawn(at) if f"pad-{name}" in e.proto.body)


def test_buttons_turn_the_steps_and_the_address_follows(root):
    at = page()
    assert not at.exception
    assert "Wake · See" in html(at, "title")
    assert at.button(key="turn-Left").disabled
    seen = [html(at, "flow")]
    for step in range(2, 9):
        at.button(key="turn-Right").click().run()
        assert not at.exception
        assert at.query_params["step"] in (str(step), [str(step)])
        seen.append(html(at, "flow"))
    assert len(set(seen)) == 8
    assert "REM · Dream" in html(at, "title")
    assert at.button(key="turn-Right").disabled
    assert html(page(step=8), "flow") == seen[-1]
    at.button(key="turn-Left").click().run()
    assert html(at, "flow") == seen[-2]


def test_on_the_path_its_bar_alone_turns_the_steps(root):
    def turns(**choices):
        return [b.key for b in page(step=2, **choices).button if str(b.key).startswith("turn-")]

    both = ["turn-Left", "turn-Right"]
    assert turns() == turns(path=3) == turns(path=2, present=1) == both
    assert turns(path=2) == []


def test_a_step_outside_the_story_is_the_first(root):
    assert "Wake · See" in html(page(step=10), "title")


def test_a_network_that_never_dreamt_is_said_to_be_one(root):
    at = page(step=8, checkpoint="checkpoints/wake_only.safetensors")
    assert "trained without REM" in html(at, "lesson")


def test_real_images_take_the_place_of_reconstructions(root, monkeypatch):
    without = page()
    assert "stands in for the image" in html(without, "flow")
    assert "reconstructions" in html(without, "lesson")
    found = RealImages("ready", load_dataset("fashion-mini"))
    monkeypatch.setattr(real_images, "find", lambda network: found)
    at = page()
    assert not at.exception
    assert "stands in" not in html(at, "flow")
    assert "64 images" in html(at, "lesson")
