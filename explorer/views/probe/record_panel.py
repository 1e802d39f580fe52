"""The recorded occlusion curves: one sentence, the chart, and a picture at the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from explorer.session.state import choose, chosen
from explorer.views.probe import charts, example_panel, record
from explorer.views.probe.accuracy import Disturbance, Subject
from explorer.views.probe.example_panel import Said
from explorer.views.probe.record import Record
from explorer.widgets import page, sliders
from pad_core.report.palette import style

# In the order in which they are drawn again.
PANELS = ("record", "record-curve", "record-example", "footer")
_SIZE_PX = 4  # of the patches that are recorded


def show(looked_at: str, subjects: Mapping[str, Subject]) -> None:
    """Draw what is recorded of these networks; ``looked_at`` is the one whose data set leads."""
    networks = {key: subject.network for key, subject in subjects.items()}
    found = charts.records(networks)
    lacking = [label for key, (label, _) in charts.names(networks).items() if key not in found]
    if lacking:
        _offer_live(lacking, len(found))
    if found:
        _sentence(looked_at, found)
    cursor()
    with st.container(key="probe-charts"):
        left, right = st.columns(2, gap="medium")
    with left:
        if found:
            _curves(found)
    with right:
        _example(looked_at, subjects, found)


def cursor() -> None:
    """The dial of occlusion alone: patches of other sizes, and noise, are not recorded."""

    @st.fragment(key=sliders.NREM_DIALS)
    def dial() -> None:
        sliders.dial(
            "intensity",
            "Occlusion",
            "The share of an image's patches that turn grey, 0 to 1. It moves the cursor.",
            (sliders.NREM_DIALS, *PANELS),
        )

    dial()


def _percent(found: Mapping[str, Record]) -> int:
    """Where the cursor stands: the recorded share that is nearest to the dial's."""
    dial = round(100 * chosen().dream.intensity)
    one = next(iter(found.values()), None)
    return dial if one is None else one.percent[one.nearest(dial)]


@st.fragment(key="record")
def _sentence(looked_at: str, found: Mapping[str, Record]) -> None:
    st.html(f'<p class="pad-lead">{escape(_told(looked_at, found, _percent(found)))}</p>')


@st.fragment(key="record-curve")
def _curves(found: Mapping[str, Record]) -> None:
    charts.title("Occlusion", _setting(found))
    charts.curves(found, _percent(found))


@st.fragment(key="record-example")
def _example(looked_at: str, subjects: Mapping[str, Subject], found: Mapping[str, Record]) -> None:
    percent = _percent(found)
    disturbance = Disturbance(percent, _SIZE_PX, 0.0, chosen().dream.seed)
    with page.timed("picture"):
        example_panel.show(
            looked_at, subjects, disturbance, lambda key, *_: _said(found, key, percent)
        )


def _told(looked_at: str, found: Mapping[str, Record], percent: int) -> str:
    """The sentence, of the networks that were tested on the same images as ``looked_at``."""
    first = found.get(looked_at) or next(iter(found.values()))
    return record.told([one for one in found.values() if one.images == first.images], percent)


def _setting(found: Mapping[str, Record]) -> str:
    """In words: what the curves rest on."""
    one = next(iter(found.values()))
    names = " and ".join(dict.fromkeys(record.images[0] for record in found.values()))
    told = f"{one.n_images:,} real test images of {names}, {_SIZE_PX} px patches."
    bands = " Bands: 95 %." if any(record.low for record in found.values()) else ""
    paper = " ◇: the paper's." if any(record.paper for record in found.values()) else ""
    return f"{told}{bands}{paper}"


def _said(found: Mapping[str, Record], key: str, percent: int) -> Said:
    """Recorded accuracy of a network at the cursor, as a bar."""
    if key not in found:
        return Said("<p>Not recorded.</p>")
    one = found[key]
    look, share = style(one.condition), one.accuracy[one.nearest(percent)]
    lost = one.lost(percent)
    bar = (
        f'<div class="pad-bar"><i class="pad-fill" style="width: {share:.1f}%; '
        f'background: light-dark({look.colour}, {look.dark})"></i></div>'
    )
    change = f"−{lost}" if lost > 0 else ""
    return Said(bar, f"<em>{share:.0f} % right{f' ({change})' if change else ''}</em>")


def _offer_live(lacking: list[str], recorded: int) -> None:
    """Say which networks have no recorded curve, and offer to measure them here."""
    which = ", ".join(lacking) if recorded else "these networks"
    with st.container(key="probe-lacking", horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="pad-note">No curve on real images is recorded of {escape(which)}.</p>')
        st.button(
            "Measure now",
            key="measure-now",
            type="tertiary",
            icon=":material/speed:",
            on_click=choose,
            kwargs={"probe": "live"},
        )
