"""A table or figure of the paper: what every one of them has, and how it is read."""

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

# Recorded evaluations, also of a network that has learned little; separability as it trained.
Need = Literal["record", "early", "history"]
_NO_BUTTONS = ["lasso2d", "select2d", "autoScale2d", "zoomIn2d", "zoomOut2d", "pan2d"]


# --- What stands on the page ----------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """Names of the columns, and rows of as many cells; under a title to click on, if it has one."""

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
        """Its element and script; Plotly escapes what stands in them."""
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

    short: its name where there is little room. only: the paper's data set that it is about,
    where it is about one. needs: what has to be recorded of each condition. of_one: what the
    chart draws about a single network in place of the SEM.
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
        """The figure of recorded numbers, in the colours of a light page; None without any."""

    @abstractmethod
    def what(self, catalogue: Catalogue, dataset: str) -> str:
        """What the figure shows, and how that was measured, as sentences."""

    def chart_beside_paper(self, catalogue: Catalogue, dataset: str) -> go.Figure | None:
        """The same with the paper's values, where there are any."""
        return self.chart(catalogue, dataset)

    def table(self, catalogue: Catalogue, dataset: str) -> Table | None:
        """The numbers as a table, for an item that is one."""
        return None

    def parts(self, catalogue: Catalogue, dataset: str) -> list[Part]:
        """All that the report shows of it, from top to bottom; empty without any record."""
        figure = self.chart(catalogue, dataset)
        return [] if figure is None else [Chart(figure)]

    def counts(self, catalogue: Catalogue, dataset: str) -> list[int]:
        """How many networks each of the chart's marks stands for."""
        return [len(g.evaluations) for g in catalogue.groups(dataset, self.conditions)]

    def marks(self, dataset: str) -> str:
        """What the paper's marks in the chart are, where it has any."""
        return ""

    def is_about(self, dataset: str) -> bool:
        """Whether it is about a data set, or about all."""
        return self.only in (None, paper_name(dataset))

    def legend(self, catalogue: Catalogue, dataset: str) -> str:
        """The lines below it: what was measured, how, and on how many networks."""
        latest = [e for c in self.conditions for e in catalogue.latest(dataset, c)]
        beside = " ".join(dict.fromkeys(beside_paper(entry.header) for entry in latest))
        spread = _spread(self.counts(catalogue, dataset), self.of_one)
        lines = (self.what(catalogue, dataset), spread, self.marks(dataset), beside)
        return " ".join(filter(None, lines))


def _spread(counts: list[int], of_one: str) -> str:
    """What is drawn about networks of other seeds."""
    of_one = of_one and f"; {of_one}"
    if not counts or max(counts) == 1:
        return f"One network each (n = 1): how others of other seeds scatter is not known{of_one}."
    if min(counts) > 1:
        return "Means over n networks (seeds) ± SEM."
    return f"Means over n networks (seeds) ± SEM; where n = 1 there is no SEM{of_one}."
