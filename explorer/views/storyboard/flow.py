"""Pictures in a line with the operations between them: image → latent → image."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np

from explorer.widgets.pictures import source


@dataclass(frozen=True)
class FlowPicture:
    """A picture, uint8 (32, 32, 3), with a symbol above (HTML) and a caption below (text)."""

    symbol: str
    picture: np.ndarray
    caption: str


def flow(parts: list[FlowPicture | str]) -> str:
    """Pictures, and between them signs as HTML, such as an arrow with a network's name."""
    body = "".join(
        f'<span class="pad-sign">{part}</span>' if isinstance(part, str) else _tile(part)
        for part in parts
    )
    return f'<section class="pad-panel pad-flow">{body}</section>'


def arrow(network: str) -> str:
    """The sign of a network that maps one picture to the next."""
    return f"<b><i>{escape(network)}</i></b>→"


def _tile(tile: FlowPicture) -> str:
    caption = escape(tile.caption)
    return (
        f'<figure><h3>{tile.symbol}</h3><img src="{source(tile.picture)}" alt="{caption}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
