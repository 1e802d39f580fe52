"""What the viewer chose, to and from the page's address."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from pad_core.checkpoint import SPLITS
from pad_core.occlusion import MAX_SIZE_PX, MIN_SIZE_PX
from pad_core.randomness import MAX_SEED


class Limits(NamedTuple):
    """Lowest and highest value of a number, and the step it is rounded to."""

    low: float
    high: float
    step: float


LIMITS = {
    "seed": Limits(0, MAX_SEED, 1),
    "intensity": Limits(0.0, 1.0, 0.01),
    "size_px": Limits(MIN_SIZE_PX, MAX_SIZE_PX, 1),
    "lam": Limits(0.0, 1.0, 0.01),
    "lam_prime": Limits(0.0, 1.0, 0.01),
    "noise_level": Limits(0.0, 10.0, 0.01),
}


@dataclass(frozen=True)
class Choices:
    """All that the pictures depend on; the defaults are the paper's where it has any.

    checkpoint: key of a checkpoint (see ``loaders``), empty before one is chosen;
    folder: a further folder to look for checkpoints in, or empty; split: of the memories;
    seed: of memories, masks and noise; intensity, size_px: occlusion in NREM; lam,
    lam_prime, noise_level: λ, λ′ and σ in REM.
    """

    checkpoint: str = ""
    folder: str = ""
    split: str = "test"
    seed: int = 0
    intensity: float = 0.3
    size_px: int = 4
    lam: float = 0.5
    lam_prime: float = 0.5
    noise_level: float = 1.0

    def to_query(self) -> dict[str, str]:
        """The parameters of an address that brings back exactly these choices."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _text(value) for name, value in values.items() if value != ""}

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Choices:
        """Read an address; what it gets wrong or leaves out keeps its default."""
        chosen: dict[str, str | float] = {}
        for field in fields(cls):
            value = _read(field.name, query[field.name]) if field.name in query else None
            if value is not None:
                chosen[field.name] = value
        return cls(**chosen)  # type: ignore[arg-type]


def _read(name: str, text: str) -> str | float | None:
    """The value of one parameter, or None where it is invalid."""
    if name == "split":
        return text if text in SPLITS else None
    if name not in LIMITS:
        return text
    limits = LIMITS[name]
    try:
        number = float(text)
    except ValueError:
        return None
    if not limits.low <= number <= limits.high:  # NaN is refused here, too
        return None
    if isinstance(limits.step, int):
        return int(number) if number == math.floor(number) else None
    return round(number, 2)


def _text(value: str | float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
