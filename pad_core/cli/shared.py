"""Options and functions that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from pad_core.errors import PadError

if TYPE_CHECKING:  # so that --help needs no PyTorch
    from pad_core.data.load import DataSet

Root = Annotated[str, Meta(description="folder of downloaded data sets")]
Device = Annotated[str, Meta(description="cpu, cuda, mps, or auto: a GPU where there is one")]


def as_pairs(texts: Iterable[str], example: str) -> dict[str, str]:
    """FIELD → VALUE of what ``--set`` was given; PadError for other texts, or a field twice."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise PadError(f"--set takes FIELD=VALUE, such as {example}, not {text!r}.")
        if name in pairs:
            raise PadError(f"--set gives {name} twice: {pairs[name]} and {value}.")
        pairs[name] = value
    return pairs


def load_images(spec: str, root: str) -> DataSet:
    """Load a data set with a progress bar, and say how a folder was read."""
    from pad_core.cli.display import loading_bar
    from pad_core.data.load import load_dataset

    with loading_bar() as progress:
        dataset = load_dataset(spec, root, progress)
    if ":" in dataset.spec and dataset.note:  # its owner may have meant something else
        print(f"{dataset.spec}: {dataset.note}", file=sys.stderr)
    return dataset
