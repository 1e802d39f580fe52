"""The Start page as Streamlit runs it, and the stops of the path."""

from functools import partial

import pytest

from explorer.session.choices import N_STOPS, Choices
from explorer.widgets.path_bar import STOPS
from tests.explorer.pages import drawn, opened

page = partial(opened, "start", 60)


def text(at):
    return " ".join(markdown.value for markdown in at.markdown).replace("\\", "")


def test_it_says_what_was_seen_and_sets_out_on_the_path(root):
    at = page()
    assert at.session_state["choices"].page.path == 1
    assert at.session_state["choices"].dream.split == "photographs"
    assert "Asleep, it mixes its memories" in text(at)


def test_a_pair_that_a_viewer_chose_is_kept(root):
    at = page(split="photographs", first=0, second=11)
    chosen = at.session_state["choices"].dream
    assert (chosen.first, chosen.second) == (0, 11)
    assert "T-shirt/top" in text(at) and "Trouser" in text(at)


def test_an_address_without_a_split_shows_test_images_as_before(root):
    assert page(seed=3).session_state["choices"].dream.split == "test"


def test_each_stop_is_a_page_with_choices_that_there_are():
    assert len(STOPS) == N_STOPS
    assert [stop.page for stop in STOPS] == [
        "", "storyboard", "dream", "wall", "probe", "curves", "train",
    ]  # fmt: skip
    for stop in STOPS:
        assert Choices.of(**stop.choices).to_query() is not None


@pytest.mark.parametrize("query", [{}, {"path": 1}])
def test_the_plane_has_its_pictures(root, query):
    at = page(**query)
    components = [e for e in drawn(at) if "plane" in str(getattr(e, "proto", ""))[:400]]
    assert components
