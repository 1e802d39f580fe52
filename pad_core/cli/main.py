"""The commands of ``python -m pad_core``: options in, exit status out."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from pad_core.cli.arguments import build_parser
from pad_core.errors import PadError, printable, tolerate_unprintable_output
from pad_core.model.condition import Condition
from pad_core.system.streams import print_json

if TYPE_CHECKING:
    from pad_core.checkpoint.schema import Export
    from pad_core.evaluation.evaluate_files import EvaluationOfFile

STOPPED = 130  # a shell's exit status for a process that Ctrl-C ended


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status. A user's error takes one line."""
    tolerate_unprintable_output()
    options = build_parser().parse_args(arguments)
    try:
        return int(COMMANDS[options.command](options) or 0)
    except PadError as error:
        print(f"pad_core {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # the reader of our output, such as 'head', has ended
        sys.stderr.close()
        return 1


def _overrides(pairs: list[str]) -> dict[str, str]:
    fields = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise PadError(f"--set takes FIELD=VALUE, such as lam_prime=0.8, not {pair!r}.")
        fields[name] = value
    return fields


def run_train(options: argparse.Namespace) -> int:
    """``train``: exit status 0 after the last epoch, 130 if stopped before."""
    from pad_core.training.lock import occupied

    folder = options.run_folder  # a named folder is locked while the images load, too
    with occupied(folder) if folder else contextlib.nullcontext():
        return _train(options)


def _train(options: argparse.Namespace) -> int:
    from pad_core.cli.display import TrainingDisplay
    from pad_core.model.condition import find_condition
    from pad_core.system.hardware import save_every_s
    from pad_core.training.loop import train
    from pad_core.training.run_folder import epochs_done, own_precision, run_folder

    condition = find_condition(options.condition, _overrides(options.overrides))
    device, recipe = _recipe(options, condition, options.seed)
    dataset = _load_dataset(options.dataset, options.root)
    folder = options.run_folder or run_folder(Path("runs"), dataset.name, condition, recipe.seed)
    if options.resume and options.precision == "auto":
        recipe = own_precision(recipe, folder)
    before = epochs_done(folder)
    stop = _stop_on_signals()
    with TrainingDisplay(folder, recipe, device) as display:
        run = train(
            folder,
            recipe,
            dataset,
            device=device,
            resume=options.resume,
            probe_every=options.probe_every,
            keep_epochs=options.keep_epochs,
            save_every_s=save_every_s(device),
            on_progress=display.on_progress,
            on_epoch=display.on_epoch,
            should_stop=stop,
        )
    if run.epoch < recipe.epochs:
        print(f"Stopped in epoch {run.epoch + 1}; the same command with --resume goes on.")
        return STOPPED
    if before >= recipe.epochs:
        print(f"{folder} already had {before} epochs; a larger --epochs trains it further.")
    print(f"{folder} has {run.epoch} epochs. 'export {folder} --out FILE' makes it a checkpoint.")
    return 0


def _recipe(options: argparse.Namespace, condition: Condition, seed: int) -> tuple[Any, Any]:
    """The device and the recipe, from the options of ``_add_dataset`` and ``_add_recipe``."""
    from pad_core.system.hardware import choose_device, choose_precision
    from pad_core.training.config import Recipe

    device = choose_device(options.device)
    precision = options.precision
    recipe = Recipe(
        dataset=options.dataset,
        condition=condition,
        epochs=options.epochs,
        seed=seed,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        precision=choose_precision(device) if precision == "auto" else precision,
        adam_coasts=options.adam_coasts,
    )
    return device, recipe


def run_sweep(options: argparse.Namespace) -> int:
    """``sweep``: exit status 0 if all cells are trained, 130 if stopped, 1 if a cell failed."""
    from pad_core.checkpoint.same_data import comparable_record
    from pad_core.cli.display import SweepDisplay
    from pad_core.model.condition import PAD
    from pad_core.system.hardware import save_every_s
    from pad_core.training.run_folder import own_precision
    from pad_core.training.sweep import Settings, plan, sweep

    device, template = _recipe(options, PAD, seed=0)
    dataset = _load_dataset(options.dataset, options.root)
    cells = plan(
        template,
        dataset.name,
        options.conditions,
        options.seeds,
        options.runs,
        options.keep_epochs,
        comparable_record(dataset),
    )
    if options.precision == "auto":
        cells = [replace(c, recipe=own_precision(c.recipe, c.folder)) for c in cells]
    engine = _engine(options, device, dataset)
    settings = Settings(
        root=options.root,
        device=str(device),
        threads=max(1, (os.cpu_count() or 1) // (options.jobs or 1)),
        probe_every=options.probe_every,
        save_every_s=save_every_s(device),
    )
    stop = _stop_on_signals()
    with SweepDisplay() as display:
        states = sweep(cells, settings, engine, display.on_change, stop)
    failed = [state for state in states if state.status == "failed"]
    for state in failed:
        print(f"{state.cell.folder}: {state.error}")
    if failed:
        return 1
    if any(state.status != "finished" for state in states):
        print("Stopped; the same command goes on.")
        return STOPPED
    return 0


def _engine(options: argparse.Namespace, device: Any, dataset: Any) -> Any:
    """Where a sweep's cells train: a Ray cluster, the streams of a GPU, or processes."""
    if options.ray:
        from pad_core.training.sweep_ray import RayEngine

        return RayEngine(options.ray, 1 / (options.jobs or 1) if device.type == "cuda" else 0.0)
    if device.type == "cuda":
        from pad_core.training.sweep_streams import MOST_AT_ONCE, StreamEngine

        engine = StreamEngine(device, options.jobs or MOST_AT_ONCE)
        engine.share(dataset)
        return engine
    from pad_core.training.sweep import LocalEngine

    return LocalEngine(options.jobs or 1)


def run_export(options: argparse.Namespace) -> None:
    """``export``."""
    from pad_core.checkpoint.file import load_header
    from pad_core.training.export import export_file, export_run, read_recipe

    source: Path = options.source
    if is_file := source.is_file():
        spec = str(load_header(source).dataset.get("spec"))
    else:
        spec = read_recipe(source).dataset
    dataset = _load_dataset(options.dataset or spec, options.root)
    write = export_file if is_file else export_run
    header = write(source, options.out, dataset, _bits(options))
    _report_export(options.out, header.export)


def run_info(options: argparse.Namespace) -> None:
    """``info``: loads the whole file, so that all it prints is checked."""
    from pad_core.checkpoint.file import load
    from pad_core.cli.display import checkpoint_summary

    network = load(options.file)
    if options.json:
        counts = {split: len(memory) for split, memory in network.memories.items()}
        facts = {"file": printable(str(options.file)), "sha256": network.sha256, "memories": counts}
        print_json(facts | network.header.to_dict())
    else:
        print(checkpoint_summary(network))


def run_import(options: argparse.Namespace) -> None:
    """``import``."""
    from pad_core.model.condition import find_condition
    from pad_core.training.export import import_published

    condition = find_condition(options.condition)
    out = options.out or options.file.with_suffix(".safetensors")
    dataset = _load_dataset(options.dataset, options.root)
    header = import_published(
        options.file, out, condition, dataset, options.seed, options.epoch, _bits(options)
    )
    _report_export(out, header.export)


def run_evaluate(options: argparse.Namespace) -> int:
    """``evaluate``: a table for people, or a list of objects with --json.

    It prints what was measured even if the rest failed. The exit status is 1 if some networks could
    not be measured or recorded, and 2 if none could.
    """
    from rich.console import Console

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
                Console().print(table)
    return (1 if found else 2) if problems else 0


def run_compare(options: argparse.Namespace) -> None:
    """``compare``: two matrices for people, or an object with --json."""
    from rich.console import Console

    from pad_core.evaluation.compare import compare_files, comparison_tables

    found = compare_files(
        options.files, options.data, options.root, options.images, options.layer, options.device
    )
    if options.json:
        print_json(found)
    else:
        for table in comparison_tables(found):
            Console().print(table)


def run_reproduce(options: argparse.Namespace) -> None:
    """``reproduce``: lists the items, or writes a page."""
    from pad_core.report.items import ITEMS
    from pad_core.report.page import reproduce

    if not options.items:
        for name, item in ITEMS.items():
            print(f"{name:<9} {item.title}")
        return
    items = list(ITEMS) if options.items == ["all"] else options.items
    out = options.out or Path("reports") / f"{'-'.join(options.items)}.html"
    for line in reproduce(items, options.checkpoints, out):
        print(line)


def run_cards(options: argparse.Namespace) -> int:
    """``cards``: writes FOLDER/README.md; exit status 1 if a file can't be read."""
    from pad_core.report.cards import cards
    from pad_core.report.catalogue import find
    from pad_core.system.files import write_atomically

    catalogue, problems = find([options.folder])
    for problem in problems:
        print(problem, file=sys.stderr)
    if not catalogue.entries:
        raise PadError(f"There is no checkpoint in {options.folder}.")
    out = options.folder / "README.md"
    write_atomically(out, cards(catalogue).encode())
    print(f"{out}: {len(catalogue.entries)} networks")
    return 1 if problems else 0


def run_bench(options: argparse.Namespace) -> None:
    """``bench``: a table for people, or a list of objects with --json."""
    from rich.console import Console

    from pad_core.cli.bench import PARTS, bench, table
    from pad_core.system.hardware import choose_device

    parts = [options.part] if options.part else list(PARTS)
    rows: list[dict[str, Any]] = []

    def say(part: str) -> None:
        print(f"Measuring: {part} …", file=sys.stderr)

    try:
        device = choose_device(options.device)
        rows.extend(bench(parts, device, options.quick, options.threads, say))
    finally:  # prints what was measured before a part failed or was stopped
        if options.json and rows:
            print_json(rows)
        elif rows:
            Console().print(table(rows))


def _bits(options: argparse.Namespace) -> Any:
    return None if options.bits == "auto" else int(options.bits)


def _report_export(path: Path, export: Export) -> None:
    line = f"{path}: {path.stat().st_size / 1e6:.2f} MB at {export['bits']} bits"
    if "converged_separability" in export:
        line += (
            f"; converged linear separability {export['converged_separability']:.2f} %, "
            f"{export['converged_separability_full_precision']:.2f} % at full precision"
        )
    print(f"{line}.")


def _load_dataset(spec: str, root: str) -> Any:
    from pad_core.cli.display import loading_bar
    from pad_core.data.load import load_dataset

    with loading_bar() as progress:
        dataset = load_dataset(spec, root, progress)
    if (
        ":" in dataset.spec and dataset.note
    ):  # says how the folder was read: its owner may have meant something else
        print(f"{dataset.spec}: {dataset.note}", file=sys.stderr)
    return dataset


def _stop_on_signals() -> Callable[[], bool]:
    """Request a stop at Ctrl-C or SIGTERM; a second Ctrl-C stops at once."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        print("\nStopping after this mini-batch …", file=sys.stderr)

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    return lambda: asked


COMMANDS: dict[str, Callable[[argparse.Namespace], int | None]] = {
    "train": run_train,
    "sweep": run_sweep,
    "export": run_export,
    "info": run_info,
    "import": run_import,
    "evaluate": run_evaluate,
    "compare": run_compare,
    "reproduce": run_reproduce,
    "cards": run_cards,
    "bench": run_bench,
}
