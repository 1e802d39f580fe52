"""The Lab's sights of sleep as Streamlit runs them: what is shown is what the albums have."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

import pad_core
from pad_core.data.images import picture_grid
from pad_core.dreaming.albums import hybrids, lesions, night, recall
from pad_core.dreaming.albums.album import choose
from pad_core.dreaming.reader import Reader
from tests.explorer.pages import drawn, opened, run_until, widget

KEY = "checkpoints/pad.safetensors"


@pytest.fixture
def network(root):
    return pad_core.load(root / KEY)


def sight(name, **query):
    return opened("lab", 120, lab=name, checkpoint=KEY, **query)


def html(at):
    return "".join(e.proto.body for e in drawn(at))


def picture(at):
    source = re.search(r"base64,([\w+/=]+)", html(at))[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source))))


def rows_of(bands, columns):
    return np.concatenate([picture_grid(band.images, columns) for band in bands])


def test_recall_shows_what_the_album_has_and_follows_its_dials(network):
    at = sight("recall", seed=2, beta=80)
    bands = recall.bands(network, choose(recall.KIND, {"seed": 2, "beta": 80.0}))
    assert np.array_equal(picture(at), rows_of(bands, 8))
    assert "its own" in html(at) and "Ramsauer" in html(at)
    widget(at.selectbox, "cue").set_value("noise").run()
    assert at.query_params["cue"] == "noise"
    assert "another" in html(at)


def test_lesions_show_both_dreams_and_the_curve(network):
    at = sight("lesions", hurt=0.8, damage="one_class", over=4)
    given = {"hurt": 0.8, "damage": "one_class", "over": 4}
    bands = lesions.bands(network, choose(lesions.KIND, given))
    assert np.array_equal(picture(at), rows_of(bands, 8))
    assert len(at.get("plotly_chart")) == 1
    assert widget(at.selectbox, "over").value == 4


def test_lesions_of_a_network_without_d_say_so(root):
    at = opened("lab", 120, lab="lesions", checkpoint="checkpoints/wake_only.safetensors")
    assert not at.get("plotly_chart")
    assert any("never trained" in caption.value for caption in at.caption)


def test_the_matrix_of_hybrids_has_every_pair(network):
    at = sight("hybrids", lam=0.4, lam_prime=1)
    reader = Reader.fit(network)
    settings = choose(hybrids.KIND, {"lam": 0.4, "lam_prime": 1.0})
    bands = hybrids.matrix_bands(reader, settings)
    assert np.array_equal(picture(at), rows_of(bands, 10))
    assert html(at).count("pad-tile") == 100


def test_a_search_ends_with_what_the_album_has_and_votes_stand_in_the_address(network):
    at = sight("hybrids", kin="search", one=1, other=7, tries=3)
    run_until(at, lambda: "of 192 dreams" in html(at))
    given = {"kin": "search", "one": 1, "other": 7, "tries": 3, "lam_prime": 0.5}
    settings = choose(hybrids.KIND, given)
    reader = Reader.fit(network)
    *_, last = hybrids.looking(reader, settings)
    bands = hybrids.found_bands(reader, last, settings)
    assert np.array_equal(picture(at), rows_of(bands, 8))
    at = sight("hybrids", kin="search", one=1, other=7, tries=3, both="1,3")
    run_until(at, lambda: any("You call 2 of 8" in c.value for c in at.caption))


def test_the_same_class_twice_is_a_sentence(network):
    at = sight("hybrids", kin="search", one=1, other=1)
    run_until(at, lambda: bool(at.error))
    assert "two different classes" in at.error[0].value


def test_a_night_ends_with_what_its_filter_keeps(network):
    query = {"dreams": 100, "forget": 0.8, "novelty": 2, "marked": "class:2;component:1"}
    at = sight("night", **query)
    run_until(at, lambda: any("The kept dreams lie" in c.value for c in at.caption))
    given = {"dreams": 100, "forget": 0.8, "novelty": 2.0, "marked": "class:2;component:1"}
    settings = choose(night.KIND, given)
    reader = Reader.fit(network)
    *_, dreams = night.nights(reader, settings)
    bands = night.bands(reader, dreams, *night.morning(reader, dreams, settings))
    assert np.array_equal(picture(at), rows_of(bands, 8))
    assert widget(at.multiselect, "marked").value == ["class:2", "component:1"]


def test_a_short_night_of_which_little_is_left_is_shown(network):
    at = sight("night", dreams=50, forget=0.95)  # three are kept, eight forgotten ones shown
    run_until(at, lambda: any("The kept dreams lie" in c.value for c in at.caption))
    assert html(at).count('aria-label="nothing"') == 5


def test_development_shows_the_epochs_that_are_here(network):
    at = sight("development")
    run_until(at, lambda: "Epoch 1" in html(at))
    assert any("No other epoch" in caption.value for caption in at.caption)
