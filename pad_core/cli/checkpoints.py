"""``export``, ``info`` and ``import``: networks as files that ship."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from pad_core.checkpoint.training_config import TrainingConfig
from pad_core.cli.options import Option
from pad_core.cli.shared import Root, load_images
from pad_core.errors import PadError, printable
from pad_core.system.fields import fields_of
from pad_core.system.output import print_json

if TYPE_CHECKING:  # so that --help needs no PyTorch
    from pad_core.checkpoint.schema import Export as Exported

ENDING = ".safetensors"
Out = Option("--out", "-o")
Bits = Annotated[
    Literal["auto", "8", "16"],
    Meta(description="per weight; auto takes 8 if separability stays within 0.3 points"),
]
DataSet = Annotated[str, Meta(description=fields_of(TrainingConfig)["dataset"].description)]


@dataclass(frozen=True)
class Export:
    """Write a run's network as a compact checkpoint."""

    source: Annotated[
        Path,
        Option(positional=True),
        Meta(description="run folder, or a checkpoint that a run kept (epoch-0001 …)"),
    ]
    out: Annotated[Path, Out, Meta(description="file to write")]
    dataset: Annotated[
        str | None, Meta(description="the run's data set (default: the one it was trained on)")
    ] = None
    root: Root = "data"
    bits: Bits = "auto"


def run_export(options: Export) -> None:
    """Writes the file, and says what rounding cost."""
    from pad_core.training.export import export_file, export_run, read_kept, read_recipe

    source = options.source
    if is_file := source.is_file():
        spec = str(read_kept(source).dataset.get("spec"))
    else:
        spec = read_recipe(source).dataset
    _check_ending(options.out)
    dataset = load_images(options.dataset or spec, options.root)
    write = export_file if is_file else export_run
    header = write(source, options.out, dataset, _number(options.bits))
    _report(options.out, header.export)


@dataclass(frozen=True)
class Info:
    """Say what a checkpoint holds."""

    file: Annotated[Path, Option(positional=True)]
    json: Annotated[bool, Meta(description="print an object")] = False


def run_info(options: Info) -> None:
    """Loads the whole file, so that all it prints is checked."""
    from pad_core.checkpoint.file import load
    from pad_core.cli.display import checkpoint_summary

    network = load(options.file)
    if options.json:
        counts = {split: len(memory) for split, memory in network.memories.items()}
        facts = {"file": printable(str(options.file)), "sha256": network.sha256, "memories": counts}
        print_json(facts | network.header.to_dict())
    else:
        print(checkpoint_summary(network))


@dataclass(frozen=True)
class Import:
    """Convert a checkpoint of the published PAD code (.pth)."""

    file: Annotated[Path, Option(positional=True)]
    out: Annotated[Path | None, Out, Meta(description="file to write (default: beside it)")] = None
    dataset: DataSet = "cifar10"
    root: Root = "data"
    condition: Annotated[str, Meta(description="what the network lived through")] = "pad"
    seed: Annotated[int, Meta(description="the run's seed or number")] = 0
    epoch: Annotated[
        int | None,
        Meta(description="epochs it was trained (default: the number of its losses)"),
    ] = None
    bits: Bits = "auto"


def run_import(options: Import) -> None:
    """Writes the file, and says what rounding cost."""
    from pad_core.model.condition import find_condition
    from pad_core.training.export import import_published

    condition = find_condition(options.condition)
    if not options.file.name:  # '/' or '.'
        raise PadError(f"There is no file {options.file}.")
    out = options.out or options.file.with_suffix(ENDING)
    _check_ending(out)
    dataset = load_images(options.dataset, options.root)
    header = import_published(
        options.file, out, condition, dataset, options.seed, options.epoch, _number(options.bits)
    )
    _report(out, header.export)


def _check_ending(out: Path) -> None:
    if out.suffix != ENDING:
        raise PadError(f"--out is a file whose name ends in {ENDING}, not {out}.")


def _number(bits: str) -> Any:
    return None if bits == "auto" else int(bits)


def _report(path: Path, export: Exported) -> None:
    line = f"{path}: {path.stat().st_size / 1e6:.2f} MB at {export['bits']} bits"
    if "converged_separability" in export:
        line += (
            f"; converged linear separability {export['converged_separability']:.2f} %, "
            f"{export['converged_separability_full_precision']:.2f} % before rounding"
        )
    print(f"{line}.")
