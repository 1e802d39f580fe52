"""Panels that are drawn again by themselves draw in themselves."""

import pytest
from streamlit import delta_generator

from tests.explorer.pages import PAD_AND_WAKE_ONLY, opened, repository


@pytest.mark.parametrize(
    ("view", "query"),
    [
        ("dream", {}), ("dream", {"sight": "plane"}), ("dream", {"sight": "wall"}),
        ("dream", {"present": "1"}), ("wall", {"wall": "nrem"}), ("map", {"joined": "1"}),
        ("probe", {}), ("probe", {"present": "1"}), ("curves", {"curves": "losses"}),
        ("curves", {"curves": "epochs"}), ("train", {}), ("journal", {}), ("storyboard", {}),
    ],
)  # fmt: skip
def test_no_panel_draws_in_a_place_that_the_page_made(view, query, tmp_path, monkeypatch):
    """That place is gone once the page is made anew, and Streamlit raises an error then."""
    outside = []
    make = delta_generator._get_or_create_outside_wrapper

    def note(place, *about):
        outside.append(place)
        return make(place, *about)

    monkeypatch.setattr(delta_generator, "_get_or_create_outside_wrapper", note)
    monkeypatch.setenv("PAD_JOURNAL", str(tmp_path / "journal.sqlite3"))
    repository(tmp_path, monkeypatch, PAD_AND_WAKE_ONLY)
    opened(view, 120, **query)
    assert not outside
