"""Probe: how well classes can be read out of each network's codes, as its input is disturbed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape
from itertools import count
from uuid import uuid4

import numpy as np
import streamlit as st

from explorer import controls, frame, loaders, real_images
from explorer.charts import probe as charts
from explorer.charts.probe import Line, Score
from explorer.compute.lab import Reading
from explorer.compute.probe import READOUT_SEEDS, Disturbance, Subject
from explorer.state import choose, chosen, fresh, take
from pad_core.checkpoint import PadNetwork
from pad_core.claims import TABLE_1, paper_name
from pad_core.palette import style
from pad_core.readout import SGD_EPOCHS

_MEASURES = {"converged": "Converged", "paper": "Paper's protocol"}
_EXPLAINED = {
    "converged": "Logistic regression on codes, converged: some points above the paper's measure.",
    "paper": f"{SGD_EPOCHS} epochs of SGD on codes, mean of {READOUT_SEEDS} read-out seeds.",
}
_PATIENCE_S = 0.4  # for a first estimate; the page must not keep the next request waiting
_AGAIN_S = 0.5
_PLOTLY = {"displayModeBar": False}


def show() -> None:
    """The page."""
    frame.look("probe")
    network = frame.network()
    if network is None:
        return
    networks = frame.networks()
    controls.images(network)
    with st.sidebar:
        controls.seed("Draws the test images of the first estimates, the masks and the noise.")
    controls.occlusion(panels=("probe", "footer"))
    _noise()
    with frame.heading("What can be read out", _EXPLAINED[chosen().measure]):
        _measure()
    if networks:
        _panels(network, networks)
    else:
        st.info("Choose networks to compare at the left.", icon=":material/left_click:")
    _footer(network)


def _noise() -> None:
    """The dial of noise on pixels, and the way back to undisturbed images."""

    @st.fragment(key="noise-dials")
    def dials() -> None:
        redraw = ("noise-dials", "probe", "footer")
        controls.dial(
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
            disabled=not (chosen().pixel_noise or chosen().intensity),
            on_click=choose,
            kwargs={
                "redraw": ("nrem-dials", *redraw),
                "intensity": 0.0,
                "pixel_noise": 0.0,
            },
        )

    with st.sidebar.container(key="noise-controls"):
        dials()


def _measure() -> None:
    """Which measure is shown; the paper's has to be trained, and can be watched again."""
    if chosen().measure == "paper":
        st.button(
            "Train again",
            key="train-again",
            icon=":material/replay:",
            help=f"Trains the {READOUT_SEEDS} read-outs of every network once more, from the same "
            "seeds, before your eyes. They come to the same numbers.",
            on_click=_train_again,
        )
    widget = fresh("measure", chosen().measure)
    st.segmented_control(
        "Measure",
        list(_MEASURES),
        default=chosen().measure,
        format_func=_MEASURES.__getitem__,
        key=widget,
        required=True,
        label_visibility="collapsed",
        on_change=take,
        args=("measure", widget),
        help="Two measures of linear separability, never to be compared with one another. "
        "Choosing the paper's trains its read-outs.",
    )


def _train_again() -> None:
    st.session_state["probe-run"] = st.session_state.get("probe-run", 0) + 1


@st.fragment(key="probe")
def _panels(network: PadNetwork, networks: Mapping[str, PadNetwork]) -> None:
    with frame.timed("probe"):
        busy = _busy(_read(networks, _PATIENCE_S))
    runs = count()

    @st.fragment(run_every=_AGAIN_S if busy else None)
    def follow() -> None:
        readings = _read(networks)
        _draw(network, networks, readings)
        if next(runs) and not _busy(readings):
            st.rerun()  # the page stands still again: no more runs by the clock

    follow()


def _busy(readings: Mapping[str, Reading]) -> bool:
    return any(reading.busy for reading in readings.values())


def _read(networks: Mapping[str, PadNetwork], patience: float = 0.0) -> dict[str, Reading]:
    return loaders.lab().read(
        st.session_state.setdefault("probe-viewer", uuid4().hex),
        {key: Subject(one, real_images.find(one).dataset) for key, one in networks.items()},
        Disturbance.of(chosen()),
        "paper" if chosen().measure == "paper" else "converged",
        st.session_state.get("probe-run", 0),
        patience,
    )


def _draw(
    network: PadNetwork, networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]
) -> None:
    disturbance = Disturbance.of(chosen())
    chance = 100 / max(len(one.class_names) for one in networks.values())
    rows = [_row(networks[key], reading) for key, reading in readings.items()]
    st.html(charts.scores(rows, chance))
    st.html(f'<p class="pad-note pad-setting">{_setting(disturbance, readings)}</p>')
    looked_at = next((k for k, one in networks.items() if one is network), next(iter(networks)))
    with st.container(key="probe-charts"):
        left, right = st.columns(2, gap="medium")
        with left:
            _occlusion(networks, readings, disturbance)
        with right:
            _learning(networks, readings)
        left, right = st.columns(2, gap="medium")
        with left:
            _confusion(networks[looked_at], readings[looked_at])
        with right:
            _classes(looked_at, networks, readings)


def _row(network: PadNetwork, reading: Reading) -> Score:
    header, estimate = network.header, reading.estimate
    published = TABLE_1.get(paper_name(header.dataset_name) or "", {})
    score = Score(
        style(header.condition.name).label,
        f"epoch {header.epoch} · seed {header.seed}",
        header.condition.name,
        paper=published.get(header.condition.name),
        doing=reading.doing,
        share=reading.share,
        error="" if estimate else reading.error,
    )
    if estimate is None:
        return score
    masks = f" × {estimate.draws}" if estimate.draws > 1 else ""
    return replace(
        score,
        accuracy=estimate.accuracy,
        low=estimate.low,
        high=estimate.high,
        spread=float(np.std(estimate.by_seed, ddof=1)) if len(estimate.by_seed) > 1 else None,
        rests_on=f"{estimate.images:,} of {estimate.available:,}{masks}",
        mark=f"{'full' if reading.full else 'subset'}, {'cached' if reading.cached else 'fresh'}",
    )


def _setting(disturbance: Disturbance, readings: Mapping[str, Reading]) -> str:
    """What the accuracies were measured on, and what their read-outs were fitted to."""
    estimates = [r.estimate for r in readings.values() if r.estimate]
    on = " and ".join(dict.fromkeys(estimate.on for estimate in estimates)) or "test images"
    done = []
    if disturbance.noise:
        done.append(f"with pixel noise of σ = {disturbance.noise:g}")
    if disturbance.percent:
        done.append(f"{disturbance.percent} % of their {disturbance.size_px} px patches grey")
    fits = dict.fromkeys(f"{estimate.n_train:,}" for estimate in estimates)
    fitted = (
        f"fitted to {' and '.join(fits)} undisturbed training codes" if fits else "being fitted"
    )
    going = next((r for r in readings.values() if r.doing), None)
    more = f" <b>Now {going.doing}, {100 * going.share:.0f} %.</b>" if going else ""
    return (
        f"Tested on {on}, {' and '.join(done) or 'undisturbed'}; read-outs {fitted}. "
        "Dotted: chance. ◇: the paper's Table 1, its protocol after 50 epochs, mean ± SEM of 4."
        f"{more}"
    )


def _title(text: str, note: str) -> None:
    st.html(f'<p class="pad-note"><b>{escape(text)}</b> {escape(note)}</p>')


def _occlusion(
    networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading], disturbance: Disturbance
) -> None:
    recorded, live, lacking = [], [], []
    for key, network in networks.items():
        label, condition = _names(network)
        line = _recorded(network)
        if line is None:
            lacking.append(label)
        else:
            recorded.append(line)
        if estimate := readings[key].estimate:
            live.append(
                Line(label, condition, [disturbance.percent], [estimate.accuracy],
                     [estimate.low], [estimate.high])
            )  # fmt: skip
    note = "Lines: recorded by evaluate (4 px patches, no noise). Rings: now, at the cursor."
    if lacking:
        note += f" Not recorded: {', '.join(lacking)}."
    _title("Occlusion", note)
    figure = charts.occlusion(recorded, live, disturbance.percent, frame.is_dark())
    st.plotly_chart(figure, key="probe-occlusion", config=_PLOTLY)


def _recorded(network: PadNetwork) -> Line | None:
    """What ``evaluate --record`` wrote about occlusion, by the measure that is shown."""
    paper = chosen().measure == "paper"
    curve = network.metrics.get("occlusion" if paper else "occlusion_converged")
    if not isinstance(curve, dict):
        return None
    interval = network.metrics.get("occlusion_interval", {}) if paper else {}
    low, high = ([interval[x][i] for x in curve if x in interval] for i in (0, 1))
    return Line(*_names(network), [int(x) for x in curve], list(curve.values()), low, high)


def _learning(networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]) -> None:
    paper = chosen().measure == "paper"
    _title(
        "How the read-outs learned",
        "On undisturbed test images; a line for each read-out seed."
        if paper
        else "On undisturbed test images, as L-BFGS converges.",
    )
    lines = [Line(*_names(networks[k]), runs=reading.curves) for k, reading in readings.items()]
    figure = charts.learning(
        lines, "epoch" if paper else "iteration", SGD_EPOCHS if paper else None, frame.is_dark()
    )
    st.plotly_chart(figure, key="probe-learning", config=_PLOTLY)


def _confusion(network: PadNetwork, reading: Reading) -> None:
    _title(f"Confusion of {_names(network)[0]}", "Rows: true classes, in percent of each.")
    if reading.estimate:
        counts = reading.estimate.confusion.numpy()
        figure = charts.confusion(counts, network.class_names, frame.is_dark())
        st.plotly_chart(figure, key="probe-confusion", config=_PLOTLY)


def _classes(
    looked_at: str, networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]
) -> None:
    """Accuracy by class, of all networks that know the classes of the one looked at."""
    names = networks[looked_at].class_names
    lines = []
    for key in [looked_at, *(key for key in networks if key != looked_at)]:
        estimate = readings[key].estimate
        if estimate and networks[key].class_names == names:
            counts = estimate.confusion.double()
            right = 100 * counts.diagonal() / counts.sum(dim=1).clamp_min(1)
            lines.append(Line(*_names(networks[key]), y=right.tolist()))
    _title("Each class", f"Bars: {_names(networks[looked_at])[0]}; marks: every network.")
    figure = charts.classes(lines, names, frame.is_dark())
    st.plotly_chart(figure, key="probe-classes", config=_PLOTLY)


def _names(network: PadNetwork) -> tuple[str, str]:
    """How charts name a network: its label and its condition's name."""
    header = network.header
    return f"{style(header.condition.name).label}, epoch {header.epoch}", header.condition.name


@st.fragment(key="footer")
def _footer(network: PadNetwork) -> None:
    frame.footer(network, "probe")
