"""Hybrids: a dream of each pair of classes, and the most hybrid dreams of two."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.library import networks
from explorer.session.state import choose, chosen, fresh, remembered, reported, session
from explorer.views.lab.export import export
from explorer.views.lab.rows import choice, choose_class, draw, settings_of
from explorer.views.lab.source import source
from explorer.widgets import page, sliders
from explorer.widgets.watching import watch
from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.albums import hybrids
from pad_core.dreaming.albums.album import Settings
from pad_core.dreaming.albums.bands import parse_places
from pad_core.dreaming.hybrids import Found
from pad_core.dreaming.reader import Reader
from pad_core.errors import PadError

_KINDS = {"matrix": "every pair of classes", "search": "the most hybrid of two"}
_SOURCE = (
    "REM’s mixture is the <b>paper</b>’s. <b>Kong and Aarabi 2023</b> see what sets dreams apart "
    "from waking imagination in images of people and animals that are both. Hybridness, "
    "2·min(<i>p</i>₁, <i>p</i>₂) of the probe’s two probabilities, and the search are <b>ours</b>. "
    "What is searched for in the probe’s eyes fools it most: mark those that are of both in "
    "<i>your</i> eyes."
)


def show(network: PadNetwork) -> None:
    """The sight."""
    if len(network.class_names) < 2:
        raise PadError("This network's images have no classes, so that nothing can be of two.")
    reader = networks.reader(network)
    others = {}
    with st.sidebar.container(key="hybrid-controls"):
        choice("kin", "Dreams of", _KINDS, "All pairs at once, or a search in one pair.")
        if chosen().sleep.kin == "search":
            left, right = st.columns(2, gap="small")
            with left:
                others["one"] = choose_class(network, "one", "First", "Class of one memory.")
            with right:
                others["other"] = choose_class(network, "other", "Second", "Of the other one.")
            sliders.dial("tries", "Steps", "Of the search, 64 dreams each.", ())
        trained = network.condition.rem_mixture
        sliders.dial("lam", "λ  second → first", f"Trained at {trained.lam:g}.", ())
        sliders.dial("lam_prime", "λ′  noise → memory", f"Trained at {trained.lam_prime:g}.", ())
        sliders.dial("noise_level", "σ  noise level", f"Trained at {trained.noise_level:g}.", ())
    dream = chosen().dream
    mixture = {name: getattr(dream, name) for name in ("lam", "lam_prime", "noise_level")}
    settings = settings_of("hybrids", **mixture, **others)
    if settings["kin"] == "matrix":
        with page.timed("hybrids"):
            bands = hybrids.matrix_bands(reader, settings)
        draw("hybrids", bands)
        st.caption(
            "A row: the first memory's class; a column: the second's. The number is hybridness, "
            "from 0 to 1."
        )
    else:
        _search(network, reader, settings)
    export("hybrids", [network], settings)
    source(_SOURCE)


def _search(network: PadNetwork, reader: Reader, settings: Settings) -> None:
    wanted = {name: value for name, value in settings.items() if name != "both"}
    key = ("hybrids", network.sha256, *wanted.values())
    st.button("Stop", key="hybrid-stop", icon=":material/stop:", shortcut="X", on_click=_stop)

    def draw_found(found: Found, busy: bool) -> None:
        session()["hybrid-found"] = (key, found)
        draw("hybrids", hybrids.found_bands(reader, found, settings))
        if busy:
            share = found.tried / (64 * settings["tries"])
            st.progress(min(1.0, share), f"{found.tried} dreams tried")

    watch(key, lambda: hybrids.looking(reader, settings), draw_found)
    shown, found = remembered("hybrid-found", ((), None))
    if shown == key and found.tried == 64 * settings["tries"]:
        _vote(found, parse_places(settings["both"]))


def _stop() -> None:
    _, found = remembered("hybrid-found", ((), None))
    if found is not None:
        choose(tries=found.tried // 64)


def _vote(found: Found, both: Sequence[int]) -> None:
    widget = fresh("both", list(both))
    st.pills(
        "Which are of both, in your eyes?",
        range(1, len(found.best.hybridness) + 1),
        selection_mode="multi",
        default=list(both),
        key=widget,
        on_change=_take_votes,
        args=(widget,),
        help="Counted from the left. Your choice stands in the address and in the exported file.",
    )
    if told := hybrids.agreement(found.best, both):
        st.caption(told)


def _take_votes(widget: str) -> None:
    if (places := reported(widget)) is not None:
        choose(both=",".join(map(str, sorted(places))))
