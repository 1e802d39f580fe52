"""What the viewer chose, to and from the page's address."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from explorer.session import map_address
from pad_core.checkpoint.file import SPLITS
from pad_core.model.occlusion import MAX_SIZE_PX, MIN_SIZE_PX
from pad_core.report.items import ITEMS
from pad_core.system.randomness import MAX_SEED

BY_SEED, PICTURE = -1, -2  # in place of a memory's place
MAX_PLACE = 10_000_000
CLOUDS = ("test", "train", "stored", "images")  # whose codes the map shows
N_STEPS = 9  # of the storyboard, at most
SIGHTS = ("night", "plane", "wall")  # eight memories' night; λ against λ′; many dreams


class Limits(NamedTuple):
    """Lowest and highest value of a number, and the step it is rounded to."""

    low: float
    high: float
    step: float

    def read(self, text: str) -> float | None:
        """The number that a text stands for; None where it is none or out of range."""
        try:
            number = float(text)
        except ValueError:
            return None
        if not self.low <= number <= self.high:  # NaN is refused here, too
            return None
        if isinstance(self.step, int):
            return int(number) if number == math.floor(number) else None
        return round(number, 2)

    def nearest(self, number: float) -> float:
        """The value that comes nearest to a number that somebody typed."""
        inside = min(max(number, self.low), self.high)
        return round(inside) if isinstance(self.step, int) else round(inside, 2)


def _number(default: float, low: float, high: float, step: float, terse: bool = False) -> Any:
    return field(default=default, metadata={"limits": Limits(low, high, step), "terse": terse})


def _option(default: str, options: tuple[str, ...], terse: bool = False) -> Any:
    return field(default=default, metadata={"options": options, "terse": terse})


def _checked(check: Callable[[str], bool]) -> Any:
    return field(default="", metadata={"check": check})


@dataclass(frozen=True)
class Choices:
    """All that the pages depend on; the defaults are the paper's where it has any.

    checkpoint: key of a checkpoint (see ``library.networks``), empty before one is chosen.
    folder: a further folder to look for checkpoints in, or empty.
    split: of the memories. seed: of memories, masks and noise.
    intensity, size_px: occlusion in NREM. lam, lam_prime, noise_level: λ, λ′ and σ in REM.
    compared: keys of the networks side by side, empty for the usual ones of the chosen
    network's data set.
    present: '1' for a talk.
    first, second: places of memories A and B among the split's, BY_SEED, or PICTURE for a
    picture that the viewer uploaded.
    sight: of the Dream page.
    cloud: whose codes the map shows. dims: of the map, '2' or '3'. beside: key of the second
    network on it, or empty. axes: of that one, turned onto the first's or its own. joined: '1'
    for occluded codes, too. picked: place in the cloud of the code looked at, or −1. spot: a
    place of the map that is no code's, 'network:x:y' or 'network:x:y:z', or empty. view: the
    map's window, or empty for all points. drawn: the outlines of its selection, or empty. hidden:
    classes out of sight on it, or empty (see ``map_address`` for the form of these three).
    wall: which pictures the ablation wall shows. against: key of the network that the others are
    compared with on it, or empty. amplified: the factor of the differences.
    curves: which part of that page. figure: of the paper. log: '1' for logarithmic losses.
    stage: epoch at which dreams are shown, 0 for the chosen network's own. abreast: what is
    shown of all epochs side by side, or empty for one epoch at a time.
    step: of the storyboard, from 1.
    measure: of linear separability. pixel_noise: standard deviation of noise on test images.
    """

    checkpoint: str = ""
    folder: str = ""
    split: str = _option("test", SPLITS)
    seed: int = _number(0, 0, MAX_SEED, 1)
    intensity: float = _number(0.3, 0.0, 1.0, 0.01)
    size_px: int = _number(4, MIN_SIZE_PX, MAX_SIZE_PX, 1)
    lam: float = _number(0.5, 0.0, 1.0, 0.01)
    lam_prime: float = _number(0.5, 0.0, 1.0, 0.01)
    noise_level: float = _number(1.0, 0.0, 10.0, 0.01)
    compared: tuple[str, ...] = ()
    present: str = _option("", ("", "1"))
    first: int = _number(BY_SEED, PICTURE, MAX_PLACE, 1, terse=True)
    second: int = _number(BY_SEED, PICTURE, MAX_PLACE, 1, terse=True)
    sight: str = _option("night", SIGHTS, terse=True)
    cloud: str = _option("test", CLOUDS, terse=True)
    dims: str = _option("2", ("2", "3"), terse=True)
    beside: str = ""
    axes: str = _option("aligned", ("aligned", "own"), terse=True)
    joined: str = _option("", ("", "1"))
    picked: int = _number(-1, -1, MAX_PLACE, 1, terse=True)
    spot: str = ""
    view: str = _checked(map_address.is_window)
    drawn: str = _checked(map_address.are_outlines)
    hidden: str = _checked(map_address.is_hidden)
    wall: str = _option("recalled", ("recalled", "nrem", "rem"), terse=True)
    against: str = ""
    amplified: int = _number(2, 1, 16, 1, terse=True)
    curves: str = _option("paper", ("paper", "measures", "losses", "epochs"), terse=True)
    figure: str = _option("table1", tuple(ITEMS), terse=True)
    log: str = _option("", ("", "1"))
    stage: int = _number(0, 0, 100_000, 1, terse=True)
    abreast: str = _option("", ("", "memories", "recovered", "rem"))
    step: int = _number(1, 1, N_STEPS, 1, terse=True)
    measure: str = _option("converged", ("converged", "paper"), terse=True)
    pixel_noise: float = _number(0.0, 0.0, 1.0, 0.01, terse=True)

    def to_query(self) -> dict[str, str | list[str]]:
        """The parameters of an address that brings back exactly these choices.

        Defaults of dials stand in it, so that it means the same where another version has
        others; a terse field is left out while it has its default.
        """
        query = {}
        for known in fields(self):
            value = getattr(self, known.name)
            usual = known.metadata.get("terse") and value == known.default
            if value not in ("", ()) and not usual:
                query[known.name] = _text(value)
        return query

    @classmethod
    def from_query(cls, query: Mapping[str, str | list[str]]) -> Choices:
        """Read an address; what it gets wrong or leaves out keeps its default.

        Args:
            query: the value of each parameter, or several; the last counts where one is wanted.
        """
        chosen = {}
        for known in fields(cls):
            given = query.get(known.name, [])
            if texts := [given] if isinstance(given, str) else given:
                value = _read(known.metadata, known.default, texts)
                if value is not None:
                    chosen[known.name] = value
        return cls(**chosen)


LIMITS: dict[str, Limits] = {
    field.name: field.metadata["limits"] for field in fields(Choices) if "limits" in field.metadata
}


def _read(metadata: Mapping[str, Any], default: Any, texts: list[str]) -> Any:
    """The value of one parameter, or None where it is invalid."""
    if isinstance(default, tuple):
        return tuple(dict.fromkeys(texts))
    if "limits" in metadata:
        return metadata["limits"].read(texts[-1])
    if "options" in metadata:
        return texts[-1] if texts[-1] in metadata["options"] else None
    if "check" in metadata:
        return texts[-1] if metadata["check"](texts[-1]) else None
    return texts[-1]


def _text(value: str | float | tuple[str, ...]) -> str | list[str]:
    if isinstance(value, tuple):
        return list(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
