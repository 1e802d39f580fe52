"""The commands and options after ``pad`` or ``python -m pad_core``."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any


class _Parser(argparse.ArgumentParser):
    """Accepts only full option names: a new option could make an abbreviation ambiguous."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; ``options.command`` is the given one."""
    parser = _Parser(
        prog="pad" if Path(sys.argv[0]).stem == "pad" else "python -m pad_core",
        description="Perturbed and adversarial dreaming: train networks, export and inspect them.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    train = _command(commands, "train", "train one network in a run folder")
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
        type=_path,
        dest="run_folder",
        help="run folder (default: runs/DATA-CONDITION-seedS)",
    )
    train.add_argument("--resume", action="store_true", help="continue the run in the run folder")
    _add_recipe(train)

    sweep = _command(commands, "sweep", "train a grid of conditions × seeds")
    _add_dataset(sweep, default="fashion-mini")
    sweep.add_argument(
        "--conditions", default="table1",
        help="all, table1 (the five of the paper's Table 1, default), paper (its nine), discussion "
        "(what its Discussion proposes), or names and .json files with commas between",
    )  # fmt: skip
    sweep.add_argument("--seeds", type=int, default=4, help="how many, from 0 (default: 4)")
    sweep.add_argument("--epochs", type=int, default=50, help="(default: 50, as the paper)")
    sweep.add_argument("--runs", type=_path, default=Path("runs"),
                       help="where run folders lie (default: runs)")  # fmt: skip
    sweep.add_argument(
        "--jobs", type=int,
        help="networks that train at once (default: 1 on a CPU; on a GPU as many as raise the "
        "speed, at most 32); on a Ray cluster, networks that share a machine's cores or a GPU",
    )  # fmt: skip
    sweep.add_argument(
        "--ray", metavar="ADDRESS",
        help="train on a Ray cluster: its address, or 'local' (needs pip install -e '.[cluster]')",
    )  # fmt: skip
    _add_recipe(sweep)

    export = _command(commands, "export", "write a run's network as a compact checkpoint")
    export.add_argument(
        "source", type=_path, help="run folder, or a checkpoint that a run kept (epoch-0001 …)"
    )
    export.add_argument("--out", "-o", type=_path, required=True, help="file to write")
    export.add_argument("--dataset", help="the run's data set (default: the one it was trained on)")
    export.add_argument("--root", default="data", help="folder of downloaded data sets")
    _add_bits(export)

    info = _command(commands, "info", "say what a checkpoint holds")
    info.add_argument("file", type=_path)
    info.add_argument("--json", action="store_true")

    importer = _command(commands, "import", "convert a checkpoint of the published PAD code (.pth)")
    importer.add_argument("file", type=_path)
    importer.add_argument("--out", "-o", type=_path, help="file to write (default: beside it)")
    _add_dataset(importer, default="cifar10")
    importer.add_argument("--condition", default="pad", help="what the network lived through")
    importer.add_argument("--seed", type=int, default=0, help="the run's seed or number")
    importer.add_argument(
        "--epoch", type=int, help="epochs it was trained (default: the number of its losses)"
    )
    _add_bits(importer)

    evaluate = _command(commands, "evaluate", "measure checkpoints as the paper does")
    evaluate.add_argument("files", type=_path, nargs="+", metavar="CHECKPOINT")
    evaluate.add_argument(
        "--data", metavar="SPEC",
        help="data set to measure on (default: the checkpoint's own if it is here, else "
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
    evaluate.add_argument(
        "--fine-tune", type=_interval, default=0, metavar="EPOCHS",
        help="also fine-tune a copy of each encoder with all labels, and an untrained encoder "
        "(default: no; slow without a GPU)",
    )  # fmt: skip
    evaluate.add_argument("--device", default="auto", help="cpu, cuda, mps or auto (default)")

    compare = _command(
        commands, "compare", "compare how networks see the same images: linear CKA and RSA"
    )
    compare.add_argument("files", type=_path, nargs="+", metavar="CHECKPOINT", help="two or more")
    compare.add_argument(
        "--data", metavar="SPEC", help="whose test images (default: the networks' own data set)"
    )
    compare.add_argument("--root", default="data", help="folder of downloaded data sets")
    compare.add_argument(
        "--images", type=_count, default=1_000, metavar="N",
        help="the most test images (default: 1000)",
    )  # fmt: skip
    compare.add_argument(
        "--layer", choices=("conv1", "conv2", "conv3", "z"), default="z",
        help="of the encoder (default: z, the latents)",
    )  # fmt: skip
    compare.add_argument("--json", action="store_true", help="print an object")
    compare.add_argument("--device", default="auto", help="cpu, cuda, mps or auto (default)")

    reproduce = _command(
        commands, "reproduce", "show the paper's tables and figures with our networks, as a page"
    )
    reproduce.add_argument(
        "items", nargs="*", metavar="ITEM", help="such as table1 or fig4; none lists "
        "them, 'all' shows all",
    )  # fmt: skip
    reproduce.add_argument(
        "--checkpoints", type=_path, nargs="+", default=[Path("checkpoints"), Path("runs")],
        metavar="PATH", help="files, or folders to search (default: checkpoints runs)",
    )  # fmt: skip
    reproduce.add_argument(
        "--out", "-o", type=_path, help="page to write (default: reports/ITEM-….html)"
    )

    cards = _command(
        commands,
        "cards",
        "describe the checkpoints of a folder in its README.md, which is overwritten",
    )
    cards.add_argument("folder", type=_path, nargs="?", default=Path("checkpoints"))
    _add_bench(commands)
    return parser


def _command(commands: Any, name: str, help: str) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")


def _add_dataset(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--dataset", default=default,
        help="cifar10, svhn, mnist, fashion-mnist, fashion-mini (ships with the code), "
        f"parquet:DIR, folder:DIR or idx:DIR, or a folder alone (default: {default})",
    )  # fmt: skip
    parser.add_argument("--root", default="data", help="folder of downloaded data sets")


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    """Options that ``train`` and ``sweep`` share."""
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--device", default="auto", help="cpu, cuda, mps or auto (default)")
    parser.add_argument(
        "--precision", choices=("auto", "fp32", "bf16"), default="auto",
        help="of the convolutions; auto takes bf16 if the hardware multiplies it faster",
    )  # fmt: skip
    parser.add_argument(
        "--adam-coasts", action="store_true",
        help="momentum moves a weight also in phases that give it no gradient, as PyTorch did "
        "before 2.0 (default: the weight rests)",
    )  # fmt: skip
    parser.add_argument(
        "--probe-every", type=_interval, default=0, metavar="N",
        help="measure linear separability every N epochs (default: never)",
    )  # fmt: skip
    parser.add_argument(
        "--keep-epochs", type=_epochs, default=(), metavar="N,N",
        help="keep the network after these epochs as files of their own",
    )  # fmt: skip


def _add_bits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bits", choices=("auto", "8", "16"), default="auto",
        help="per weight; auto takes 8 if separability stays within 0.3 points",
    )  # fmt: skip


def _epochs(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(re.fullmatch(r" *[0-9]{1,6} *", part) and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(
            f"epochs are whole numbers from 1 with commas between, such as 1,5,10, not {text!r}"
        )
    return tuple(map(int, parts))


def _interval(text: str) -> int:
    if not re.fullmatch(r" *[0-9]{1,6} *", text):
        raise argparse.ArgumentTypeError(f"a number of epochs, or 0 for never, not {text!r}")
    return int(text)


def _count(text: str) -> int:
    if not re.fullmatch(r" *[0-9]{1,5} *", text) or int(text) < 3:
        raise argparse.ArgumentTypeError(f"a number of images from 3 to 99999, not {text!r}")
    return int(text)


def _threads(text: str) -> int:
    most = os.cpu_count() or 1
    if not re.fullmatch(r" *[0-9]{1,4} *", text) or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(
            f"a number of threads from 1 to {most}, this machine's processors, not {text!r}"
        )
    return int(text)


def _path(text: str) -> Path:
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError("the name of a file or folder can't be empty")
    return Path(text)


def _add_bench(commands: Any) -> None:
    bench = _command(
        commands,
        "bench",
        "measure the speed of this machine, compared with plain code and with its limits",
    )
    bench.add_argument("part", nargs="?", choices=("train", "probe", "explorer"))
    bench.add_argument("--json", action="store_true", help="print a list of objects")
    bench.add_argument("--quick", action="store_true", help="tiny sizes, to check that it works")
    bench.add_argument("--device", default="auto", help="for training: cpu, cuda or auto (default)")
    bench.add_argument(
        "--threads", type=_threads, metavar="N", help="CPU threads (default: PyTorch's own)"
    )
