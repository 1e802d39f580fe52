"""Where a viewer's choices live, and how widgets and the page's address keep up with them.

What the viewer chose lives in one place, ``chosen()``. Widgets show it and, when moved,
replace it; the page's address follows. A widget names the panels (fragments) that depend on
it, and only those are drawn again.

Streamlit 1.67 can bind widgets to the address by itself (``bind="query-params"``), and sends
what the program sets to the address, too. It was tried on the Storyboard page and can't replace
this module:

- A value set by the program is overwritten by what the browser sends before it knows of it: of
  three clicks on *Next* within half a second, one counts. Hence ``fresh``.
- The address would hold a widget's text instead of the value: ``step=Replay``, and a network's
  label instead of its file. Earlier addresses would open as if they were empty.
- The address leaves out a widget's default, so it would change its meaning as soon as another
  version, or another network, has another default.
- A parameter belongs to one widget, and leaves the address with it when another page is opened.
  Here pages share their choices, a number has a slider and a field, and the map's window and the
  dream plane's point are not chosen with Streamlit's widgets.
- A change by the viewer replaces the entry in the browser's history, so that Back skips it.
"""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from explorer.session import address, lectern, streamlit_internals
from explorer.session.choices import LIMITS, Choices, misread
from explorer.session.upload import Upload

Panels = tuple[str, ...]


def session() -> Any:
    """What Streamlit keeps for this viewer; callbacks use this, not ``st.session_state``."""
    return streamlit_internals.session_state()


def remembered(name: str, at_first: Any) -> Any:
    """The value of this name in ``session``, initially ``at_first``."""
    state = session()
    if name not in state:
        state[name] = at_first
    return state[name]


def reported(widget: str) -> Any:
    """For callbacks: what the browser says of a widget; None if the page that had it is gone.

    When the program goes to another page, Streamlit forgets all values. What the browser sends
    before it knows of that still names the former page's widgets, and their callbacks are called.
    """
    try:
        return session()[widget]
    except KeyError:
        return None


def chosen() -> Choices:
    """What this viewer has chosen: read from the address on arrival, then from the widgets."""
    return session()["choices"]  # type: ignore[no-any-return]


def choose(redraw: Panels = (), **changes: Any) -> None:
    """Replace some choices, and draw again the panels that depend on them.

    Only a callback can name panels other than the widget's own.
    """
    _keep(**changes)
    address.write(chosen().to_query())
    lectern.tell(remembered("page", ""), chosen())
    if redraw:
        _draw_again(redraw)


def open_view(page: str, choices: Choices) -> None:
    """For callbacks outside of fragments: other choices, on the page of this path."""
    session()["choices"] = choices
    session()["bound-for"] = page


def bound_for(here: str) -> str | None:
    """The path of the page that ``open_view`` asked for; None once that is ``here``.

    Asked at the beginning of each run, until the page is there: a request that the browser sent
    from the former page, such as a second key, ends the run that was to switch.
    """
    state = st.session_state
    if state.get("bound-for") == here:
        del state["bound-for"]
    return state.get("bound-for")  # type: ignore[no-any-return]


def register_panels(name: str, panels: Panels) -> None:
    """What depends on a parameter of ``Choices``, on the page as it is now."""
    remembered("panels-of", {})[name] = panels


def panels_of(name: str) -> Panels:
    """What ``register_panels`` told of a parameter on this page; nothing if it takes the page."""
    return remembered("panels-of", {}).get(name, ())  # type: ignore[no-any-return]


def forget_panels() -> None:
    """Another page is drawn."""
    session()["panels-of"] = {}


def _draw_again(panels: Panels) -> None:
    """Draw these panels instead of the requested one, if one panel's widget requested this run.

    Streamlit answers waiting requests in one run. This run may also be for the whole page, with
    new images for instance, or for another widget's panel.
    """
    asked = streamlit_internals.fragments_asked_for()
    if not asked:
        return  # the whole page is drawn
    try:
        st.rerun(panels if asked == 1 else "app")
    except StreamlitAPIException:  # one of them isn't on the page (any more)
        st.rerun()


def draw_again_after_this(*panels: str) -> None:
    """Draw these panels once this run is over; for what the clock draws until something is there.

    A panel that is drawn without its clock stops it.
    """
    try:
        streamlit_internals.ask_for(panels)
    except StreamlitAPIException:  # the viewer is on another page by now
        st.rerun()


def step_by(field: str, step: int, low: int, high: int) -> None:
    """Count a choice up or down, within its limits, from its value when the button is pressed.

    That may differ from its value when the button was drawn: keys are faster than pages. A value
    beyond the limits, as an address may bring it, counts as the nearest within.
    """
    at = min(max(chosen().value(field), low), high)
    choose(**{field: min(max(at + step, low), high)})


def follow_address() -> bool:
    """Read an address that was opened, edited or gone back to; call once a page.

    Opening or editing an address starts a new session.

    Returns:
        Whether there was such an address, with anything in it.
    """
    state, query = st.session_state, address.read()
    arrived = "choices" not in state or bool(query and streamlit_internals.went_back())
    if arrived:
        state["choices"] = Choices.from_query(query) if query else Choices.at_first()
        state["misread"] = misread(query)
        state["arrivals"] = arrivals() + 1
    address.write(chosen().to_query())
    return arrived and bool(query)


def misread_address() -> list[str]:
    """What the address that was just opened gets wrong; once for each."""
    return st.session_state.pop("misread", [])  # type: ignore[no-any-return]


def arrivals() -> int:
    """How often this viewer has opened an address, or gone back to one."""
    return int(st.session_state.get("arrivals", 0))


def upload() -> Upload | None:
    """The checkpoint that this viewer dropped onto the page, if any."""
    return st.session_state.get("upload")


def fresh(widget: str, value: Any) -> str:
    """The key for a widget that shows a value.

    To show another value, the widget is replaced instead of set: after a set, the browser may
    report an older value, which would count as the viewer's.
    """
    state = st.session_state
    versions = state.setdefault("versions", {})
    key = f"{widget}-{versions.setdefault(widget, 0)}"
    if key in state and state[key] != value:
        versions[widget] += 1
        key = f"{widget}-{versions[widget]}"
    return key


def take(name: str, key: str, redraw: Panels = ()) -> None:
    """A widget of ``fresh`` was moved: store its value and redraw what depends on it.

    The callback (``on_change``) of each widget; ``name`` is the parameter of ``Choices``.
    """
    value = reported(key)
    widget, version = key.rsplit("-", 1)
    if value is None or int(version) != session()["versions"][widget]:
        return
    typed, value = value, _as_chosen(name, value)
    changed = value != chosen().value(name)
    if changed:  # a widget that disappears also reports its value
        _keep(**{name: value})
    if name in LIMITS:
        _say_if_corrected(name, typed, value)
    if changed:
        choose(redraw)


def _keep(**changes: Any) -> None:
    session()["choices"] = chosen().changed(**changes)


def _as_chosen(name: str, value: Any) -> Any:
    """A widget's value as ``Choices`` holds it; for numbers, the nearest allowed one."""
    if name in LIMITS:
        return LIMITS[name].nearest(value)
    return tuple(value) if isinstance(value, list) else value


def _say_if_corrected(name: str, typed: float, value: float) -> None:
    low, high, step = LIMITS[name]
    if abs(value - typed) > step / 2 or (isinstance(step, int) and value != typed):
        whole = "a whole number " if isinstance(step, int) else ""
        say(
            f"{typed:.12g} became {value:g}: it is {whole}from {low:g} to {high:.12g}."
            if isinstance(value, float)
            else f"{typed:.12g} became {value}: it is {whole}from {low} to {high}."
        )


def say(sentence: str, icon: str = "info") -> None:
    """For callbacks: a sentence that goes by, once something is drawn that calls ``speak``.

    Streamlit warns of whatever the callback of a fragment draws itself.
    """
    remembered("said", []).append((sentence, icon))


def speak() -> None:
    """Show what callbacks had to say."""
    waiting = st.session_state.get("said", [])
    while waiting:  # a run that ends here leaves them to the next one
        sentence, icon = waiting[0]
        st.toast(sentence, icon=f":material/{icon}:")
        waiting.pop(0)
