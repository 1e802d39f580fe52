"""Tell apart data sets that have the same name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Data(NamedTuple):
    """A data set as a file records it; sha256 is its fingerprint, None if none was recorded."""

    name: str
    n_train: int
    n_test: int
    sha256: str | None = None

    def is_same(self, other: Data) -> bool:
        """Whether both can be the same images, by all that is recorded."""
        unknown = self.sha256 is None or other.sha256 is None
        return self[:3] == other[:3] and (unknown or self.sha256 == other.sha256)


def labels(found: Sequence[Data]) -> list[str]:
    """A name for each data set; different ones of the same name get their numbers or an id.

    'trees', or 'trees (24 + 12 images)', or 'trees (24 + 12 images, 3f9a1c)'.
    """
    different: list[Data] = []
    for data in sorted(found, key=lambda data: data.sha256 is None):
        if not any(data.is_same(other) for other in different):
            different.append(data)

    def label(data: Data) -> str:
        others = [other for other in different if other.name == data.name]
        if len(others) == 1:
            return data.name
        told = f"{data.n_train:,} + {data.n_test:,} images"
        if sum(other[:3] == data[:3] for other in others) > 1:
            first = next(other for other in others if data.is_same(other))
            told += f", {(first.sha256 or 'of old')[:6]}"
        return f"{data.name} ({told})"

    return [label(data) for data in found]
