"""One picture at the occlusion slider's value: disturbed, reconstructed and probed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from explorer.session.state import chosen
from explorer.views.probe import cache
from explorer.views.probe.accuracy import Disturbance, Subject
from explorer.views.probe.example import (
    N_CLASSES_SHOWN,
    Answer,
    Example,
    Sight,
    answer,
    choose_example,
)
from explorer.views.probe.live_probe import Reading
from explorer.widgets import page
from explorer.widgets.memory_pair import pictures
from explorer.widgets.pictures import handed_down, tile
from explorer.widgets.swatch import swatch
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX
from pad_core.errors import PadError
from pad_core.report.palette import style

_COLUMNS = 3  # of the atlas: picture, disturbed, reconstructed


@dataclass(frozen=True)
class _Line:
    """A network's line: what it sees, or why it can't, and its probes' answer once known."""

    network: PadNetwork
    sight: Sight | None
    answer: Answer | None
    problem: str = ""


def show(looked_at: str, subjects: Mapping[str, Subject], readings: Mapping[str, Reading]) -> None:
    """Draw the panel; memory A of the network ``looked_at`` is the picture."""
    try:
        shown = choose_example(subjects[looked_at].network, chosen().dream, pictures())
    except PadError as error:
        page.problem(error)
        return
    lines = [_line(subject, shown, readings[key]) for key, subject in subjects.items()]
    st.html(
        f'<p class="pad-note pad-above"><b>At the cursor</b> {_told(shown, lines, readings)}</p>'
    )
    st.html(_panel(shown, lines))


def _line(subject: Subject, shown: Example, reading: Reading) -> _Line:
    network = subject.network
    try:
        sight = cache.sight(subject, shown, Disturbance.of(chosen()))
    except PadError as error:
        return _Line(network, None, None, str(error))
    if reading.probes:
        told = answer(reading.probes, sight.latent, network.class_names, shown.label)
        return _Line(network, sight, told)
    return _Line(network, sight, None, reading.error)


def _told(shown: Example, lines: list[_Line], readings: Mapping[str, Reading]) -> str:
    """What the picture is, and what the panel shows, as HTML."""
    recalled = any(line.sight.recalled for line in lines if line.sight)
    where = f"test image {shown.index:,}, class {escape(shown.label)}"
    if shown.own is not None:
        what = "Your picture, memory A of the Dream page."
    elif recalled:
        what = f"Not a photograph: each network’s own memory <i>G</i>(<i>z</i>) of {where}."
    else:
        what = f"Real {where}."
    several = max((len(reading.probes) for reading in readings.values()), default=1)
    mean = f", mean of {several} probes" if several > 1 else ""
    return f"{what} Bars: probability of the likeliest classes{mean}."


def _panel(shown: Example, lines: list[_Line]) -> str:
    """A line for each network; pictures that all share stand once, larger, at the left."""
    seen = [line.sight for line in lines if line.sight]
    inputs = [sight.picture[:, : 2 * SIDE_PX] for sight in seen]
    shared = all(np.array_equal(one, inputs[0]) for one in inputs)
    atlas = handed_down(np.vstack([one.picture for one in seen])) if seen else ""
    first = "recalled" if seen and seen[0].recalled else "undisturbed"
    heads = (first, _disturbed(), "rebuilt")
    stimulus, body, y = "", "", 0
    if shared and seen:
        stimulus = "".join(
            f"<figure>{tile(f'{_name(shown)}, {heads[x]}', x, 0, _COLUMNS, len(seen))}"
            f"<figcaption>{escape(heads[x])}</figcaption></figure>"
            for x in range(2)
        )
        stimulus = f'<div class="pad-stimulus">{stimulus}</div>'
    columns = range(2 if shared else 0, _COLUMNS)
    named = "".join(f'<span title="{escape(heads[x])}">{escape(heads[x])}</span>' for x in columns)
    for line in lines:
        tiles = ""
        if line.sight:
            who = style(line.network.header.condition.name).label
            tiles = "".join(
                tile(f"{_name(shown)}, {heads[x]}: {who}", x, y, _COLUMNS, len(seen))
                for x in columns
            )
            y += 1
        body += _row(line, shown, tiles)
    return (
        f'<section class="pad-panel pad-example" style="{atlas}; --columns: {_COLUMNS}; '
        f'--rows: {len(seen)}">{stimulus}<div class="pad-answers"><p>{named}</p>{body}</div>'
        "</section>"
    )


def _row(line: _Line, shown: Example, tiles: str) -> str:
    header = line.network.header
    look = style(header.condition.name)
    said = f"<p>{escape(line.problem)}</p>" if line.problem else _bars(line, shown)
    return (
        f"<article>{tiles}<div><h4><span>{swatch(header.condition.name)}{escape(look.label)} "
        f"<small>epoch {header.epoch}</small></span>{_mark(line.answer, shown)}</h4>"
        f"{said}</div></article>"
    )


def _bars(line: _Line, shown: Example) -> str:
    """The likeliest classes, the true one in bold; empty lines until they are known."""
    look = style(line.network.header.condition.name)
    rows = ""
    if line.answer is None:
        n = min(N_CLASSES_SHOWN, len(line.network.class_names))
        rows = "<tr><th>…</th><td></td><td></td></tr>" * n
    else:
        for name, probability in line.answer.likeliest:
            label = f"<b>{escape(name)}</b>" if name == shown.label else escape(name)
            rows += (
                f"<tr><th>{label}</th><td>{100 * probability:.0f} %</td>"
                f'<td><i style="width: {100 * probability:.1f}%; '
                f'background: light-dark({look.colour}, {look.dark})"></i></td></tr>'
            )
    return f'<table class="pad-bars">{rows}</table>'


def _mark(told: Answer | None, shown: Example) -> str:
    """Whether the network's probes are right, as HTML; '' if the true class is unknown."""
    if told is None or told.right is None:
        return ""
    sure = f"{told.right} of {told.asked} probes say {escape(shown.label)}."
    if 0 < told.right < told.asked:
        return f'<em title="{sure}">{told.right} of {told.asked} right</em>'
    kind, text = ("right", "✓\u2002right") if told.right else ("wrong", "✗\u2002wrong")
    return f'<em class="pad-{kind}" title="{sure}">{text}</em>'


def _disturbed() -> str:
    """The disturbance in a few words."""
    percent, _, noise, _ = Disturbance.of(chosen())
    done = [f"σ {noise:g}"] if noise else []
    if percent:
        done.append(f"{percent} % grey")
    return ", ".join(done) or "as it is"


def _name(shown: Example) -> str:
    return "Your picture" if shown.own is not None else f"Image of the class {shown.label}"
