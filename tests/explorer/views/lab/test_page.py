"""The Lab page as Streamlit runs it."""

import io
import json
import re
import zipfile
from functools import partial

import pytest

from explorer.views.lab.sights import SIGHTS
from tests.explorer.pages import PAD_AND_WAKE_ONLY, drawn, opened, repository, run_until, widget

WAKE_ONLY = "checkpoints/wake_only.safetensors"


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """A repository with PAD and Wake only."""
    return repository(tmp_path, monkeypatch, PAD_AND_WAKE_ONLY)


page = partial(opened, "lab", 120)


def panels(at, name):
    """The HTML of the panels of that name."""
    return [e.proto.body for e in drawn(at) if f"pad-panel pad-{name}" in e.proto.body]


def is_at(at, name, step):
    """Whether the panel shows that step, and nothing is at work."""
    sliders = [slider for slider in at.slider if slider.label == "Step"]
    return bool(sliders) and sliders[0].value == step and bool(panels(at, name))


@pytest.mark.parametrize("sight", SIGHTS)
def test_each_sight_says_whose_idea_it_is_in_few_words(sight):
    at = page(lab=sight, steps=2)
    source = next(e.proto.body for e in drawn(at) if "pad-source" in e.proto.body)
    assert "paper</b>" in source
    assert "ours</b>" in source
    assert len(re.sub("<.*?>", "", source).split()) < 75


def test_an_unknown_sight_opens_the_first():
    assert widget(page(lab="nothing").selectbox, "lab").value == next(iter(SIGHTS))


def shows(at, step):
    """Whether the lucid dream's panel shows that step; a busy machine may take a moment."""
    return any(f"Step {step}" in html for html in panels(at, "lucid"))


def test_a_lucid_dream_begins_at_rest_and_is_steered_from_the_page():
    at = page(steps=4)
    run_until(at, lambda: shows(at, 0))
    at.button(key="lucid-steer").click().run()
    assert at.query_params["course"] == "class:0,4,0.3"
    run_until(at, lambda: is_at(at, "lucid", 4))
    widget(at.slider, "at").set_value(2).run()
    run_until(at, lambda: shows(at, 2))
    widget(at.selectbox, "toward-kind").set_value("unreal").run()
    at.button(key="lucid-steer").click().run()
    assert at.query_params["course"] == "class:0,2,0.3;unreal,4,0.3"
    run_until(at, lambda: is_at(at, "lucid", 6))
    at.button(key="lucid-anew").click().run()
    run_until(at, lambda: shows(at, 0))
    assert "course" not in at.query_params


def test_an_address_brings_the_same_lucid_dream_back():
    course = "class:1,3,0.3;real,2,0"
    shown = []
    for _ in range(2):
        at = page(course=course)
        run_until(at, lambda at=at: is_at(at, "lucid", 5))
        shown += panels(at, "lucid")
    assert shown[0] == shown[1]


def test_toward_a_picture_several_starts_are_shown():
    at = page(course="picture,3,0", first=4)
    run_until(at, lambda: is_at(at, "lucid", 3))
    html = panels(at, "lucid")[0]
    assert "E(x)" in html
    assert "nearest memory" in html
    assert "memory A, recalled" in html


@pytest.mark.parametrize(
    "query", [{}, {"through": "generator", "toward": "unit:3"}, {"side": "64", "begin": "memory"}]
)
def test_deep_dreams_have_a_row_for_each_network(query):
    at = page(lab="deep", steps=3, **query)
    run_until(at, lambda: is_at(at, "deep", 3))
    html = panels(at, "deep")[0]
    assert html.count('<div class="pad-row') == 2
    assert html.count("pad-tile") == (8 if query.get("side") == "64" else 16)


def test_a_unit_has_its_memories_and_the_dreams_in_which_it_is_held():
    at = page(lab="units", unit=7)
    memories, dreams = panels(at, "unit")
    assert "Drive it most" in memories
    assert "Silenced" in dreams
    assert "Held at +4.0 SD" in dreams
    assert "Held" not in panels(page(lab="units", unit=7, driven=0), "unit")[1]


@pytest.mark.parametrize(
    ("query", "exports"),
    [
        ({"lab": "deep", "toward": "class:3"}, True),
        ({"lab": "deep", "toward": "real"}, False),  # Wake only is among the networks
        ({"course": "class:3,2,0;unreal,2,0"}, True),
        ({"course": "class:3,2,0;unreal,2,0", "checkpoint": WAKE_ONLY}, False),
    ],
)
def test_a_dream_steered_by_an_untrained_d_is_shown_but_is_no_album(query, exports):
    at = page(steps=2, **query)
    assert any(button.label == "Export" for button in at.get("download_button")) is exports
    assert not at.error


@pytest.mark.parametrize("disguise", ["noise", "others"])
def test_metamers_of_each_network_are_judged_by_all(disguise):
    at = page(lab="metamers", steps=3, disguise=disguise)
    run_until(at, lambda: is_at(at, "deep", 3))
    assert panels(at, "deep")[0].count('<div class="pad-row') == 3
    assert len(at.get("plotly_chart")) == 1


@pytest.mark.parametrize("sight", SIGHTS)
def test_an_export_is_an_album_of_what_is_shown(sight, monkeypatch):
    made = {}

    def keep(label, data, *given, **named):
        made[named["key"]] = data

    monkeypatch.setattr("explorer.views.lab.export.st.download_button", keep)
    page(lab=sight, steps=2, course="class:1,2,0.3", seed=5)
    content = made[f"export-{sight}"]()
    archive = zipfile.ZipFile(io.BytesIO(content))
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["kind"] == sight
    assert manifest["settings"]["seed"] == 5
    assert set(archive.namelist()) == {"manifest.json", *manifest["pictures"]}
