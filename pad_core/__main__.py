"""The command line: ``python -m pad_core COMMAND --help``."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from pad_core.conditions import Condition
from pad_core.errors import PadError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status. Errors of the user take one line."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except PadError as error:
        print(f"pad_core {options.command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output, such as 'head', has left
        sys.stderr.close()
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pad_core",
        description="Perturbed and adversarial dreaming: train networks, export and inspect them.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train one network in a run folder")
    _add_dataset(train, default="fashion-mini")
    train.add_argument(
        "--condition", default="pad", help="a built-in condition or a .json file (default: pad)"
    )
    train.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", dest="overrides",
        help="change a field of the condition, such as lam_prime=0.8; may be repeated",
    )  # fmt: skip
    train.add_argument("--epochs", type=int, default=50, help="(default: 50, as the paper)")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument(
        "--run",
        type=Path,
        dest="run_folder",
        help="run folder (default: runs/DATA-CONDITION-seedS)",
    )
    train.add_argument("--resume", action="store_true", help="go on where the run folder stands")
    _add_recipe(train)
    train.set_defaults(run=run_train)

    sweep = commands.add_parser("sweep", help="train a grid of conditions × seeds")
    _add_dataset(sweep, default="fashion-mini")
    sweep.add_argument(
        "--conditions", default="table1",
        help="all, table1 (the five of the paper's Table 1, default), or names and .json files "
        "with commas between",
    )  # fmt: skip
    sweep.add_argument("--seeds", type=int, default=4, help="how many, from 0 (default: 4)")
    sweep.add_argument("--epochs", type=int, default=50, help="(default: 50, as the paper)")
    sweep.add_argument("--runs", type=Path, default=Path("runs"), help="where run folders lie")
    sweep.add_argument(
        "--jobs", type=int, default=1,
        help="networks that train at once; on a Ray cluster, those that share a machine's cores "
        "or a GPU",
    )  # fmt: skip
    sweep.add_argument(
        "--ray", metavar="ADDRESS",
        help="train on a Ray cluster: its address, or 'local' (see requirements-cluster.txt)",
    )  # fmt: skip
    _add_recipe(sweep)
    sweep.set_defaults(run=run_sweep)

    export = commands.add_parser("export", help="write a run's network as a compact checkpoint")
    export.add_argument(
        "source", type=Path, help="run folder, or a checkpoint that a run kept (epoch-0001 …)"
    )
    export.add_argument("--out", "-o", type=Path, required=True, help="file to write")
    export.add_argument("--dataset", help="the run's data set (default: as it was trained)")
    export.add_argument("--root", default="data", help="folder of downloaded data sets")
    _add_bits(export)
    export.set_defaults(run=run_export)

    info = commands.add_parser("info", help="say what a checkpoint holds")
    info.add_argument("file", type=Path)
    info.add_argument("--json", action="store_true")
    info.set_defaults(run=run_info)

    importer = commands.add_parser(
        "import", help="convert a checkpoint of the published PAD code (.pth)"
    )
    importer.add_argument("file", type=Path)
    importer.add_argument("--out", "-o", type=Path, help="file to write (default: beside it)")
    _add_dataset(importer, default="cifar10")
    importer.add_argument("--condition", default="pad", help="what the network lived through")
    importer.add_argument("--seed", type=int, default=0, help="the run's seed or number")
    importer.add_argument("--epoch", type=int, default=50, help="epochs it was trained")
    _add_bits(importer)
    importer.set_defaults(run=run_import)

    evaluate = commands.add_parser("evaluate", help="measure checkpoints as the paper does")
    evaluate.add_argument("files", type=Path, nargs="+", metavar="CHECKPOINT")
    evaluate.add_argument(
        "--data", metavar="SPEC",
        help="data set to measure on (default: the checkpoint's own where it is here, else "
        "reconstructions of its stored memories; 'memories' asks for these)",
    )  # fmt: skip
    evaluate.add_argument("--root", default="data", help="folder of downloaded data sets")
    evaluate.add_argument("--json", action="store_true", help="print a list of objects")
    evaluate.add_argument(
        "--record", action="store_true", help="write the results into the checkpoints' headers"
    )
    evaluate.add_argument("--full", action="store_true", help="all test images, more masks; slow")
    evaluate.add_argument(
        "--fid", nargs="?", const="download", metavar="WEIGHTS",
        help="FID by torch-fidelity, with weights from a file or downloaded (slow without a "
        "GPU), in place of the Fréchet distance on a small classifier's features",
    )  # fmt: skip
    evaluate.add_argument("--device", default="auto", help="cpu, cuda or auto (default)")
    evaluate.set_defaults(run=run_evaluate)

    reproduce = commands.add_parser("reproduce", help="the paper's table and figures, as a page")
    reproduce.add_argument(
        "items", nargs="*", metavar="ITEM", help="such as table1 or fig4; none lists them, "
        "'all' is all of them",
    )  # fmt: skip
    reproduce.add_argument(
        "--checkpoints", type=Path, nargs="+", default=[Path("checkpoints"), Path("runs")],
        metavar="PATH", help="files, or folders to look through (default: checkpoints runs)",
    )  # fmt: skip
    reproduce.add_argument(
        "--out", "-o", type=Path, help="page to write (default: reports/ITEM-….html)"
    )
    reproduce.set_defaults(run=run_reproduce)

    cards = commands.add_parser("cards", help="describe the checkpoints of a folder in its README")
    cards.add_argument("folder", type=Path, nargs="?", default=Path("checkpoints"))
    cards.set_defaults(run=run_cards)
    _add_bench(commands)
    return parser


def _add_dataset(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--dataset", default=default,
        help="cifar10, svhn, mnist, fashion-mnist, fashion-mini (ships with the code), "
        f"parquet:DIR or folder:DIR (default: {default})",
    )  # fmt: skip
    parser.add_argument("--root", default="data", help="folder of downloaded data sets")


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    """What ``train`` and ``sweep`` have in common."""
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (default)")
    parser.add_argument(
        "--precision", choices=("auto", "fp32", "bf16"), default="auto",
        help="of the convolutions; auto takes bf16 where the hardware multiplies it faster",
    )  # fmt: skip
    parser.add_argument(
        "--probe-every", type=int, default=0, metavar="N",
        help="measure linear separability every N epochs (default: never)",
    )  # fmt: skip
    parser.add_argument(
        "--keep-epochs", type=_int_list, default=(), metavar="N,N",
        help="keep the network after these epochs as files of their own",
    )  # fmt: skip


def _add_bits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bits", choices=("auto", "8", "16"), default="auto",
        help="per weight; auto takes 8 where separability stays within 0.3 points",
    )  # fmt: skip


def _int_list(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _overrides(pairs: list[str]) -> dict[str, str]:
    fields = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise PadError(f"--set takes FIELD=VALUE, such as lam_prime=0.8, not {pair!r}.")
        fields[name] = value
    return fields


def run_train(options: argparse.Namespace) -> int:
    """``train``: exit status 0 when the last epoch is done, 130 when stopped before."""
    from pad_core.occupancy import occupied

    folder = options.run_folder  # one that is named is held while the images load, too
    with occupied(folder) if folder else contextlib.nullcontext():
        return _train(options)


def _train(options: argparse.Namespace) -> int:
    from pad_core.conditions import find_condition
    from pad_core.display import TrainingDisplay
    from pad_core.runfolder import epochs_done, own_precision, run_folder
    from pad_core.training import train

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
            on_progress=display.on_progress,
            on_epoch=display.on_epoch,
            should_stop=stop,
        )
    if run.epoch < recipe.epochs:
        print(f"Stopped in epoch {run.epoch + 1}; the same command with --resume goes on.")
        return 130
    if before >= recipe.epochs:
        print(f"{folder} already had {before} epochs; a larger --epochs trains it further.")
    print(f"{folder} has {run.epoch} epochs. 'export {folder} --out FILE' makes it a checkpoint.")
    return 0


def _recipe(options: argparse.Namespace, condition: Condition, seed: int) -> tuple[Any, Any]:
    """The device and the recipe that ``_add_dataset`` and ``_add_recipe`` options ask for."""
    from pad_core.recipe import Recipe, choose_device, choose_precision

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
    )
    return device, recipe


def run_sweep(options: argparse.Namespace) -> int:
    """``sweep``: exit status 0 when all is trained, 130 when stopped, 1 where a cell failed."""
    from pad_core.conditions import PAD
    from pad_core.display import SweepDisplay
    from pad_core.runfolder import own_precision
    from pad_core.sweep import LOG, Engine, LocalEngine, Settings, plan, sweep

    device, template = _recipe(options, PAD, seed=0)
    dataset = _load_dataset(options.dataset, options.root)
    cells = plan(template, dataset.name, options.conditions, options.seeds, options.runs)
    if options.precision == "auto":
        cells = [replace(c, recipe=own_precision(c.recipe, c.folder)) for c in cells]
    engine: Engine = LocalEngine(options.jobs)
    if options.ray:
        from pad_core.sweep_ray import RayEngine

        engine = RayEngine(options.ray, 1 / options.jobs if device.type == "cuda" else 0.0)
    settings = Settings(
        root=options.root,
        device=str(device),
        threads=max(1, (os.cpu_count() or 1) // options.jobs),
        probe_every=options.probe_every,
        keep_epochs=options.keep_epochs,
    )
    stop = _stop_on_signals()
    with SweepDisplay() as display:
        states = sweep(cells, settings, engine, display.on_change, stop)
    failed = [state for state in states if state.status == "failed"]
    for state in failed:
        print(f"{state.cell.folder}: {state.error} (all of it: {state.cell.folder / LOG})")
    if failed:
        return 1
    if any(state.status != "finished" for state in states):
        print("Stopped; the same command goes on.")
        return 130
    return 0


def run_export(options: argparse.Namespace) -> None:
    """``export``."""
    from pad_core.checkpoint import load_header
    from pad_core.export import export_file, export_run, read_recipe

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
    """``info``: loads the whole file, so that what it prints has been checked."""
    from pad_core.checkpoint import load
    from pad_core.display import describe

    network = load(options.file)
    if options.json:
        counts = {split: len(memory) for split, memory in network.memories.items()}
        facts = {"file": str(options.file), "sha256": network.sha256, "memories": counts}
        print(json.dumps(facts | network.header.to_dict(), indent=2, ensure_ascii=False))
    else:
        print(describe(network))


def run_import(options: argparse.Namespace) -> None:
    """``import``."""
    from pad_core.conditions import find_condition
    from pad_core.export import import_published

    condition = find_condition(options.condition)
    out = options.out or options.file.with_suffix(".safetensors")
    dataset = _load_dataset(options.dataset, options.root)
    header = import_published(
        options.file, out, condition, dataset, options.seed, options.epoch, _bits(options)
    )
    _report_export(out, header.export)


def run_evaluate(options: argparse.Namespace) -> None:
    """``evaluate``: a table for people, or a list of objects with --json."""
    from rich.console import Console

    from pad_core.evaluation import FULL, Protocol
    from pad_core.evaluator import evaluate_files
    from pad_core.summary import tables

    found = evaluate_files(
        options.files,
        options.data,
        options.root,
        FULL if options.full else Protocol(),
        options.fid,
        options.device,
        options.record,
    )
    if options.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for table in tables(found):
            Console().print(table)


def run_reproduce(options: argparse.Namespace) -> None:
    """``reproduce``: lists what there is, or writes a page."""
    from pad_core.report import reproduce
    from pad_core.report_items import ITEMS

    if not options.items:
        for name, item in ITEMS.items():
            print(f"{name:<9} {item.title}")
        return
    items = list(ITEMS) if options.items == ["all"] else options.items
    out = options.out or Path("reports") / f"{'-'.join(options.items)}.html"
    for line in reproduce(items, options.checkpoints, out):
        print(line)


def run_cards(options: argparse.Namespace) -> int:
    """``cards``: writes FOLDER/README.md; exit status 1 where a file can't be read."""
    from pad_core.cards import cards
    from pad_core.files import write_atomically
    from pad_core.shelf import find

    shelf, problems = find([options.folder])
    for problem in problems:
        print(problem, file=sys.stderr)
    if not shelf.entries:
        raise PadError(f"There is no checkpoint in {options.folder}.")
    out = options.folder / "README.md"
    write_atomically(out, cards(shelf).encode())
    print(f"{out}: {len(shelf.entries)} networks")
    return 1 if problems else 0


def _add_bench(commands: Any) -> None:
    bench = commands.add_parser(
        "bench", help="how fast this machine is, beside plain code and what it could do at best"
    )
    bench.add_argument("part", nargs="?", choices=("train", "probe", "explorer"))
    bench.add_argument("--json", action="store_true", help="print a list of objects")
    bench.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works")
    bench.add_argument("--device", default="auto", help="that trains: cpu, cuda or auto (default)")
    bench.set_defaults(run=run_bench)


def run_bench(options: argparse.Namespace) -> None:
    """``bench``: a table for people, or a list of objects with --json."""
    from rich.console import Console

    from pad_core.bench import PARTS, bench, table
    from pad_core.recipe import choose_device

    parts = [options.part] if options.part else list(PARTS)
    rows = bench(parts, choose_device(options.device), options.quick)
    if options.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        Console().print(table(rows))


def _bits(options: argparse.Namespace) -> Any:
    return None if options.bits == "auto" else int(options.bits)


def _report_export(path: Path, export: dict[str, Any]) -> None:
    print(
        f"{path}: {path.stat().st_size / 1e6:.2f} MB at {export['bits']} bits; converged linear "
        f"separability {export['converged_separability']:.2f} %, "
        f"{export['converged_separability_full_precision']:.2f} % at full precision."
    )


def _load_dataset(spec: str, root: str) -> Any:
    from pad_core.datasets import load_dataset
    from pad_core.display import loading_bar

    with loading_bar() as progress:
        return load_dataset(spec, root, progress)


def _stop_on_signals() -> Callable[[], bool]:
    """Ask for a stop at Ctrl-C or SIGTERM; a second Ctrl-C breaks off at once."""
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


if __name__ == "__main__":
    sys.exit(main())
