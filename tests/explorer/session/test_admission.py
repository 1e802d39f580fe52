"""Who gets in when there is room for so many."""

import pytest

from explorer.session import admission
from explorer.session.admission import Admission


@pytest.fixture
def here(monkeypatch):
    """Whose pages are open; there is room for two."""
    monkeypatch.setenv(admission.VARIABLE, "2")
    return {"a", "b", "c"}


def test_there_is_room_for_so_many_and_for_the_next_when_one_has_left(here):
    door = Admission(here.__contains__)
    assert [door.admit(viewer) for viewer in "abca"] == [True, True, False, True]
    assert not door.room()
    here.remove("a")
    assert door.room()
    assert door.admit("c") and door.admit("b")


def test_who_comes_back_finds_the_place_taken(here):
    door = Admission(here.__contains__)
    assert door.admit("a") and door.admit("b")
    here.remove("a")
    assert door.admit("c")
    here.add("a")
    assert not door.admit("a")


@pytest.mark.parametrize(("given", "most"), [("", 50), ("7", 7), ("0", 0), ("-1", 50), ("x", 50)])
def test_the_operator_says_for_how_many(monkeypatch, given, most):
    monkeypatch.setenv(admission.VARIABLE, given)
    assert admission.most() == most
