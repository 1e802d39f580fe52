"""The Probe page's accuracies as a table and as charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape

import numpy as np
import streamlit as st

from explorer.library.labels import labels
from explorer.session.state import chosen
from explorer.views.probe import figures
from explorer.views.probe.accuracy import Disturbance
from explorer.views.probe.figures import Line, Score
from explorer.views.probe.live_probe import Reading
from explorer.widgets import page
from pad_core.checkpoint.file import PadNetwork
from pad_core.evaluation.linear_probe import SGD_EPOCHS
from pad_core.report.palette import style
from pad_core.report.paper import PAPER_SEPARABILITY, paper_name

_PLOTLY = {"displayModeBar": False}

_PUBLISHED = "◇: the paper's Table 1, its protocol after 50 epochs, mean ± SEM of 4."
_UNPUBLISHED = "The paper has no values of these networks."


def table(networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]) -> None:
    """Draw a row for each network, with the number of images behind its accuracy."""
    chance = 100 / max(len(one.class_names) for one in networks.values())
    several = len({one.header.dataset_name for one in networks.values()}) > 1
    rows = [_row(networks[key], reading, several) for key, reading in readings.items()]
    st.html(figures.scores(rows, chance))
    setting = _setting(Disturbance.of(chosen()), readings, any(row.paper for row in rows))
    st.html(f'<p class="pad-note pad-setting">{setting}</p>')


def explanations(
    looked_at: str, networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]
) -> None:
    """Draw how probes learned, and which classes ``looked_at``'s confuse."""
    left, middle, right = st.columns([5, 6, 5], gap="medium")
    with left:
        _learning(networks, readings)
    with middle:
        _confusion(looked_at, networks, readings)
    with right:
        _classes(looked_at, networks, readings)


def _row(network: PadNetwork, reading: Reading, with_dataset: bool) -> Score:
    header, estimate = network.header, reading.estimate
    knows = f"{header.dataset_name} · " if with_dataset else ""
    published = PAPER_SEPARABILITY.get(paper_name(header.dataset_name) or "", {})
    score = Score(
        style(header.condition.name).label,
        f"{knows}epoch {header.epoch} · seed {header.seed}",
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
    """In words: what the accuracies were measured on, and what their probes were fitted to."""
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
        f"Tested on {on}, {' and '.join(done) or 'undisturbed'}; probes {fitted}. "
        f"Dotted: chance. White: the interval. {_PUBLISHED if published else _UNPUBLISHED}{more}"
    )


def title(text: str, note: str) -> None:
    """Draw a chart's title; plain text."""
    st.html(f'<p class="pad-note pad-above"><b>{escape(text)}</b> {escape(note)}</p>')


def occlusion(networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]) -> None:
    """Draw the recorded curves, and the slider's place on them."""
    percent = Disturbance.of(chosen()).percent
    recorded, live, lacking = [], [], []
    on: list[set[str]] = [set(), set()]  # images that lines and rings were tested on
    sizes: list[set[int]] = [set(), set()]  # latents that probes of lines and rings were fitted to
    names = _names(networks)
    for key, network in networks.items():
        label, condition = names[key]
        line = _recorded(network, label)
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
    lines, rings = (" and ".join(sorted(tested)) for tested in on)
    if all(sizes) and sizes[0] != sizes[1]:
        learned, few = (" and ".join(f"{n:,}" for n in sorted(ns)) for ns in sizes)
        lines, rings = f"{lines} (learned from {learned} codes)", f"{rings} (from {few})"
    note = f"Lines: recorded{f' on {lines}' if lines else ''}, 4 px, no noise. "
    note += f"Rings: now{f', on {rings}' if rings else ''}."
    if lacking:
        note += f" Not recorded: {', '.join(lacking)}."
    title("Occlusion", note)
    figure = figures.occlusion(recorded, live, percent, page.is_dark())
    st.plotly_chart(figure, key="probe-occlusion", config=_PLOTLY)


def _recorded(network: PadNetwork, label: str) -> Line | None:
    """The occlusion curve that ``evaluate --record`` wrote, by the chosen measure."""
    paper = chosen().probe.measure == "paper"
    curve = network.metrics.get("occlusion" if paper else "occlusion_converged")
    if not isinstance(curve, dict):
        return None
    interval = network.metrics.get("occlusion_interval", {}) if paper else {}
    low, high = ([interval[x][i] for x in curve if x in interval] for i in (0, 1))
    x, condition = [int(x) for x in curve], network.header.condition.name
    return Line(label, condition, x, list(curve.values()), low, high)


def _learning(networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]) -> None:
    paper = chosen().probe.measure == "paper"
    if not any(reading.curves for reading in readings.values()):
        how = "Drawn once all images are encoded."
    elif paper:
        how = "On undisturbed test images; a line for each probe seed."
    else:
        how = "On undisturbed test images, as L-BFGS converges."
    title("How the probes learned", how)
    names = _names(networks)
    lines = [Line(*names[key], runs=reading.curves) for key, reading in readings.items()]
    figure = figures.learning(
        lines, "epoch" if paper else "iteration", SGD_EPOCHS if paper else None, page.is_dark()
    )
    st.plotly_chart(figure, key="probe-learning", config=_PLOTLY)


def _confusion(
    looked_at: str, networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]
) -> None:
    label, _ = _names(networks)[looked_at]
    title(f"Confusion of {label}", "Rows: true classes, in percent of each.")
    if estimate := readings[looked_at].estimate:
        counts, classes = estimate.confusion.numpy(), networks[looked_at].class_names
        figure = figures.confusion(counts, classes, page.is_dark())
        st.plotly_chart(figure, key="probe-confusion", config=_PLOTLY)


def _classes(
    looked_at: str, networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]
) -> None:
    """Draw accuracy by class, of all networks with the same classes as ``looked_at``."""
    classes, names = networks[looked_at].class_names, _names(networks)
    lines = []
    for key in [looked_at, *(key for key in networks if key != looked_at)]:
        estimate = readings[key].estimate
        if estimate and networks[key].class_names == classes:
            counts = estimate.confusion.double()
            right = 100 * counts.diagonal() / counts.sum(dim=1).clamp_min(1)
            lines.append(Line(*names[key], y=right.tolist()))
    title("Each class", f"Bars: {names[looked_at][0]}; marks: every network.")
    figure = figures.classes(lines, classes, page.is_dark())
    st.plotly_chart(figure, key="probe-classes", config=_PLOTLY)


def _names(networks: Mapping[str, PadNetwork]) -> dict[str, tuple[str, str]]:
    """For each network, the label in charts and the name of its condition."""
    told_apart = labels({key: network.header for key, network in networks.items()})
    return {key: (told_apart[key], networks[key].header.condition.name) for key in networks}
