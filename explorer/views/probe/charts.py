"""The Probe page's accuracies as a table and as charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from explorer.library.labels import labels, spoken
from explorer.session.state import chosen
from explorer.views.probe import figures
from explorer.views.probe.accuracy import Disturbance, measure_of
from explorer.views.probe.figures import Line, Score
from explorer.views.probe.live_probe import Reading
from explorer.views.probe.record import REAL, Record, published, recorded
from explorer.widgets import page
from explorer.widgets.files.files import About, figure_files, told
from pad_core.checkpoint.file import PadNetwork
from pad_core.evaluation.linear_probe import SGD_EPOCHS
from pad_core.report.palette import style

_PLOTLY = {"displayModeBar": False}


def table(networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]) -> None:
    """Draw a row for each network, with the number of images behind its accuracy."""
    chance = 100 / max(len(one.class_names) for one in networks.values())
    several = len({one.header.dataset_name for one in networks.values()}) > 1
    rows = [_row(networks[key], reading, several) for key, reading in readings.items()]
    st.html(figures.scores(rows, chance))
    setting = _setting(Disturbance.of(chosen()), readings, any(row.paper for row in rows))
    st.html(f'<p class="pad-note pad-setting">{setting}</p>')


def _row(network: PadNetwork, reading: Reading, with_dataset: bool) -> Score:
    header, estimate = network.header, reading.estimate
    knows = f"{spoken(header.dataset_name)} · " if with_dataset else ""
    score = Score(
        style(header.condition.name).label,
        f"{knows}epoch {header.epoch} · seed {header.seed}",
        header.condition.name,
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
        paper=_published(network, estimate.on),
        low=estimate.low,
        high=estimate.high,
        spread=float(np.std(estimate.by_seed, ddof=1)) if len(estimate.by_seed) > 1 else None,
        rests_on=f"{estimate.images:,} of {estimate.available:,}{masks}",
        mark=f"{'full' if reading.full else 'subset'}, {'cached' if reading.cached else 'fresh'}",
    )


def _published(network: PadNetwork, on: str) -> tuple[float, float] | None:
    """The paper's value, where the images are undisturbed as they are there."""
    if not Disturbance.of(chosen()).none:
        return None
    return published(network, measure_of(chosen()), on)


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
    fitted = f"fitted to {' and '.join(fits)} latents" if fits else "being fitted"
    told = f"Tested on {on}, {' and '.join(done) or 'undisturbed'}; probes {fitted}."
    if any(estimate.on != REAL for estimate in estimates):
        told += " <b>Not to be compared with the record, which is of real images.</b>"
    return f"{told} ◇: the paper's." if published else told


def _draw(figure: go.Figure, key: str, heading: str, caption: str, of: str) -> None:
    """Draw a chart, as high as the screen allows, with its files, which name what it is ``of``."""
    with st.container(key=f"chart-{key}"):
        st.plotly_chart(page.chart(figure), key=key, config=_PLOTLY, height="stretch")
    figure_files(figure, About(heading, caption, of), key)


def title(text: str, note: str) -> None:
    """Draw a chart's title; plain text."""
    st.html(f'<p class="pad-note pad-above"><b>{escape(text)}</b> {escape(note)}</p>')


def occlusion(networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]) -> None:
    """Draw what is recorded, the slider's place on it, and what is measured there now."""
    percent = Disturbance.of(chosen()).percent
    live = []
    for key, (label, condition) in names(networks).items():
        if estimate := readings[key].estimate:
            live.append(
                Line(label, condition, [percent], [estimate.accuracy],
                     [estimate.low], [estimate.high])
            )  # fmt: skip
    title("Occlusion", "Lines: recorded on real images, 4 px, no noise. Rings: now.")
    curves(records(networks), percent, live)


def records(networks: Mapping[str, PadNetwork]) -> dict[str, Record]:
    """What is recorded of each network by the chosen measure, if anything is."""
    measure = measure_of(chosen())
    found = {
        key: recorded(networks[key], label, measure) for key, (label, _) in names(networks).items()
    }
    return {key: record for key, record in found.items() if record is not None}


def curves(found: Mapping[str, Record], percent: int, live: Sequence[Line] = ()) -> None:
    """Draw recorded curves with a cursor at ``percent``, and one live point a network there."""
    lines = [
        Line(one.label, one.condition, one.percent, one.accuracy, one.low, one.high,
             paper=one.paper and one.paper[0])
        for one in found.values()
    ]  # fmt: skip
    figure = figures.occlusion(lines, live, percent, page.is_dark())
    _draw(figure, "probe-occlusion", "Occlusion", "Accuracy of linear probes as patches turn grey.",
          "; ".join(one.label for one in found.values()))  # fmt: skip


def learning(networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]) -> None:
    """Draw the accuracy of probes while they learned."""
    paper = chosen().probe.measure == "paper"
    if not any(reading.curves for reading in readings.values()):
        how = "Drawn once all images are encoded."
    elif paper:
        how = "On undisturbed test images; a line for each probe seed."
    else:
        how = "On undisturbed test images, as L-BFGS converges."
    title("How the probes learned", how)
    told_apart = names(networks)
    lines = [Line(*told_apart[key], runs=reading.curves) for key, reading in readings.items()]
    figure = figures.learning(
        lines, "epoch" if paper else "iteration", SGD_EPOCHS if paper else None, page.is_dark()
    )
    _draw(figure, "probe-learning", "How the probes learned", how, told(networks.values()))


def confusion(
    looked_at: str, networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]
) -> None:
    """Draw which classes ``looked_at``'s probes confuse."""
    label, _ = names(networks)[looked_at]
    title(f"Confusion of {label}", "Rows: true classes, in percent of each.")
    if estimate := readings[looked_at].estimate:
        counts, classes = estimate.confusion.numpy(), networks[looked_at].class_names
        figure = figures.confusion(counts, classes, page.is_dark())
        of = told([networks[looked_at]])
        _draw(figure, "probe-confusion", f"Confusion of {label}", "Rows: true classes, %.", of)


def classes(
    looked_at: str, networks: Mapping[str, PadNetwork], readings: Mapping[str, Reading]
) -> None:
    """Draw accuracy by class, of all networks with the same classes as ``looked_at``."""
    known, told_apart = networks[looked_at].class_names, names(networks)
    lines = []
    for key in [looked_at, *(key for key in networks if key != looked_at)]:
        estimate = readings[key].estimate
        if estimate and networks[key].class_names == known:
            counts = estimate.confusion.double()
            right = 100 * counts.diagonal() / counts.sum(dim=1).clamp_min(1)
            lines.append(Line(*told_apart[key], y=right.tolist()))
    title("Each class", f"Bars: {told_apart[looked_at][0]}; marks: every network.")
    figure = figures.classes(lines, known, page.is_dark())
    _draw(figure, "probe-classes", "Accuracy by class", f"Bars: {told_apart[looked_at][0]}.",
          told(networks.values()))  # fmt: skip


def names(networks: Mapping[str, PadNetwork]) -> dict[str, tuple[str, str]]:
    """For each network, the label in charts and the name of its condition."""
    told_apart = labels({key: network.header for key, network in networks.items()})
    return {key: (told_apart[key], networks[key].header.condition.name) for key in networks}
