"""The dream plane: a pad over (λ, λ′) with a point to drag, and the dream at that point.

A native slider tells the server nothing during a drag. Here the browser holds the dreams of a grid
of points in one PNG and shows them while the point moves. On release it tells the server, which
decodes the dream of exactly that point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import streamlit as st

from explorer.session.state import remembered, reported, session

Layout = Literal["page", "talk", "start"]
_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "pad_plane",
    html=(_HERE / "plane.html").read_text("utf-8"),
    css=(_HERE / "plane.css").read_text("utf-8"),
    js=(_HERE / "plane.js").read_text("utf-8"),
)


@dataclass(frozen=True)
class Dream:
    """The numbers beside a dream.

    realness: 0 to 1, or None if d was never trained; scores: the likeliest classes with their
    probabilities, best first, or none; distance: to the nearest memory, or None if unknown.
    """

    realness: float | None
    scores: Sequence[tuple[str, float]] = ()
    distance: float | None = None


@dataclass(frozen=True)
class Grid:
    """Prefetched dreams: λ grows to the right, λ′ upwards, both from 0 to 1.

    atlas: URL of a picture of steps × steps dreams; dreams: of each of them, row by row.
    """

    steps: int
    atlas: str
    dreams: Sequence[Dream]


@dataclass(frozen=True)
class Memory:
    """Memory A or B: its name, and the URL of its recalled picture."""

    name: str
    picture: str


def plane(
    grid: Grid,
    memories: tuple[Memory, Memory],
    here: tuple[float, float],
    trained: tuple[float, float],
    exact: str,
    dream: Dream,
    on_move: Callable[[float, float], None],
    layout: Layout,
    seen: tuple[str, str] | None = None,
) -> None:
    """Draw the plane.

    Args:
        memories: A and B.
        here, trained: (λ, λ′) now, and where the network was trained.
        exact, dream: the dream at ``here``: URL of its picture, and what is written beside it.
        on_move: called with λ and λ′ when the point was moved.
        layout: 'page': the pad, the pictures, what is read in the dream. 'talk': leave the pad
            out, and draw A, the dream and B as large as the screen allows; arrow keys then move
            the point wherever the focus is. 'start': the pad and the pictures; the point moves by
            itself until it is touched.
        seen: URLs of the images of A and B, for 'start'.
    """
    key = {"page": "plane-pad", "talk": "plane-talk", "start": "plane-start"}[layout]

    def moved() -> None:
        if (event := reported(key)) is None:
            return
        move = event["moved"]
        session()["plane-heard"] = move["time"]
        lam, lam_prime = move["point"]
        on_move(_on_the_plane(lam), _on_the_plane(lam_prime))

    _component(
        key=key,
        data={
            "grid": asdict(grid),
            "memories": [asdict(memory) for memory in memories],
            "here": here,
            "heard": remembered("plane-heard", 0),  # time of the newest known move in the browser
            "trained": trained,
            "exact": exact,
            "dream": asdict(dream),
            "talk": layout == "talk",
            "start": layout == "start",
            "seen": seen or (),
        },
        on_moved_change=moved,
    )


def _on_the_plane(value: float) -> float:
    return round(min(max(float(value), 0.0), 1.0), 2)
