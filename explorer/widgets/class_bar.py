"""In a class: the visitor's switch 'Follow the speaker', and the speaker's 'Let the class follow'.

A visitor who follows asks each second, or where many do each few seconds, whether the speaker shows
something else. Who moves something, or turns to another page, follows no longer, and is told.
"""

from __future__ import annotations

import streamlit as st
from streamlit.errors import StreamlitAPIException

from explorer.session import classroom, lectern
from explorer.session.admission import most
from explorer.session.choices import PARAMETERS, Choices
from explorer.session.lectern import LECTERN, Shown
from explorer.session.pace import look_every
from explorer.session.state import (
    chosen,
    fresh,
    open_view,
    panels_of,
    remembered,
    reported,
    say,
    session,
    speak,
)
from explorer.widgets.door import n_inside

_FOLLOWS, _SHOWN, _ON_THE_WAY = "follows", "followed", "follow-on-the-way"
_LOOK_S = 1.0
_COUNT_S = 5.0


def class_bar(page: str) -> None:
    """The switch, on each page of a class; ``page`` is the path of the one that is shown."""
    if not classroom.is_class():
        return
    high = "-high" if chosen().page.path and not chosen().page.present else ""
    with st.container(key=f"class-bar{high}"):
        if classroom.is_speaker():
            lectern.tell(page, chosen())
            _lead()
        else:
            _settle(page)
            _switch()
            if remembered(_FOLLOWS, False):
                _follow(page)


@st.fragment(run_every=_COUNT_S)
def _lead() -> None:
    widget = fresh("class-follows", LECTERN.is_open)
    st.toggle("Let the class follow", LECTERN.is_open, key=widget, on_change=_open, args=(widget,),
              help=f"{n_inside()} of {most()} visitors are here.")  # fmt: skip


def _open(widget: str) -> None:
    if (follows := reported(widget)) is not None:
        LECTERN.open(bool(follows))


def _switch() -> None:
    speak()
    follows = remembered(_FOLLOWS, False)
    widget = fresh("follow", follows)
    st.toggle("Follow the speaker", follows, key=widget, on_change=_turn, args=(widget,),
              help="Your page becomes the speaker's, each time it changes, as soon as the class "
              "may follow.")  # fmt: skip


def _turn(widget: str) -> None:
    if (follows := reported(widget)) is not None:
        session()[_FOLLOWS] = bool(follows)
        session()[_SHOWN] = None  # what is there now is left behind


def _settle(page: str) -> None:
    """A whole page was drawn: it is what was followed to, or the visitor's own doing."""
    if remembered(_ON_THE_WAY, False):
        session()[_ON_THE_WAY] = False
        session()[_SHOWN] = (LECTERN.shown, Shown.of(page, chosen()))
    else:
        _leave_if_moved(page)


def _leave_if_moved(page: str) -> bool:
    """Whether the visitor moved something since, and so follows no longer."""
    known = remembered(_SHOWN, None)
    left = known is not None and known[1] != Shown.of(page, chosen())
    if left and remembered(_FOLLOWS, False):
        session()[_FOLLOWS] = False
        say("You chose something yourself, and no longer follow the speaker.", "back_hand")
    return left


def _follow(page: str) -> None:
    """The clock. A look takes the interpreter that all share a moment: many look less often."""
    st.fragment(run_every=look_every(_LOOK_S), key="follow")(_look)(page)


def _look(page: str) -> None:
    """See whether the speaker shows something else. It draws nothing; mostly there is nothing."""
    if remembered(_ON_THE_WAY, False):
        return
    if _leave_if_moved(page):
        st.rerun()
    now, known = LECTERN.shown, remembered(_SHOWN, None)
    if now is None or (known is not None and known[0] == now):
        return
    panels = _panels(page, now)
    if panels:
        session()["choices"] = _adopted(now)
        session()[_SHOWN] = (now, Shown.of(page, chosen()))
        try:
            st.rerun(panels)
        except StreamlitAPIException:  # one of them isn't on the page (any more)
            st.rerun()
    session()[_ON_THE_WAY] = True
    open_view(now.page, _adopted(now))
    st.rerun()


def _adopted(now: Shown) -> Choices:
    """The speaker's choices; how they are shown stays the visitor's own."""
    own = chosen().page
    return now.choices.changed(present=own.present, path=own.path)


def _panels(page: str, now: Shown) -> tuple[str, ...]:
    """What to draw again where only dials were moved; nothing if it takes the whole page."""
    if now.page != page:
        return ()
    new = _adopted(now)
    moved = [name for name in PARAMETERS if new.value(name) != chosen().value(name)]
    known = [panels_of(name) for name in moved]
    return tuple(dict.fromkeys(panel for panels in known for panel in panels)) if all(known) else ()
