"""``reproduce``: the paper's tables and figures from our networks, as one HTML page.

``evaluate --record`` and training wrote the numbers into the checkpoints; the pictures are made
from stored memories. The page opens without a network. ``page.html`` is its template, which
escapes every text from a file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from pad_core.errors import PadError, closest
from pad_core.report.catalogue import Catalogue, find
from pad_core.report.claims import Claim, Verdict
from pad_core.report.item import Item, Part
from pad_core.report.items import ITEMS, verdicts
from pad_core.report.missing import Missing, missing_for
from pad_core.report.palette import STYLES
from pad_core.report.paper import paper_name
from pad_core.report.template import render
from pad_core.system.files import write_atomically

DEFAULT_DATASET = "cifar10"


class Section(NamedTuple):
    """An item on one data set.

    beside: the paper's data set that this one corresponds to, in words. note: the origin of the
    data, from the files. legend: of the drawing; '' without one.
    """

    dataset: str
    beside: str
    note: str
    parts: list[Part]
    legend: str
    judged: list[tuple[Claim, Verdict]]
    missing: list[Missing]

    def lines(self, name: str) -> list[str]:
        """Lines for the terminal: verdicts, and what is missing."""
        where = f"{name}, {self.dataset}:"
        told = [f"{where} {v.told} – {claim.text} {v.grounds}" for claim, v in self.judged]
        return told + [f"{where} missing {what}: {command}" for what, command in self.missing]


def reproduce(
    items: Sequence[str],
    paths: Sequence[Path],
    out: Path,
    on_problem: Callable[[str], None] = lambda problem: None,
) -> list[str]:
    """Write the page; returns lines for the terminal: verdicts, what is missing, the page's path.

    Args:
        items: keys of ``ITEMS``.
        paths: checkpoint files, or folders to search.
        on_problem: called with a sentence about each file that can't be read and is left out.

    Raises:
        PadError: an unknown item, or a path that is not there.
    """
    for name in items:
        if name not in ITEMS:
            raise PadError(f"No item {name!r}{closest(name, ITEMS)}; there are {', '.join(ITEMS)}.")
    catalogue, problems = find(paths)
    for problem in problems:
        on_problem(problem)
    judged = {dataset: verdicts(catalogue, dataset) for dataset in catalogue.datasets}
    shown: list[tuple[str, Item, list[Section]]] = []
    lines: list[str] = []
    for name in items:
        item = ITEMS[name]
        datasets = [d for d in catalogue.datasets if item.is_about(d)] or [DEFAULT_DATASET]
        sections = [
            _section(catalogue, item, dataset, judged.get(dataset, {})) for dataset in datasets
        ]
        shown.append((name, item, sections))
        lines += [line for section in sections for line in section.lines(name)]
    write_atomically(out, _page(shown).encode())
    return [*lines, f"{out}: {out.stat().st_size / 1e6:.1f} MB, opens without a network."]


def _section(
    catalogue: Catalogue, item: Item, dataset: str, judged: dict[Claim, Verdict]
) -> Section:
    paper = paper_name(dataset)
    notes = {
        str(e.header.dataset.get("note") or "") for e in catalogue.entries if e.dataset == dataset
    }
    parts = item.parts(catalogue, dataset)
    return Section(
        dataset,
        beside=f" (beside the paper's {paper})" if paper else " (not in the paper)",
        note=" ".join(sorted(notes)).strip(),
        parts=parts,
        legend=item.legend(catalogue, dataset) if parts else "",
        judged=[(c, judged.get(c) or c.judge(catalogue, dataset)) for c in item.claims],
        missing=missing_for(catalogue, item, dataset),
    )


def _page(shown: Sequence[tuple[str, Item, list[Section]]]) -> str:
    from plotly.offline import get_plotlyjs

    return render(
        Path(__file__).with_name("page.html"),
        names=[name for name, _, _ in shown],
        shown=shown,
        twins={s.colour: s.dark for s in STYLES.values() if s.colour != s.dark},
        plotly=Markup(get_plotlyjs()),
    )
