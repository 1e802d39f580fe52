"""One picture at the occlusion slider's value: disturbed, and what each network makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from explorer.session.state import chosen
from explorer.views.probe import cache
from explorer.views.probe.accuracy import Disturbance, Subject
from explorer.views.probe.example import Example, Sight, choose_example
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
class Said:
    """What stands beside a network's pictures, as HTML: a mark at its name, and a body below."""

    body: str
    mark: str = ""


Say = Callable[[str, Sight, Example], Said]


@dataclass(frozen=True)
class _Line:
    """A network's line: its pictures, unless it can't see the example, and what is said of it."""

    network: PadNetwork
    sight: Sight | None
    said: Said


def show(
    looked_at: str,
    subjects: Mapping[str, Subject],
    disturbance: Disturbance,
    say: Say,
    note: str = "",
) -> None:
    """Draw the panel; memory A of the network ``looked_at`` is the picture.

    Args:
        disturbance: of the picture.
        say: what stands beside the pictures of the network of a key.
        note: what that is, as a sentence.
    """
    try:
        shown = choose_example(subjects[looked_at].network, chosen().dream, pictures())
    except PadError as error:
        page.problem(error)
        return
    lines = [_line(key, subject, shown, disturbance, say) for key, subject in subjects.items()]
    st.html(
        f'<p class="pad-note pad-above"><b>At the cursor</b> {_told(shown, lines)} '
        f"{escape(note)}</p>"
    )
    st.html(_panel(shown, lines, disturbance))


def _line(key: str, subject: Subject, shown: Example, disturbance: Disturbance, say: Say) -> _Line:
    try:
        sight = cache.sight(subject, shown, disturbance)
    except PadError as error:
        return _Line(subject.network, None, Said(f"<p>{escape(str(error))}</p>"))
    return _Line(subject.network, sight, say(key, sight, shown))


def _told(shown: Example, lines: list[_Line]) -> str:
    """What the picture is, as HTML."""
    where = f"test image {shown.index:,}, class {escape(shown.label)}"
    if shown.own is not None:
        return "Your picture, memory A of the Dream page."
    if any(line.sight.recalled for line in lines if line.sight):
        return f"Not a photograph: each network’s own memory <i>G</i>(<i>z</i>) of {where}."
    return f"Real {where}."


def _panel(shown: Example, lines: list[_Line], disturbance: Disturbance) -> str:
    """A line for each network; pictures that all share stand once, larger, at the left."""
    seen = [line.sight for line in lines if line.sight]
    inputs = [sight.picture[:, : 2 * SIDE_PX] for sight in seen]
    shared = all(np.array_equal(one, inputs[0]) for one in inputs)
    atlas = handed_down(np.vstack([one.picture for one in seen])) if seen else ""
    first = "recalled" if seen and seen[0].recalled else "undisturbed"
    heads = (first, _disturbed(disturbance), "rebuilt")
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
        body += _row(line, tiles)
    return (
        f'<section class="pad-panel pad-example" style="{atlas}; --columns: {_COLUMNS}; '
        f'--rows: {len(seen)}">{stimulus}<div class="pad-answers"><p>{named}</p>{body}</div>'
        "</section>"
    )


def _row(line: _Line, tiles: str) -> str:
    header = line.network.header
    return (
        f"<article>{tiles}<div><h4><span>{swatch(header.condition.name)}"
        f"{escape(style(header.condition.name).label)} "
        f"<small>epoch {header.epoch}</small></span>{line.said.mark}</h4>"
        f"{line.said.body}</div></article>"
    )


def _disturbed(disturbance: Disturbance) -> str:
    """The disturbance in a few words."""
    percent, _, noise, _ = disturbance
    done = [f"σ {noise:g}"] if noise else []
    if percent:
        done.append(f"{percent} % grey")
    return ", ".join(done) or "as it is"


def _name(shown: Example) -> str:
    return "Your picture" if shown.own is not None else f"Image of the class {shown.label}"
