"""What the class sees of what its speaker looks at."""

import pytest

from explorer.session.choices import Choices
from explorer.session.lectern import Lectern


def test_the_class_sees_what_the_speaker_shows_while_it_may_follow():
    lectern = Lectern()
    lectern.tell("wall", Choices.of(lam=0.2))
    assert lectern.shown is None
    lectern.open(True)
    assert (lectern.shown.page, lectern.shown.choices) == ("wall", Choices.of(lam=0.2))
    lectern.open(False)
    assert lectern.shown is None


def test_how_the_speaker_shows_it_is_not_told():
    lectern = Lectern()
    lectern.open(True)
    lectern.tell("wall", Choices.of(lam=0.2, present="sight", slide=3, path=4))
    assert lectern.shown.choices == Choices.of(lam=0.2)


@pytest.mark.parametrize("own", ["journal", "talk", "class"])
def test_the_speaker_s_own_pages_are_not_told(own):
    lectern = Lectern()
    lectern.open(True)
    lectern.tell("map", Choices.of())
    lectern.tell(own, Choices.of(lam=0.9))
    assert lectern.shown.page == "map"
