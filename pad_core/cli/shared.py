"""Options and functions that several commands share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

if TYPE_CHECKING:  # so that --help needs no PyTorch
    from pad_core.data.load import DataSet

STOPPED = 130  # a shell's exit status for a process that Ctrl-C ended

Root = Annotated[str, Meta(description="folder of downloaded data sets")]
Device = Annotated[str, Meta(description="cpu, cuda, mps, or auto: a GPU where there is one")]


def load_images(spec: str, root: str) -> DataSet:
    """Load a data set with a progress bar, and say how a folder was read."""
    from pad_core.cli.display import loading_bar
    from pad_core.data.load import load_dataset

    with loading_bar() as progress:
        dataset = load_dataset(spec, root, progress)
    if ":" in dataset.spec and dataset.note:  # its owner may have meant something else
        print(f"{dataset.spec}: {dataset.note}", file=sys.stderr)
    return dataset
