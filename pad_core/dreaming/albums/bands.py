"""Bands: rows of pictures with what is said of each, for a page and for a folder alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import torch

from pad_core.checkpoint.file import Memories
from pad_core.dreaming.albums.album import Album, Setting, tiles
from pad_core.dreaming.lucid import N_DREAMS, night_places
from pad_core.errors import PadError
from pad_core.system.randomness import MAX_SEED

N = N_DREAMS  # pictures of a band
SPLIT = Setting("test", ("test", "train"), "whose stored memories")
SEED = Setting(0, range(MAX_SEED + 1), "of all that is drawn")


class Band(NamedTuple):
    """A row of pictures.

    name: of its file; title, text: what it shows; images: (B, 3, 32, 32) in [−1, 1]; captions,
    notes: a line each under every picture; levels: 0 to 1, a bar under each.
    """

    name: str
    title: str
    text: str
    images: torch.Tensor
    captions: Sequence[str] = ()
    notes: Sequence[str] = ()
    levels: Sequence[float] = ()


def album(bands: Iterable[Band], facts: dict[str, Any] | None = None) -> Album:
    """Bands as files, with what is said of them as facts."""
    pictures, told = {}, {}
    for number, band in enumerate(bands, start=1):
        pictures[f"{number:02d}-{band.name}.png"] = tiles(band.images, len(band.images))
        told[band.name] = {
            "title": band.title,
            "captions": list(band.captions),
            "notes": list(band.notes),
        }
    return Album(pictures, {"bands": told, **(facts or {})})


def pairs(memories: Memories, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Places of up to N memories and of as many that they mix with, as the explorer draws them.

    Raises:
        PadError: fewer than two memories.
    """
    first, second = night_places(memories, seed).chunk(2)
    return first, second


def parse_places(text: str) -> tuple[int, ...]:
    """Places from 1 with commas between them, '1,4,7', in order; PadError for another text."""
    parts = text.split(",") if text else []
    if not all(part.isascii() and part.isdigit() and 0 < int(part) <= N for part in parts):
        raise PadError(f"Places are numbers from 1 to {N} with commas, not {text[:40]!r}.")
    return tuple(sorted({int(part) for part in parts}))
