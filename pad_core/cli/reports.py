"""``reproduce`` and ``cards``: pages about measured networks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from pad_core.cli.options import Option
from pad_core.errors import PadError


@dataclass(frozen=True)
class Reproduce:
    """Show the paper's tables and figures with our networks, as a page."""

    items: Annotated[
        tuple[str, ...],
        Option(positional=True, metavar="ITEM"),
        Meta(description="such as table1 or fig4; none lists them, 'all' shows all"),
    ] = ()
    checkpoints: Annotated[
        tuple[Path, ...],
        Option(metavar="PATH"),
        Meta(description="files, or folders to search"),
    ] = (Path("checkpoints"), Path("runs"))
    out: Annotated[
        Path | None,
        Option("--out", "-o"),
        Meta(description="page to write (default: reports/ITEM-….html)"),
    ] = None


def run_reproduce(options: Reproduce) -> int:
    """Lists the items, or writes a page; exit status 1 if a file can't be read."""
    from pad_core.report.items import ITEMS
    from pad_core.report.page import reproduce

    if not options.items:
        if options.out:
            raise PadError("--out is for a page of items: name one, such as table1, or all.")
        for name, item in ITEMS.items():
            print(f"{name:<10} {item.title}")
        return 0
    items = list(options.items)
    name = "-".join(items)
    if "all" in items:
        items = [item for item in dict.fromkeys([*ITEMS, *items]) if item != "all"]
        name = "all"
    problems: list[str] = []
    out = options.out or Path("reports") / f"{name}.html"
    lines = reproduce(items, options.checkpoints, out, problems.append)
    status = _status(problems)
    for line in lines:
        print(line)
    return status


@dataclass(frozen=True)
class Cards:
    """Describe the checkpoints of a folder in its README.md, which is overwritten."""

    folder: Annotated[Path, Option(positional=True)] = Path("checkpoints")


def run_cards(options: Cards) -> int:
    """Writes FOLDER/README.md; exit status 1 if a file can't be read."""
    from pad_core.report.cards import cards
    from pad_core.report.catalogue import find
    from pad_core.system.files import write_atomically

    catalogue, problems = find([options.folder])
    status = _status(problems)
    if not catalogue.entries:
        raise PadError(f"There is no checkpoint in {options.folder}.")
    out = options.folder / "README.md"
    write_atomically(out, cards(catalogue).encode())
    number = len(catalogue.entries)
    print(f"{out}: {number} network{'s' * (number != 1)}")
    return status


def _status(problems: Sequence[str]) -> int:
    """Print what can't be read; the exit status."""
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0
