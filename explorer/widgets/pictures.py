"""Arrays to HTML: panels of small pictures with crisp pixels.

A panel's pictures travel as one picture at native size, an atlas. The browser shows a part of it
in each tile and enlarges that without smoothing. ``style.css`` has the style.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image

from pad_core.data.images import SIDE_PX


@dataclass(frozen=True)
class Row:
    """One row of an atlas.

    title, formula, text: at its left, as HTML; names: what each picture shows, for those
    who can't see it; captions, notes: under each picture, a line of text each; levels: 0 to 1,
    a bar between picture and caption; small: drawn at half size; instead: HTML in place of
    pictures, in a row without names, which takes none of the atlas.
    """

    title: str
    formula: str
    text: str
    names: Sequence[str]
    captions: Sequence[str] = ()
    levels: Sequence[float] = ()
    small: bool = False
    instead: str = ""
    notes: Sequence[str] = ()


def panel(name: str, atlas: np.ndarray, rows: Sequence[Row], side_px: int = SIDE_PX) -> str:
    """A panel as HTML.

    Args:
        name: its class in the style sheet.
        atlas: uint8 (side·rows, side·columns, 3), without gaps.
        rows: what to write around each row of it, and rows without pictures between them.
        side_px: of each picture.
    """
    height, width, _ = atlas.shape
    columns = width // side_px
    pictured = sum(bool(row.names) for row in rows)
    if height != side_px * pictured:
        raise ValueError(f"an atlas of {height} pixels for {pictured} rows")
    body, y = "", 0
    for row in rows:
        body += _row(row, y, pictured, columns)
        y += bool(row.names)
    return (
        f'<section class="pad-panel pad-{name}" style="{handed_down(atlas)}; '
        f'--columns: {columns}; --rows: {pictured}; --lines: {len(rows)}">{body}</section>'
    )


def handed_down(atlas: np.ndarray) -> str:
    """The part of a panel's or strip's style that gives its tiles their atlas."""
    return f"background-image: url({source(atlas)})"


def tile(words: str, x: int, y: int, columns: int, rows: int) -> str:
    """Picture (x, y) of an atlas of columns × rows, as HTML; ``words`` say what it shows."""
    name, position = escape(words), f"{_percent(x, columns)} {_percent(y, rows)}"
    return (
        f'<div class="pad-tile" role="img" aria-label="{name}" title="{name}" '
        f'style="background-position: {position}"></div>'
    )


def source(picture: np.ndarray) -> str:
    """A picture, uint8 (H, W, 3), as a data URL.

    It is a bitmap: compressing 64 dreams to a PNG took 8 ms and saved a fifth of the size.
    """
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="BMP")
    return f"data:image/bmp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _row(row: Row, y: int, n_rows: int, columns: int) -> str:
    tiles = []
    for x in range(columns if row.names else 0):
        caption = f'<b><i style="width: {100 * row.levels[x]:.0f}%"></i></b>' if row.levels else ""
        for lines in (row.captions, row.notes):
            caption += f"<span>{escape(lines[x])}</span>" if lines else ""
        shown = tile(row.names[x], x, y, columns, n_rows)
        below = f"<figcaption>{caption}</figcaption>" if caption else ""
        tiles.append(f"<figure>{shown}{below}</figure>")
    size = " pad-small" if row.small else ""
    return (
        f'<div class="pad-row{size}"><header><h3>{row.title} <em>{row.formula}</em></h3>'
        f"<p>{row.text}</p></header>{''.join(tiles)}{row.instead}</div>"
    )


def _percent(place: int, of: int) -> str:
    """Where tile ``place`` begins in the atlas, in CSS's units."""
    return f"{100 * place / (of - 1):.6g}%" if of > 1 else "0%"
