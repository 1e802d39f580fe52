"""Pictures in a line with the operations between them: image → latent → image."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np

from explorer.widgets.pictures import source

_NETWORKS = {"E": "encoder", "G": "generator"}


@dataclass(frozen=True)
class FlowPicture:
    """A picture, uint8 (32, 32, 3), with a caption above (text) and a symbol below (HTML)."""

    symbol: str
    picture: np.ndarray
    caption: str


def flow(parts: list[FlowPicture | str]) -> str:
    """Pictures, and between them signs as HTML, such as an arrow with a network's name."""
    body = "".join(_part(part, place) for place, part in enumerate(parts))
    return f'<section class="pad-panel pad-flow">{body}</section>'


def arrow(network: str, sign: str = "→") -> str:
    """The sign of the network, 'E' or 'G', that maps one picture to the next."""
    return f"<small>{_NETWORKS[network]}</small><b><i>{network}</i></b>{sign}"


def _part(part: FlowPicture | str, place: int) -> str:
    """A picture or a sign; each appears after those at its left (see ``style.css``)."""
    turn = f'style="--turn: {place}"'
    if isinstance(part, str):
        return f'<span class="pad-sign" {turn}>{part}</span>'
    caption = escape(part.caption)
    return (
        f'<figure {turn}><h3>{caption}</h3><img src="{source(part.picture)}" alt="{caption}">'
        f"<figcaption>{part.symbol}</figcaption></figure>"
    )
