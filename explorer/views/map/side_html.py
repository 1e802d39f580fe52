"""The column beside the latent map as HTML: the clicked point, its neighbours, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import torch

from explorer.widgets import pictures
from pad_core.data.images import picture_grid

if TYPE_CHECKING:
    from explorer.views.map.component import ClassStyle


@dataclass(frozen=True)
class StripPicture:
    """A picture, (1, 3, 32, 32), float in [−1, 1] or uint8.

    name: for the pointer and for screen readers; caption: below it, a text or a class's colour.
    """

    image: torch.Tensor
    name: str
    caption: str | ClassStyle


def strip(tiles: Sequence[StripPicture], kind: str) -> str:
    """Pictures side by side; ``kind`` is 'four' or 'eight', the number that fills the column."""
    atlas = np.concatenate([picture_grid(tile.image, 1) for tile in tiles], axis=1)
    figures = "".join(
        f"<figure>{pictures.tile(tile.name, i, 0, len(tiles), 1)}"
        f"<figcaption>{_caption(tile.caption)}</figcaption></figure>"
        for i, tile in enumerate(tiles)
    )
    return (
        f'<div class="pad-strip pad-{kind}" style="{pictures.handed_down(atlas)}; '
        f'--columns: {len(tiles)}; --rows: 1">{figures}</div>'
    )


def _caption(caption: str | ClassStyle) -> str:
    if isinstance(caption, str):
        return escape(caption)
    return f'<i style="background: light-dark({caption.colour}, {caption.dark})"></i>'


def section(name: str, title: str, note: str, *parts: str) -> str:
    """A titled section of the column; ``parts`` are HTML, title and note are plain text."""
    body = "".join(parts)
    return (
        f'<section class="pad-side pad-{name}"><h3>{escape(title)} <em>{escape(note)}</em></h3>'
        f"{body}</section>"
    )


def heading(text: str) -> str:
    """A line above pictures; plain text."""
    return f"<h4>{escape(text)}</h4>"


def line(text: str, warning: bool = False) -> str:
    """A sentence; plain text."""
    kind = ' class="pad-warning" role="alert"' if warning else ""
    return f"<p{kind}>{escape(text)}</p>"


def bars(counts: np.ndarray, classes: Sequence[ClassStyle]) -> str:
    """The counts of classes, (K,), as bars in the classes' colours."""
    most = max(1, int(counts.max()))
    rows = "".join(
        f"<tr><th>{escape(style.name)}</th><td>{count:,}</td>"
        f'<td><i style="width: {100 * count / most:.1f}%; '
        f'background: light-dark({style.colour}, {style.dark})"></i></td></tr>'
        for style, count in zip(classes, counts.tolist(), strict=True)
    )
    return f'<table class="pad-bars">{rows}</table>'
