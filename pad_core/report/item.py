"""An item of the report, a table or figure of the paper: the parts that all items have."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from markupsafe import Markup

from pad_core.report.catalogue import Catalogue
from pad_core.report.claims import Claim, beside_paper
from pad_core.report.paper import paper_name

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Needs: a recorded evaluation; one of an early network, too; separability during training.
Need = Literal["record", "early", "history"]
_NO_BUTTONS = ["lasso2d", "select2d", "autoScale2d", "zoomIn2d", "zoomOut2d", "pan2d"]


# --- Parts of the page ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """Column names and rows of cells; a table with a title unfolds when that is clicked."""

    kind: ClassVar[str] = "table"
    names: tuple[str, ...]
    rows: list[tuple[str, ...]]
    title: str = ""


@dataclass(frozen=True)
class Picture:
    """A PNG with its caption."""

    kind: ClassVar[str] = "picture"
    png: bytes
    text: str

    @property
    def base64(self) -> str:
        """The PNG as text."""
        return base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Chart:
    """A Plotly figure."""

    kind: ClassVar[str] = "chart"
    figure: go.Figure

    @property
    def html(self) -> Markup:
        """Its element and script; Plotly escapes their texts."""
        config = {"displaylogo": False, "responsive": True, "modeBarButtonsToRemove": _NO_BUTTONS}
        return Markup(self.figure.to_html(full_html=False, include_plotlyjs=False, config=config))


@dataclass(frozen=True)
class Note:
    """A line below a chart."""

    kind: ClassVar[str] = "note"
    text: str


Part = Table | Picture | Chart | Note


# --- The item -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item(ABC):
    """A table or figure: its names, the conditions in it, its claims, its chart and its legend.

    short: its short name. only: the paper's data set that it is about; None for all. needs: what
    has to be recorded of each condition. of_one: what the chart draws about a single network in
    place of the SEM.
    """

    short: str
    title: str
    conditions: tuple[str, ...]
    claims: tuple[Claim, ...]
    only: str | None = None
    needs: ClassVar[frozenset[Need]] = frozenset({"record"})
    of_one: ClassVar[str] = ""

    @abstractmethod
    def chart(self, catalogue: Catalogue, dataset: str) -> go.Figure | None:
        """The figure of recorded numbers, in colours for a light page; None without numbers."""

    @abstractmethod
    def what(self, catalogue: Catalogue, dataset: str) -> str:
        """Sentences: what the figure shows, and how that was measured."""

    def chart_beside_paper(self, catalogue: Catalogue, dataset: str) -> go.Figure | None:
        """The chart with the paper's values, if it has any."""
        return self.chart(catalogue, dataset)

    def table(self, catalogue: Catalogue, dataset: str) -> Table | None:
        """The numbers as a table, if the item is one."""
        return None

    def parts(self, catalogue: Catalogue, dataset: str) -> list[Part]:
        """All parts in the report, from top to bottom; none without a record."""
        figure = self.chart(catalogue, dataset)
        return [] if figure is None else [Chart(figure)]

    def counts(self, catalogue: Catalogue, dataset: str) -> list[int]:
        """For each mark of the chart, the number of networks behind it."""
        return [len(g.evaluations) for g in catalogue.groups(dataset, self.conditions)]

    def marks(self, dataset: str) -> str:
        """What the paper's marks in the chart are; '' if it has none."""
        return ""

    def is_about(self, dataset: str) -> bool:
        """Whether the item is about a data set, or about all."""
        return self.only in (None, paper_name(dataset))

    def legend(self, catalogue: Catalogue, dataset: str) -> str:
        """The lines below the item: what was measured, how, and on how many networks."""
        latest = [e for c in self.conditions for e in catalogue.latest(dataset, c)]
        beside = " ".join(dict.fromkeys(beside_paper(entry.header) for entry in latest))
        spread = _spread(self.counts(catalogue, dataset), self.of_one)
        lines = (self.what(catalogue, dataset), spread, self.marks(dataset), beside)
        return " ".join(filter(None, lines))


def _spread(counts: list[int], of_one: str) -> str:
    """What the chart shows of the spread over seeds."""
    of_one = of_one and f"; {of_one}"
    if not counts or max(counts) == 1:
        return f"One network each (n = 1): the spread over seeds is not known{of_one}."
    if min(counts) > 1:
        return "Means over n networks (seeds) ± SEM."
    return f"Means over n networks (seeds) ± SEM; where n = 1 there is no SEM{of_one}."
