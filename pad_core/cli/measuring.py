"""``evaluate`` and ``compare``: measures of networks, and their similarity."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from pad_core.cli.options import Option
from pad_core.cli.shared import Device, Root
from pad_core.errors import printable
from pad_core.system.output import print_json

if TYPE_CHECKING:  # so that --help needs no PyTorch
    from pad_core.evaluation.evaluate_files import EvaluationOfFile

Files = Annotated[tuple[Path, ...], Option(positional=True, metavar="CHECKPOINT")]


@dataclass(frozen=True)
class Evaluate:
    """Measure checkpoints as the paper does."""

    files: Files
    data: Annotated[
        str | None,
        Option(metavar="SPEC"),
        Meta(
            description="data set to measure on (default: the checkpoint's own if it is here, "
            "else reconstructions of its stored memories; 'memories' asks for these)"
        ),
    ] = None
    root: Root = "data"
    json: Annotated[bool, Meta(description="print a list of objects")] = False
    record: Annotated[bool, Meta(description="write the results into the checkpoints' headers")] = (
        False
    )
    full: Annotated[bool, Meta(description="all test images, more masks; slow")] = False
    fid: Annotated[
        str | None,
        Option(metavar="WEIGHTS", alone="download"),
        Meta(
            description="FID by torch-fidelity, with weights from a file or downloaded (slow "
            "without a GPU), in place of the Fréchet distance on a small classifier's features"
        ),
    ] = None
    fine_tune: Annotated[
        int,
        Option(metavar="EPOCHS"),
        Meta(
            ge=0,
            le=100_000,
            description="also fine-tune a copy of each encoder with all labels, and an untrained "
            "encoder; slow without a GPU; 0 leaves it out",
        ),
    ] = 0
    device: Device = "auto"


def run_evaluate(options: Evaluate) -> int:
    """A table for people, or a list of objects with --json.

    All files and data are read first: if one can't be, nothing is measured, and the exit status is
    2. Later, what was measured is printed even if the rest fails: the exit status is 1 if some
    networks could not be measured or recorded, and 2 if none could be measured.
    """
    from pad_core.cli.display import print_table
    from pad_core.evaluation.evaluate import FULL, Protocol
    from pad_core.evaluation.evaluate_files import evaluate_files
    from pad_core.report.summary import tables

    problems: list[str] = []
    found: list[EvaluationOfFile] = []

    def say(problem: str) -> None:
        problems.append(problem)
        print(f"pad_core evaluate: {printable(problem)}", file=sys.stderr)

    try:
        for result in evaluate_files(
            options.files,
            options.data,
            options.root,
            replace(FULL if options.full else Protocol(), fine_tune_epochs=options.fine_tune),
            options.fid,
            options.device,
            options.record,
            say,
        ):
            found.append(result)  # noqa: PERF402 - an error must not lose earlier results
    finally:
        if options.json and found:
            print_json(found)
        elif found:
            for table in tables(found):
                print_table(table)
    return (1 if found else 2) if problems else 0


@dataclass(frozen=True)
class Compare:
    """Compare how networks see the same images: linear CKA and RSA."""

    files: Annotated[Files, Meta(description="two or more")]
    data: Annotated[
        str | None,
        Option(metavar="SPEC"),
        Meta(description="spec of the test images (default: the networks' own data set)"),
    ] = None
    root: Root = "data"
    images: Annotated[
        int,
        Option(metavar="N"),
        Meta(ge=3, le=99_999, description="largest number of test images"),
    ] = 1_000
    layer: Annotated[
        Literal["conv1", "conv2", "conv3", "z"],
        Meta(description="of the encoder; z are the latents"),
    ] = "z"
    json: Annotated[bool, Meta(description="print an object")] = False
    device: Device = "auto"


def run_compare(options: Compare) -> None:
    """Two matrices for people, or an object with --json."""
    from pad_core.cli.display import print_table
    from pad_core.evaluation.compare import compare_files, comparison_tables

    found = compare_files(
        options.files, options.data, options.root, options.images, options.layer, options.device
    )
    if options.json:
        print_json(found)
    else:
        for table in comparison_tables(found):
            print_table(table)
