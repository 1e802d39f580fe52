"""The kinds of items: what each table or figure needs, draws and says."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pad_core.checkpoint.file import load
from pad_core.report.catalogue import Catalogue
from pad_core.report.item import Chart, Item, Need, Note, Part, Picture, Table
from pad_core.report.paper import PAPER_EPOCHS, PAPER_SEPARABILITY, paper_name
from pad_core.report.summary import Group
from pad_core.report.tables import measures, table_1

if TYPE_CHECKING:  # Plotly loads slowly, so only functions that draw import it
    import plotly.graph_objects as go

SEPARABILITY_KEY = "linear_separability"  # in a history: during training


class SeparabilityTable(Item):
    """Linear separability as a table beside the paper's, and as bars (Table 1)."""

    def chart(self, catalogue: Catalogue, dataset: str) -> go.Figure | None:
        """Bars with the paper's values as diamonds."""
        from pad_core.report.figures import table_bars

        groups = catalogue.groups(dataset, self.conditions)
        measured = any(group.values("linear_separability") for group in groups)
        return table_bars(groups, dataset) if measured else None

    def what(self, catalogue: Catalogue, dataset: str) -> str:
        """Linear separability, and the number of probes."""
        return f"Linear separability {_how(self, catalogue, dataset)}."

    def marks(self, dataset: str) -> str:
        """The diamonds, if the paper has the data set."""
        if paper_name(dataset) not in PAPER_SEPARABILITY:
            return ""
        return f"Diamonds: the paper's, 4 networks after {PAPER_EPOCHS} epochs, ± SEM."

    def table(self, catalogue: Catalogue, dataset: str) -> Table:
        """Ours beside the paper's."""
        return table_1(catalogue, dataset, self.conditions)

    def parts(self, catalogue: Catalogue, dataset: str) -> list[Part]:
        """The table, the bars, and all measures; empty without a recorded evaluation."""
        bars = super().parts(catalogue, dataset)
        if not bars:
            return []
        return [self.table(catalogue, dataset), *bars, *measures(catalogue, dataset)]


class OcclusionCurves(Item):
    """Accuracy under occlusion (Figure 5)."""

    of_one: ClassVar[str] = "shaded is 95 % over test images"

    def chart(self, catalogue: Catalogue, dataset: str) -> go.Figure | None:
        """A curve for each condition."""
        from pad_core.report.figures import occlusion_curves

        groups = self._groups(catalogue, dataset)
        return occlusion_curves(groups) if groups else None

    def what(self, catalogue: Catalogue, dataset: str) -> str:
        """Accuracy, and the number of probes."""
        return f"Accuracy {_how(self, catalogue, dataset)} fitted to clean images."

    def parts(self, catalogue: Catalogue, dataset: str) -> list[Part]:
        """The curves, and how the images were occluded."""
        drawn = super().parts(catalogue, dataset)
        if not drawn:
            return []
        first = self._groups(catalogue, dataset)[0].evaluations[0]
        protocol = first["protocol"]
        note = (
            f"Squares of {protocol['size_px']} × {protocol['size_px']} pixels on "
            f"{first['occlusion_n']:,} {first['on']}, {protocol['mask_draws']} masks each; "
            f"probes ({protocol['readout_seeds']} seeds) fitted to clean latents."
        )
        return [*drawn, Note(note)]

    def _groups(self, catalogue: Catalogue, dataset: str) -> list[Group]:
        """The groups with an occlusion curve: data without classes have none."""
        groups = catalogue.groups(dataset, self.conditions)
        return [group for group in groups if group.values("occlusion", "0")]


class LatentSpace(Item):
    """Latents on their principal components, and ratios of their distances (Figure 6)."""

    of_one: ClassVar[str] = "error bars are standard errors over test images"

    def chart(self, catalogue: Catalogue, dataset: str) -> go.Figure | None:
        """Both ratios as bars."""
        from pad_core.report.figures import ratio_bars

        groups = catalogue.groups(dataset, self.conditions)
        measured = any(group.values("clean_occluded_ratio") for group in groups)
        return ratio_bars(groups) if measured else None

    def what(self, catalogue: Catalogue, dataset: str) -> str:
        """Mean distances, and the images."""
        groups = catalogue.groups(dataset, self.conditions)
        on = groups[0].evaluations[0]["on"] if groups else "images"
        return (
            f"Mean distances between latents of the test set ({on}), within a class or to the "
            "occluded image, as a share of those between classes. This needs no probe."
        )

    def parts(self, catalogue: Catalogue, dataset: str) -> list[Part]:
        """Scatter plots of stored memories, then the bars."""
        from pad_core.report.network_figures import pca_scatter

        entries = [e[0] for c in self.conditions if (e := catalogue.latest(dataset, c))]
        networks = [load(entry.path) for entry in entries]
        networks = [n for n in networks if len(n.memories["test"]) > 2]
        scatter: list[Part] = [Chart(pca_scatter(networks))] if networks else []
        return scatter + super().parts(catalogue, dataset)


class EarlyAndLateDreams(Item):
    """Dreams of PAD early and late, and their Fréchet distances (Figure 3)."""

    needs: ClassVar[frozenset[Need]] = frozenset({"record", "early"})

    def chart(self, catalogue: Catalogue, dataset: str) -> go.Figure | None:
        """Distances of both kinds of dreams, early and late."""
        from pad_core.report.figures import frechet_bars

        stages = catalogue.early_and_late_frechet(dataset)
        return frechet_bars(stages) if stages else None

    def what(self, catalogue: Catalogue, dataset: str) -> str:
        """Fréchet distances, and what is better."""
        return (
            "Fréchet distance between training images and dreams, in the features that the axis "
            "names; lower is more alike. This needs no probe."
        )

    def counts(self, catalogue: Catalogue, dataset: str) -> list[int]:
        """The numbers of early and of late networks."""
        return [len(group.evaluations) for _, group in catalogue.early_and_late_frechet(dataset)]

    def parts(self, catalogue: Catalogue, dataset: str) -> list[Part]:
        """A picture of dreams for each stage, then the bars."""
        from pad_core.report.network_figures import dream_grid

        pictures: list[Part] = []
        for entries in (catalogue.earliest(dataset, "pad"), catalogue.latest(dataset, "pad")):
            for entry in entries[:1]:
                network = load(entry.path)
                if len(network.memories["train"]) >= 24:
                    text = f"Epoch {entry.header.epoch}: NREM dreams above, REM dreams below"
                    pictures.append(Picture(dream_grid(network), text))
        return pictures + super().parts(catalogue, dataset)


class TrainingCurves(Item):
    """Separability over training (Figure 4)."""

    needs: ClassVar[frozenset[Need]] = frozenset({"record", "history"})

    def chart(self, catalogue: Catalogue, dataset: str) -> go.Figure | None:
        """A curve for each condition."""
        from pad_core.report.figures import history_curves

        return history_curves(catalogue, dataset, self.conditions)

    def chart_beside_paper(self, catalogue: Catalogue, dataset: str) -> go.Figure | None:
        """The same with open diamonds at the paper's last epoch."""
        from pad_core.report.figures import add_paper

        figure = self.chart(catalogue, dataset)
        if figure is not None:
            add_paper(figure, dataset, self.conditions)
        return figure

    def what(self, catalogue: Catalogue, dataset: str) -> str:
        """Linear separability during training, and how it differs from a later evaluation."""
        return (
            "Linear separability during training: one probe an epoch on all images, by the "
            "paper's protocol. evaluate gives the mean of several probes later, which differs "
            "by their scatter."
        )

    def counts(self, catalogue: Catalogue, dataset: str) -> list[int]:
        """The numbers of networks with separability in their history."""
        return _with_history(self, catalogue, dataset, SEPARABILITY_KEY)


class LossCurves(Item):
    """Losses over training (Appendix Figures 1 and 2)."""

    needs: ClassVar[frozenset[Need]] = frozenset()

    def chart(self, catalogue: Catalogue, dataset: str) -> go.Figure | None:
        """A panel for each condition, a curve for each loss."""
        from pad_core.report.figures import loss_curves

        return loss_curves(catalogue, dataset, self.conditions)

    def what(self, catalogue: Catalogue, dataset: str) -> str:
        """Losses."""
        return "Losses of training, means over each epoch."

    def counts(self, catalogue: Catalogue, dataset: str) -> list[int]:
        """The numbers of networks with a history."""
        return _with_history(self, catalogue, dataset, "losses")


class SleepAndWake(Item):
    """Similarity of the encoder's activity in sleep and Wake over epochs (Discussion)."""

    needs: ClassVar[frozenset[Need]] = frozenset({"record", "early"})

    def chart(self, catalogue: Catalogue, dataset: str) -> go.Figure | None:
        """A panel for each layer, a curve for each pair of states."""
        from pad_core.report.figures import state_curves

        groups = self._groups(catalogue, dataset)
        if not groups:
            return None
        baselines = next(iter(groups.values())).evaluations[0]["baselines"]
        return state_curves(groups, baselines.get("untrained"))

    def what(self, catalogue: Catalogue, dataset: str) -> str:
        """Correlations, of what, and what stands at epoch 0."""
        return (
            "Pearson's correlation of the encoder's activity in two states for the same memory, "
            "less Wake's mean activity; epoch 0 is an untrained network. This needs no probe. "
            "Networks of different epochs may differ in their seeds."
        )

    def counts(self, catalogue: Catalogue, dataset: str) -> list[int]:
        """The number of networks at each epoch."""
        return [len(group.evaluations) for group in self._groups(catalogue, dataset).values()]

    def _groups(self, catalogue: Catalogue, dataset: str) -> dict[int, Group]:
        """Groups by epoch, of networks whose states were compared."""
        found = catalogue.by_epoch(dataset, self.conditions[0])
        path = ("state_similarity", "correlation", "z", "wake-nrem")
        return {epoch: group for epoch, group in found.items() if group.values(*path)}


def _how(item: Item, catalogue: Catalogue, dataset: str) -> str:
    groups = catalogue.groups(dataset, item.conditions)
    n = groups[0].evaluations[0]["protocol"]["readout_seeds"] if groups else "several"
    return f"by evaluate, means over {n} probes of each network (the paper's protocol)"


def _with_history(item: Item, catalogue: Catalogue, dataset: str, key: str) -> list[int]:
    """For each condition with any, the number of networks whose history has a value."""
    found = [catalogue.latest(dataset, condition) for condition in item.conditions]
    counts = [sum(any(key in h for h in e.header.history) for e in entries) for entries in found]
    return [count for count in counts if count]
