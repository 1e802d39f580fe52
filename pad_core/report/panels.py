"""The kinds of tables and figures in the paper: what each needs, draws and says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pad_core.checkpoint.file import load
from pad_core.report.catalogue import Shelf
from pad_core.report.item import Chart, Item, Need, Note, Part, Picture, Table
from pad_core.report.paper import PAPER_EPOCHS, TABLE_1, paper_name
from pad_core.report.summary import Group
from pad_core.report.tables import measures, table_1

if TYPE_CHECKING:  # Plotly takes a while to load, and is loaded where something is drawn
    import plotly.graph_objects as go

PROBE = "linear_separability"  # in a history, as it trained


class SeparabilityTable(Item):
    """Separability beside the paper's, and as bars (Table 1)."""

    def chart(self, shelf: Shelf, dataset: str) -> go.Figure | None:
        """Bars with the paper's values as diamonds."""
        from pad_core.report.figures import table_bars

        groups = shelf.groups(dataset, self.conditions)
        measured = any(group.values("linear_separability") for group in groups)
        return table_bars(groups, dataset) if measured else None

    def what(self, shelf: Shelf, dataset: str) -> str:
        """Linear separability, by how many probes."""
        return f"Linear separability {_how(self, shelf, dataset)}."

    def marks(self, dataset: str) -> str:
        """The diamonds, on one of the paper's data sets."""
        if paper_name(dataset) not in TABLE_1:
            return ""
        return f"Diamonds: the paper's, 4 networks after {PAPER_EPOCHS} epochs, ± SEM."

    def table(self, shelf: Shelf, dataset: str) -> Table:
        """Ours beside the paper's."""
        return table_1(shelf, dataset, self.conditions)

    def parts(self, shelf: Shelf, dataset: str) -> list[Part]:
        """The table, the bars, and all measures; empty without a recorded evaluation."""
        bars = super().parts(shelf, dataset)
        if not bars:
            return []
        return [self.table(shelf, dataset), *bars, measures(shelf, dataset)]


class OcclusionCurves(Item):
    """Separability under occlusion (Figure 5)."""

    of_one: ClassVar[str] = "shaded is 95 % over test images"

    def chart(self, shelf: Shelf, dataset: str) -> go.Figure | None:
        """A curve for each condition."""
        from pad_core.report.figures import occlusion_curves

        groups = self._groups(shelf, dataset)
        return occlusion_curves(groups) if groups else None

    def what(self, shelf: Shelf, dataset: str) -> str:
        """Accuracy, by how many probes."""
        return f"Accuracy {_how(self, shelf, dataset)} fitted to clean images."

    def parts(self, shelf: Shelf, dataset: str) -> list[Part]:
        """The curves, and how the images were occluded."""
        drawn = super().parts(shelf, dataset)
        if not drawn:
            return []
        first = self._groups(shelf, dataset)[0].evaluations[0]
        protocol = first["protocol"]
        note = (
            f"Squares of {protocol['size_px']} × {protocol['size_px']} pixels on "
            f"{first['occlusion_n']:,} {first['on']}, {protocol['mask_draws']} masks each; "
            f"probes ({protocol['readout_seeds']} seeds) fitted to clean latents."
        )
        return [*drawn, Note(note)]

    def _groups(self, shelf: Shelf, dataset: str) -> list[Group]:
        """Those that were read out: data without classes can't be."""
        groups = shelf.groups(dataset, self.conditions)
        return [group for group in groups if group.values("occlusion", "0")]


class LatentSpace(Item):
    """Latents on their principal components, and ratios of their distances (Figure 6)."""

    of_one: ClassVar[str] = "error bars are standard errors over test images"

    def chart(self, shelf: Shelf, dataset: str) -> go.Figure | None:
        """Both ratios as bars."""
        from pad_core.report.figures import ratio_bars

        groups = shelf.groups(dataset, self.conditions)
        measured = any(group.values("clean_occluded_ratio") for group in groups)
        return ratio_bars(groups) if measured else None

    def what(self, shelf: Shelf, dataset: str) -> str:
        """Mean distances, of which images."""
        groups = shelf.groups(dataset, self.conditions)
        on = groups[0].evaluations[0]["on"] if groups else "images"
        return (
            f"Mean distances between latents of the test set ({on}), within a class or to the "
            "occluded image, as a share of those between classes. No probe takes part."
        )

    def parts(self, shelf: Shelf, dataset: str) -> list[Part]:
        """Scatter plots of stored memories, then the bars."""
        from pad_core.report.network_figures import pca_scatter

        entries = [e[0] for c in self.conditions if (e := shelf.latest(dataset, c))]
        networks = [load(entry.path) for entry in entries]
        networks = [n for n in networks if len(n.memories["test"]) > 2]
        scatter: list[Part] = [Chart(pca_scatter(networks))] if networks else []
        return scatter + super().parts(shelf, dataset)


class EarlyAndLateDreams(Item):
    """Dreams of PAD early and late, and their Fréchet distances (Figure 3)."""

    needs: ClassVar[frozenset[Need]] = frozenset({"record", "early"})

    def chart(self, shelf: Shelf, dataset: str) -> go.Figure | None:
        """Distances of both kinds of dreams, early and late."""
        from pad_core.report.figures import frechet_bars

        stages = shelf.frechet_stages(dataset)
        return frechet_bars(stages) if stages else None

    def what(self, shelf: Shelf, dataset: str) -> str:
        """Fréchet distances, and what is better."""
        return (
            "Fréchet distance between training images and dreams, in the features that the axis "
            "names; lower is more alike. No probe takes part."
        )

    def counts(self, shelf: Shelf, dataset: str) -> list[int]:
        """Of the early and of the late networks."""
        return [len(group.evaluations) for _, group in shelf.frechet_stages(dataset)]

    def parts(self, shelf: Shelf, dataset: str) -> list[Part]:
        """A picture of dreams for each stage, then the bars."""
        from pad_core.report.network_figures import dream_grid

        pictures: list[Part] = []
        for entries in (shelf.earliest(dataset, "pad"), shelf.latest(dataset, "pad")):
            for entry in entries[:1]:
                network = load(entry.path)
                if len(network.memories["train"]) >= 24:
                    text = f"Epoch {entry.header.epoch}: NREM dreams above, REM dreams below"
                    pictures.append(Picture(dream_grid(network), text))
        return pictures + super().parts(shelf, dataset)


class TrainingCurves(Item):
    """Separability over training (Figure 4)."""

    needs: ClassVar[frozenset[Need]] = frozenset({"record", "history"})

    def chart(self, shelf: Shelf, dataset: str) -> go.Figure | None:
        """A curve for each condition."""
        from pad_core.report.figures import history_curves

        return history_curves(shelf, dataset, self.conditions)

    def chart_beside_paper(self, shelf: Shelf, dataset: str) -> go.Figure | None:
        """The same with open diamonds at the paper's last epoch."""
        from pad_core.report.figures import add_paper

        figure = self.chart(shelf, dataset)
        if figure is not None:
            add_paper(figure, dataset, self.conditions)
        return figure

    def what(self, shelf: Shelf, dataset: str) -> str:
        """Linear separability while it trained, and how that differs from a later evaluation."""
        return (
            "Linear separability read out while it trained: one probe an epoch on all images, "
            "by the paper's protocol. What evaluate measures later, a mean of several probes, "
            "differs from it by the scatter of probes."
        )

    def counts(self, shelf: Shelf, dataset: str) -> list[int]:
        """Of networks that were read out as they trained."""
        return _with_history(self, shelf, dataset, PROBE)


class LossCurves(Item):
    """Losses over training (Appendix Figures 1 and 2)."""

    needs: ClassVar[frozenset[Need]] = frozenset()

    def chart(self, shelf: Shelf, dataset: str) -> go.Figure | None:
        """A panel for each condition, a curve for each loss."""
        from pad_core.report.figures import loss_curves

        return loss_curves(shelf, dataset, self.conditions)

    def what(self, shelf: Shelf, dataset: str) -> str:
        """Losses."""
        return "Losses of training, means over each epoch."

    def counts(self, shelf: Shelf, dataset: str) -> list[int]:
        """Of networks with a history."""
        return _with_history(self, shelf, dataset, "losses")


def _how(item: Item, shelf: Shelf, dataset: str) -> str:
    groups = shelf.groups(dataset, item.conditions)
    n = groups[0].evaluations[0]["protocol"]["readout_seeds"] if groups else "several"
    return f"by evaluate, means over {n} probes of each network (the paper's protocol)"


def _with_history(item: Item, shelf: Shelf, dataset: str, key: str) -> list[int]:
    """For each condition, how many networks have a value of their history; none that has 0."""
    found = [shelf.latest(dataset, condition) for condition in item.conditions]
    counts = [sum(any(key in h for h in e.header.history) for e in entries) for entries in found]
    return [count for count in counts if count]
