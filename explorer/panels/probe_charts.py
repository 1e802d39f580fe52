"""The Probe page's accuracies as a table and as charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape

import numpy as np
import streamlit as st

from explorer import frame
from explorer.charts import probe as charts
from explorer.charts.probe import Line, Score
from explorer.compute.lab import Reading
from explorer.compute.probe import Disturbance
from explorer.state import chosen
from pad_core.checkpoint import PadNetwork
from pad_core.claims import TABLE_1, paper_name
from pad_core.palette import style
from pad_core.readout import SGD_EPOCHS

_PLOTLY = {"displayModeBar": False}

_PUBLISHED = "◇: the paper's Table 1, its protocol after 50 epochs, mean ± SEM of 4."
_UNPUBLISHED = "The paper has no values of these networks."


def table(networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]) -> None:
    """A row for each network, and what its numbers rest on."""
    chance = 100 / max(len(one.class_names) for one in networks.values())
    rows = [_row(networks[key], reading, networks) for key, reading in readings.items()]
    st.html(charts.scores(rows, chance))
    setting = _setting(Disturbance.of(chosen()), readings, any(row.paper for row in rows))
    st.html(f'<p class="pad-note pad-setting">{setting}</p>')


def explanations(
    looked_at: str, networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]
) -> None:
    """How read-outs learned, and which classes they tell apart; ``looked_at`` is one network."""
    left, middle, right = st.columns([5, 6, 5], gap="medium")
    with left:
        _learning(networks, readings)
    with middle:
        _confusion(networks[looked_at], readings[looked_at], networks)
    with right:
        _classes(looked_at, networks, readings)


def _row(network: PadNetwork, reading: Reading, among: Mapping[str, PadNetwork]) -> Score:
    header, estimate = network.header, reading.estimate
    published = TABLE_1.get(paper_name(header.dataset_name) or "", {})
    score = Score(
        style(header.condition.name).label,
        f"{_knows(network, among)}epoch {header.epoch} · seed {header.seed}",
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


def _setting(disturbance: Disturbance, readings: Mapping[str, Reading], published: bool) -> str:
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
        f"Dotted: chance. White: the interval. {_PUBLISHED if published else _UNPUBLISHED}{more}"
    )


def title(text: str, note: str) -> None:
    """What stands above a chart, plain text."""
    st.html(f'<p class="pad-note pad-above"><b>{escape(text)}</b> {escape(note)}</p>')


def occlusion(networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]) -> None:
    """The recorded curves, and where on them the dial stands."""
    percent = Disturbance.of(chosen()).percent
    recorded, live, lacking = [], [], []
    on: list[set[str]] = [set(), set()]  # what lines and rings were tested on
    sizes: list[set[int]] = [set(), set()]  # codes that read-outs of lines and rings had
    for key, network in networks.items():
        label, condition = _names(network, networks)
        line = _recorded(network, networks)
        if line is None:
            lacking.append(label)
        else:
            recorded.append(line)
            on[0].add(str(network.metrics.get("on", "test images")))
            sizes[0].add(int(network.metrics["n_train"]))
        if estimate := readings[key].estimate:
            on[1].add(estimate.on)
            sizes[1].add(estimate.n_train)
            live.append(
                Line(label, condition, [percent], [estimate.accuracy],
                     [estimate.low], [estimate.high])
            )  # fmt: skip
    lines, rings = (" and ".join(sorted(names)) for names in on)
    if all(sizes) and sizes[0] != sizes[1]:
        learned, few = (" and ".join(f"{n:,}" for n in sorted(ns)) for ns in sizes)
        lines, rings = f"{lines} (learned from {learned} codes)", f"{rings} (from {few})"
    note = f"Lines: recorded{f' on {lines}' if lines else ''}, 4 px, no noise. "
    note += f"Rings: now{f', on {rings}' if rings else ''}."
    if lacking:
        note += f" Not recorded: {', '.join(lacking)}."
    title("Occlusion", note)
    figure = charts.occlusion(recorded, live, percent, frame.is_dark())
    st.plotly_chart(figure, key="probe-occlusion", config=_PLOTLY)


def _recorded(network: PadNetwork, among: Mapping[str, PadNetwork]) -> Line | None:
    """What ``evaluate --record`` wrote about occlusion, by the measure that is shown."""
    paper = chosen().measure == "paper"
    curve = network.metrics.get("occlusion" if paper else "occlusion_converged")
    if not isinstance(curve, dict):
        return None
    interval = network.metrics.get("occlusion_interval", {}) if paper else {}
    low, high = ([interval[x][i] for x in curve if x in interval] for i in (0, 1))
    return Line(*_names(network, among), [int(x) for x in curve], list(curve.values()), low, high)


def _learning(networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]) -> None:
    paper = chosen().measure == "paper"
    if not any(reading.curves for reading in readings.values()):
        how = "Drawn once all images are encoded."
    elif paper:
        how = "On undisturbed test images; a line for each read-out seed."
    else:
        how = "On undisturbed test images, as L-BFGS converges."
    title("How the read-outs learned", how)
    lines = [
        Line(*_names(networks[k], networks), runs=reading.curves) for k, reading in readings.items()
    ]
    figure = charts.learning(
        lines, "epoch" if paper else "iteration", SGD_EPOCHS if paper else None, frame.is_dark()
    )
    st.plotly_chart(figure, key="probe-learning", config=_PLOTLY)


def _confusion(network: PadNetwork, reading: Reading, among: Mapping[str, PadNetwork]) -> None:
    title(f"Confusion of {_names(network, among)[0]}", "Rows: true classes, in percent of each.")
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
            lines.append(Line(*_names(networks[key], networks), y=right.tolist()))
    title("Each class", f"Bars: {_names(networks[looked_at], networks)[0]}; marks: every network.")
    figure = charts.classes(lines, names, frame.is_dark())
    st.plotly_chart(figure, key="probe-classes", config=_PLOTLY)


def _names(network: PadNetwork, among: Mapping[str, PadNetwork]) -> tuple[str, str]:
    """How charts name one of several networks: its label and its condition's name."""
    header = network.header
    label = style(header.condition.name).label
    return f"{label}, {_knows(network, among)}epoch {header.epoch}", header.condition.name


def _knows(network: PadNetwork, among: Mapping[str, PadNetwork]) -> str:
    """The data set that a network knows, where others know another one."""
    several = len({one.header.dataset_name for one in among.values()}) > 1
    return f"{network.header.dataset_name} · " if several else ""
