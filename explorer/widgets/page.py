"""Parts of every page: its network (or advice without one), a heading, a footer."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.library.networks import list_checkpoints, load
from explorer.session.state import choose, chosen, misread_address, open_view, upload
from explorer.session.upload import UPLOAD
from explorer.widgets import sidebar, talk
from explorer.widgets.keys import keys
from explorer.widgets.large_type import in_large_type
from explorer.widgets.look import look
from pad_core.checkpoint.file import PadNetwork
from pad_core.errors import PadError, shortened

_TRAIN = "python -m pad_core train --dataset fashion-mini --epochs 2"


def network() -> PadNetwork | None:
    """The network chosen at the left; without one, the page says what to do."""
    key = sidebar.network()
    if key is None:
        _ask_for_network()
        return None
    try:
        return load(key, upload())
    except PadError as error:
        problem(error)
        return None


def networks() -> dict[str, PadNetwork]:
    """The compared networks by key; the page has a sentence for each that can't be loaded."""
    found = {}
    here = list_checkpoints(chosen().networks.folder, upload()).headers
    for key in sidebar.networks():
        if key not in here:
            st.warning(f"**{sidebar.plain(key)}** is not here.", icon=":material/search_off:")
            continue
        try:
            found[key] = load(key, upload())
        except PadError as error:
            problem(error)
    return found


def subject(network: PadNetwork, compared: Mapping[str, PadNetwork]) -> PadNetwork:
    """The network whose data set and file a page of compared networks speaks of.

    The chosen one where it is compared, too; else the first of its data set, or the first of all.
    """
    of_its_data = (one for one in compared.values() if one.header.data.is_same(network.header.data))
    if any(one is network for one in compared.values()) or not compared:
        return network
    return next(of_its_data, next(iter(compared.values())))


@contextmanager
def leaving_the_former_network() -> Iterator[None]:
    """Around a page: what it still shows of the network chosen before is out of sight meanwhile.

    Streamlit leaves the former page in place until it is replaced, part by part. Its numbers would
    stand under the new network's name.
    """
    state, now = st.session_state, chosen().networks.checkpoint
    in_sight = state.get("networks-in-sight", ())  # several where runs were cut short
    sheet = st.empty()
    if any(former != now for former in in_sight):
        with sheet.container():
            look("leaving")
    state["networks-in-sight"] = (*in_sight, now)
    yield
    sheet.empty()
    state["networks-in-sight"] = (chosen().networks.checkpoint,)


def say_misread() -> None:
    """A sentence on what the address gets wrong, which is shown as if it were left out."""
    if wrong := misread_address():
        say(f"In the address, {'; '.join(wrong)}. What is usual is shown instead.")


def put_right(sentence: str, **changes: Any) -> None:
    """Replace choices that can't be had, and say so."""
    choose(**changes)
    say(sentence)


def say(sentence: str) -> None:
    """A sentence that goes by."""
    st.toast(sidebar.plain(sentence), icon=":material/info:", duration="long")


def problem(error: PadError) -> None:
    """Draw an error as a sentence."""
    st.error(sidebar.plain(str(error)), icon=":material/error:")


def heading(title: str, note: str) -> DeltaGenerator:
    """The page's title with a short note at its right, and the switch for talks.

    In a talk, everything but pictures and controls is hidden.

    Returns:
        A place between note and switch for the page's own controls.
    """
    presented = bool(chosen().page.present)
    if presented:
        look("talk")
    row, own = _titled(title, note, presented)
    with row:
        if not presented:
            with st.container(key="pad-heading-add", width="content"):
                talk.add_button(title)
        _present_button(presented)
    keys("present", ("Escape",) if presented else ("p",), _turn_talk)
    return own


def plain_heading(title: str, note: str) -> DeltaGenerator:
    """The same for a page that is no sight: it is not presented."""
    return _titled(title, note, presented=False)[1]


def _titled(title: str, note: str, presented: bool) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Title and note, in a row with a place for controls; a saved talk's view has its own two."""
    kind, number = " pad-talk" if presented else "", ""
    if presented and (slide := talk.slide()):
        n, of, view = slide
        look("slide")
        title, note, kind = view.title or title, view.note, " pad-slide"
        number = f'<span aria-label="View {n} of {of}">{n} / {of}</span>'
    row = st.container(key="pad-heading", horizontal=True, vertical_alignment="center")
    with row:
        st.html(
            f'<div class="pad-title{kind}"><h1>{escape(title)}</h1>'
            f'<p title="{escape(note)}">{escape(note)}</p>{number}</div>'
        )
        own = st.container(key="pad-heading-own", horizontal=True, width="content")
    return row, own


def _present_button(presented: bool) -> None:
    """The switch for talks, the last in each page's heading."""
    st.button(
        "End the talk" if presented else "Present",
        key=f"present-{'off' if presented else 'on'}",
        type="tertiary",
        icon=":material/close:" if presented else ":material/slideshow:",
        on_click=_present,
        args=(not presented,),
        help=None  # it would hide what the audience looks at, under a mouse that rests
        if presented
        else "For a talk: large type, and nothing but the pictures and their controls. Key: P.",
    )


def _turn_talk(pressed: Counter[str]) -> None:
    if pressed.total() % 2:
        _present(not chosen().page.present)


def _present(whether: bool) -> None:
    choose(present="sight" if whether else "", slide=0)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Measure how long a computation takes, for the footer."""
    started = time.perf_counter()
    yield
    times = st.session_state.setdefault("times", {})
    times[what] = 1000.0 * (time.perf_counter() - started)


def footer(network: PadNetwork | None, *computations: str, note: str = "") -> None:
    """Draw the times of these computations and the file, folded; the page's last element."""
    times = st.session_state.get("times", {})
    spans = " · ".join(f"{name} {times[name]:.0f} ms" for name in computations if name in times)
    parts = [*([f"computed: {spans}"] if spans else []), *([escape(note)] if note else [])]
    if network is not None:
        parts.append(f"file sha256 {network.sha256[:12]}")
    st.html(
        '<details class="pad-footer"><summary aria-label="How this was computed">i</summary>'
        f"{' · '.join(parts)}</details>"
    )


def is_dark() -> bool:
    """Whether the page is dark, for charts, which style sheets can't colour."""
    return st.context.theme.type == "dark"


def chart(figure: go.Figure) -> go.Figure:
    """A chart as the page shows it: in a talk, in larger type."""
    return in_large_type(figure) if chosen().page.present else figure


def go_to(page: str) -> None:
    """Go to another page with the current choices; ``page`` is its path, '' the first page."""
    open_view(page, chosen())  # so that the next run goes there if this one is interrupted
    st.switch_page(st.session_state["pages"][page])


def _offer_first() -> None:
    """Offer the first network of the list, if there is any."""
    listing = list_checkpoints(chosen().networks.folder, upload())
    for first in [*listing.headers][:1]:
        st.button(
            f"Open {sidebar.plain(listing.label(first))}",
            key="open-first",
            icon=":material/arrow_forward:",
            on_click=choose,
            kwargs={"checkpoint": first},
        )


def _ask_for_network() -> None:
    wanted = shortened(chosen().networks.checkpoint, 200)
    if wanted.startswith(UPLOAD):
        name = sidebar.plain(wanted.removeprefix(UPLOAD))
        st.info(
            f"This address shows a file that was dropped onto the page, **{name}**. "
            "Drop the same file at the left, under *Open another …*, to see the same dreams.",
            icon=":material/upload_file:",
        )
    elif wanted:
        st.warning(
            f"The checkpoint **{sidebar.plain(wanted)}** is not here. Choose another at the left.",
            icon=":material/search_off:",
        )
        _offer_first()
    else:
        st.title("No network to dream yet")
        st.markdown(
            "The explorer shows what a trained network dreams, and none was found. This command, "
            "run in the folder of this project, trains a small one in some minutes on images "
            "that ship with it:"
        )
        st.code(_TRAIN, language="bash")
        st.markdown(
            "Its dreams appear here once the first epoch is done and this page is reloaded. "
            "If you have a checkpoint, drop it at the left, under *Open another …*."
        )
