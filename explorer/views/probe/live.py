"""What is measured while the viewer watches: probes of the compared networks, in three parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from uuid import uuid4

import streamlit as st

from explorer.session.pace import look_every
from explorer.session.state import chosen, draw_again_after_this, remembered
from explorer.views.probe import answers, cache, charts, example_panel
from explorer.views.probe.accuracy import Disturbance, Subject, measure_of
from explorer.views.probe.example import Example, Sight
from explorer.views.probe.example_panel import Said
from explorer.views.probe.live_probe import Reading
from explorer.views.probe.progress import Progress
from explorer.widgets import page
from pad_core.cli.display import duration

PANELS = ("probe", "footer")
RUN = "probe-run"  # in the session: how often this viewer had the paper's probes trained anew
_AGAIN_S = 0.5  # between looks for news; each draws all charts again
_PATIENCE_S = 0.4  # for a first estimate; the page must not keep the next request waiting

Subjects = Mapping[str, Subject]
Readings = dict[str, Reading]


def show(part: str, looked_at: str, subjects: Subjects) -> None:
    """Draw 'live', 'confusion' or 'learning', again and again as the numbers come.

    It draws in itself alone. A place that the page made would be gone when the clock asks for
    the panel while the page is being made anew.
    """

    @st.fragment(key="probe")
    def panel() -> None:
        with page.timed("probe"):
            waiting = _busy(_read(subjects, _PATIENCE_S).values())

        @st.fragment(run_every=look_every(_AGAIN_S) if waiting else None)
        def follow() -> None:
            readings = _read(subjects)
            _say_progress(readings)
            _DRAW[part](looked_at, subjects, readings)
            if waiting and not _busy(readings.values()):
                draw_again_after_this("probe")  # without the clock

        follow()

    panel()


def _live(looked_at: str, subjects: Subjects, readings: Readings) -> None:
    networks = {key: subject.network for key, subject in subjects.items()}
    several = max((len(reading.probes) for reading in readings.values()), default=1)
    mean = f", mean of {several} probes" if several > 1 else ""

    def say(key: str, sight: Sight, shown: Example) -> Said:
        return answers.said(networks[key], readings[key], sight, shown)

    charts.table(networks, readings)
    with st.container(key="probe-charts"):
        left, right = st.columns(2, gap="medium")
        with left:
            charts.occlusion(networks, readings)
        with right, page.timed("picture"):
            note = f"Bars: probability of classes{mean}."
            example_panel.show(looked_at, subjects, Disturbance.of(chosen()), say, note)


def _confusion(looked_at: str, subjects: Subjects, readings: Readings) -> None:
    networks = {key: subject.network for key, subject in subjects.items()}
    left, right = st.columns(2, gap="medium")
    with left:
        charts.confusion(looked_at, networks, readings)
    with right:
        charts.classes(looked_at, networks, readings)


def _learning(looked_at: str, subjects: Subjects, readings: Readings) -> None:
    charts.learning({key: subject.network for key, subject in subjects.items()}, readings)


_DRAW: dict[str, Callable[[str, Subjects, Readings], None]] = {
    "live": _live, "confusion": _confusion, "learning": _learning,
}  # fmt: skip


def _say_progress(readings: Readings) -> None:
    """A bar for work that takes longer than a moment, with the time left."""
    remaining = remembered("probe-progress", Progress()).look(readings.values())
    if remaining is not None:
        seconds = remaining.seconds
        left = " …" if seconds is None else f": about {duration(seconds)} left"
        st.progress(remaining.share, f"{remaining.doing.capitalize()}{left}")


def _busy(readings: Iterable[Reading]) -> bool:
    return any(reading.busy for reading in readings)


def _read(subjects: Subjects, patience: float = 0.0) -> Readings:
    return cache.live_probe().read(
        remembered("probe-viewer", uuid4().hex),
        subjects,
        Disturbance.of(chosen()),
        measure_of(chosen()),
        st.session_state.get(RUN, 0),
        patience,
    )
