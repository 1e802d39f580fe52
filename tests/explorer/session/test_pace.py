"""Pages look for news less often where many viewers look, and never so seldom as to seem gone."""

import pytest

from explorer.library.background import LAPSE_S
from explorer.session import pace, streamlit_internals


@pytest.mark.parametrize(("viewers", "seconds"), [(0, 0.5), (1, 0.5), (10, 2.0), (1000, 4.0)])
def test_looks_are_rarer_with_many_viewers(viewers, seconds, monkeypatch):
    monkeypatch.setattr(streamlit_internals, "viewers", lambda: viewers)
    assert pace.look_every(0.5) == seconds < LAPSE_S


def test_a_page_that_looks_seldom_goes_on_to(monkeypatch):
    monkeypatch.setattr(streamlit_internals, "viewers", lambda: 1000)
    assert pace.look_every(6.0) == 6.0


def test_without_a_server_nobody_looks():
    assert streamlit_internals.viewers() == 0
