"""Probe: how well classes can be read out of each network's codes, as its input is disturbed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from uuid import uuid4

import streamlit as st

from explorer.library import real_images
from explorer.session.state import choose, chosen, fresh, take
from explorer.views.probe import cache, charts, example_panel
from explorer.views.probe.accuracy import PROBE_SEEDS, Disturbance, Subject
from explorer.views.probe.live_probe import Reading
from explorer.widgets import page, sidebar, sliders
from explorer.widgets.look import look
from pad_core.checkpoint.file import PadNetwork
from pad_core.evaluation.linear_probe import SGD_EPOCHS

_MEASURES = {"converged": "Converged", "paper": "Paper's protocol"}
_EXPLAINED = {
    "converged": "Logistic regression on codes, converged: some points above the paper's measure.",
    "paper": f"{SGD_EPOCHS} epochs of SGD on codes, mean of {PROBE_SEEDS} probe seeds.",
}
_PATIENCE_S = 0.4  # for a first estimate; the page must not keep the next request waiting
# Between looks for news: while something has no number yet, and while numbers only become better.
# Each look draws all charts again, which slows down what it looks for.
_SOON_S, _LATER_S = 0.5, 1.0
# In the order in which they are drawn again.
_PANELS = ("example", "probe", "probe-curve", "probe-below", "footer")


def show() -> None:
    """The page."""
    look("probe", Path(__file__).parent)
    network = page.network()
    if network is None:
        return
    chosen_ones = page.networks()
    networks = {key: one for key, one in chosen_ones.items() if len(one.class_names) > 1}
    sidebar.images(network)
    with st.sidebar:
        sliders.seed(
            "Draws the picture at the cursor, the test images of the first estimates, the masks "
            "and the noise."
        )
    with page.heading("What can be read out", _EXPLAINED[chosen().probe.measure]):
        _measure()
    talk = bool(chosen().page.present)
    with sliders.in_a_row(talk):
        sliders.occlusion(_PANELS, talk)
        _noise(talk)
    if talk:
        sliders.arrows("intensity", "size_px", (sliders.NREM_DIALS, "noise-dials", *_PANELS))
    if networks:
        looked_at = next((k for k, one in networks.items() if one is network), next(iter(networks)))
        _following("probe", networks, partial(charts.table, networks), _PATIENCE_S)
        with st.container(key="probe-charts"):
            left, right = st.columns(2, gap="medium")
            with left:
                _following("probe-curve", networks, partial(charts.occlusion, networks))
            with right:
                _example(looked_at, networks)
            explain = partial(charts.explanations, looked_at, networks)
            _following("probe-below", networks, explain)
    elif chosen_ones:
        st.info(
            "Linear probes tell classes apart, and these networks were trained without any.",
            icon=":material/label_off:",
        )
    else:
        st.info("Choose networks to compare at the left.", icon=":material/left_click:")
    _footer(network)


def _noise(talk: bool) -> None:
    """The dial of noise on pixels, and the way back to undisturbed images."""

    @st.fragment(key="noise-dials")
    def noise() -> None:
        redraw = ("noise-dials", *_PANELS)
        sliders.dial(
            "pixel_noise",
            "Noise on pixels",
            "Not in the paper: Gaussian noise added to each pixel of a test image before it is "
            "occluded. Its standard deviation, 0 to 1, where pixels go from −1 to 1; what lies "
            "beyond is clipped. Trained with none.",
            redraw,
        )
        st.button(
            "undisturbed images",
            key="undisturbed",
            type="tertiary",
            icon=":material/restart_alt:",
            disabled=not (chosen().probe.pixel_noise or chosen().dream.intensity),
            on_click=choose,
            kwargs={
                "redraw": (sliders.NREM_DIALS, *redraw),
                "intensity": 0.0,
                "pixel_noise": 0.0,
            },
        )

    with sliders.stand("noise-controls", talk):
        noise()


def _measure() -> None:
    """Which measure is shown; the paper's has to be trained, and can be watched again."""
    if chosen().probe.measure == "paper":
        st.button(
            "Train again",
            key="train-again",
            icon=":material/replay:",
            help=f"Trains the {PROBE_SEEDS} probes of every network once more, from the same "
            "seeds, before your eyes. They come to the same numbers.",
            on_click=_train_again,
        )
    widget = fresh("measure", chosen().probe.measure)
    st.segmented_control(
        "Measure",
        list(_MEASURES),
        default=chosen().probe.measure,
        format_func=_MEASURES.__getitem__,
        key=widget,
        required=True,
        label_visibility="collapsed",
        on_change=take,
        args=("measure", widget),
        help="Two measures of linear separability, never to be compared with one another. "
        "Choosing the paper's trains its probes.",
    )


def _train_again() -> None:
    st.session_state["probe-run"] = st.session_state.get("probe-run", 0) + 1


def _following(
    key: str,
    networks: Mapping[str, PadNetwork],
    draw: Callable[[dict[str, Reading]], None],
    patience: float = 0.0,
) -> None:
    """One panel of what is measured, drawn again as the numbers come.

    It draws in itself alone. A place that the page made would be gone when the clock asks for
    the panel while the page is being made anew.

    Args:
        patience: seconds to wait for first estimates.
    """

    @st.fragment(key=key)
    def panel() -> None:
        with page.timed(key):
            readings = _read(networks, patience)
        waiting = _busy(readings.values())
        missing = any(one.busy and one.estimate is None for one in readings.values())
        again_s = _SOON_S if missing else _LATER_S

        @st.fragment(run_every=again_s if waiting else None)
        def follow() -> None:
            now = _read(networks)
            draw(now)
            if waiting and not _busy(now.values()):
                st.rerun()  # the page stands still again: no more runs by the clock

        follow()

    panel()


def _example(looked_at: str, networks: Mapping[str, PadNetwork]) -> None:
    """One picture at the cursor; it doesn't wait for what is measured."""
    readings = _read(networks).values()
    # ``follow`` lets the page run again once all is known, and the clock stops.
    waiting = any(not (reading.fitted or reading.error) for reading in readings)

    @st.fragment(key="example", run_every=_LATER_S if waiting else None)
    def at_cursor() -> None:
        with page.timed("picture"):
            example_panel.show(looked_at, _subjects(networks), _read(networks))

    at_cursor()


def _busy(readings: Iterable[Reading]) -> bool:
    return any(reading.busy for reading in readings)


def _subjects(networks: Mapping[str, PadNetwork]) -> dict[str, Subject]:
    return {key: Subject(one, real_images.find(one).dataset) for key, one in networks.items()}


def _read(networks: Mapping[str, PadNetwork], patience: float = 0.0) -> dict[str, Reading]:
    return cache.live_probe().read(
        st.session_state.setdefault("probe-viewer", uuid4().hex),
        _subjects(networks),
        Disturbance.of(chosen()),
        "paper" if chosen().probe.measure == "paper" else "converged",
        st.session_state.get("probe-run", 0),
        patience,
    )


@st.fragment(key="footer")
def _footer(network: PadNetwork) -> None:
    page.footer(network, "probe", "picture")
