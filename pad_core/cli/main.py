"""The command line, ``pad`` or ``python -m pad_core``: arguments in, exit status out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from pad_core import __version__
from pad_core.cli.bench import Bench, run_bench
from pad_core.cli.checkpoints import Export, Import, Info, run_export, run_import, run_info
from pad_core.cli.dream import Dream, run_dream
from pad_core.cli.measuring import Compare, Evaluate, run_compare, run_evaluate
from pad_core.cli.options import add_options, read_options
from pad_core.cli.reports import Cards, Reproduce, run_cards, run_reproduce
from pad_core.cli.training import Sweep, Train, run_sweep, run_train
from pad_core.errors import tolerate_unprintable_output
from pad_core.system.exit_status import exit_status


class Command(NamedTuple):
    """A command: the dataclass of its options, whose docstring is its help, and its function.

    run: returns the exit status, None for 0.
    """

    options: type
    run: Callable[[Any], int | None]


COMMANDS = {
    "train": Command(Train, run_train),
    "sweep": Command(Sweep, run_sweep),
    "export": Command(Export, run_export),
    "info": Command(Info, run_info),
    "import": Command(Import, run_import),
    "evaluate": Command(Evaluate, run_evaluate),
    "compare": Command(Compare, run_compare),
    "reproduce": Command(Reproduce, run_reproduce),
    "dream": Command(Dream, run_dream),
    "cards": Command(Cards, run_cards),
    "bench": Command(Bench, run_bench),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status. A user's error takes one line."""
    tolerate_unprintable_output()
    typed = build_parser().parse_args(arguments)
    command = COMMANDS[typed.command]
    return exit_status(
        f"pad_core {typed.command}",
        lambda: command.run(read_options(command.options, typed)),
    )


def parse(arguments: list[str]) -> Any:
    """The options of the typed command, as an object of its dataclass.

    Raises:
        SystemExit: invalid arguments; the reason is printed.
        PadError: options that contradict one another.
    """
    typed = build_parser().parse_args(arguments)
    return read_options(COMMANDS[typed.command].options, typed)


class _Parser(argparse.ArgumentParser):
    """Accepts only full option names: a new option could make an abbreviation ambiguous."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; ``command`` is the name of the typed one."""
    parser = _Parser(
        prog="pad" if Path(sys.argv[0]).stem == "pad" else "python -m pad_core",
        description="Perturbed and adversarial dreaming: train networks, export and inspect them.",
    )
    parser.add_argument("--version", action="version", version=f"pad {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        said = command.options.__doc__ or ""
        short = f"{said[0].lower()}{said[1:]}".removesuffix(".")
        add_options(commands.add_parser(name, help=short, description=said), command.options)
    return parser
