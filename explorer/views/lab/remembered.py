"""Remembered: a night of REM dreams, and which of them are left in the morning."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.library import networks
from explorer.session.state import choose, chosen, fresh, session
from explorer.views.lab.export import export
from explorer.views.lab.rows import draw, settings_of
from explorer.views.lab.source import source
from explorer.widgets import sliders
from explorer.widgets.watching import watch
from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.albums import night
from pad_core.dreaming.goals import Goal
from pad_core.dreaming.night import BATCH, MEASURES, Dreams

_COMPONENTS = 4  # that can be marked, as ends of the map's axes
_TOLD = {
    "realness": "by d",
    "novelty": "by distance δ to the nearest memory",
    "coherence": "by the probe's confidence",
    "salience": "by what you call emotional",
}
_SOURCE = (
    "The <b>paper</b>’s network keeps no dream. <b>Kong and Aarabi 2023</b> ask for a machine that "
    "forgets most dreams, as MCH neurons make a sleeper do, and keeps emotional ones. By which "
    "measures is not known; these four, each dream ranked among the night’s and the ranks weighed, "
    "are <b>ours</b>. Under each dream stands the measure that decided; the bar is its strength."
)


def show(network: PadNetwork) -> None:
    """The sight."""
    reader = networks.reader(network)
    with st.sidebar.container(key="night-controls"):
        sliders.dial("dreams", "Dreams", "How many REM dreams the night has, 50 to 1,000.", ())
        sliders.dial("forget", "Forgotten", "Share of the dreams that is forgotten.", ())
        for name in MEASURES:
            told = f"Weight, −2 to 2, of a dream's rank {_TOLD[name]}; below 0 it is held against."
            sliders.dial(name, name.capitalize(), told, ())
        _marks(network)
    settings = settings_of("night")

    def draw_morning(dreams: Dreams, busy: bool) -> None:
        session()["night-dreams"] = len(dreams.images)
        scores, left = night.morning(reader, dreams, settings)
        draw("night", night.bands(reader, dreams, scores, left))
        if busy:
            n = len(dreams.images)
            st.progress(n / settings["dreams"], f"{n} of {settings['dreams']} dreams")
        else:
            st.caption(night.summary(reader, dreams, scores, left))

    st.button("Wake up", key="night-stop", icon=":material/stop:", shortcut="X", on_click=_stop)
    key = ("night", network.sha256, settings["split"], settings["seed"], settings["dreams"])
    watch(key, lambda: night.nights(reader, settings), draw_morning)
    export("night", [network], settings)
    source(_SOURCE)


def _marks(network: PadNetwork) -> None:
    classes = [f"class:{k}" for k in range(len(network.class_names))]
    offered = [
        *(classes if len(classes) > 1 else []),
        *(f"component:{k}" for k in range(_COMPONENTS)),
    ]
    marked = [str(goal) for goal in night.parse_marks(chosen().sleep.marked)]
    offered += [mark for mark in marked if mark not in offered and not mark.startswith("class")]
    now = [mark for mark in marked if mark in offered]
    widget = fresh("marked", now)
    st.multiselect(
        "Emotional",
        offered,
        now,
        format_func=lambda mark: Goal.parse(mark).name(network.class_names),
        key=widget,
        placeholder="Nothing is",
        on_change=_take_marks,
        args=(widget,),
        help="Classes of the probe, or principal components of the memories, whose upper ends "
        "are meant.",
    )


def _take_marks(widget: str) -> None:
    marks: Sequence[str] = session()[widget]
    choose(marked=";".join(marks))


def _stop() -> None:
    choose(dreams=max(BATCH, int(session().get("night-dreams", BATCH))))
