"""How to read each of the report's figures: what was measured, how, and on how many networks."""

from __future__ import annotations

from pad_core.report.catalogue import Shelf
from pad_core.report.claims import beside_paper
from pad_core.report.items import ITEMS, PROBE
from pad_core.report.paper import PAPER_EPOCHS, TABLE_1, paper_name

_FROM_EVALUATE = "by evaluate, means over {n} read-outs of each network (the paper's protocol)"


def legend(name: str, shelf: Shelf, dataset: str) -> str:
    """The lines below a table or figure that was drawn; ``name`` is a key of ``ITEMS``."""
    diamonds = ""
    if name == "table1" and TABLE_1.get(paper_name(dataset) or ""):
        diamonds = f" Diamonds: the paper's, 4 networks after {PAPER_EPOCHS} epochs, ± SEM."
    what, spread_of_one = _what(name, shelf, dataset)
    latest = [e for c in ITEMS[name].conditions for e in shelf.latest(dataset, c)]
    beside = " ".join(dict.fromkeys(beside_paper(entry.header) for entry in latest))
    spread = _spread(_counts(name, shelf, dataset), spread_of_one)
    return f"{what} {spread}{diamonds} {beside}".rstrip()


def _what(name: str, shelf: Shelf, dataset: str) -> tuple[str, str]:
    """What the figure shows, and what it draws about a single network instead of the SEM."""
    needs = ITEMS[name].needs
    if needs == "losses":
        return "Losses of training, means over each epoch.", ""
    if needs == "history":
        return (
            "Linear separability read out while it trained: one read-out an epoch on all images, "
            "by the paper's protocol. What evaluate measures later, a mean of several read-outs, "
            "differs from it by the scatter of read-outs."
        ), ""
    if name == "fig3":
        return (
            "Fréchet distance between training images and dreams, in the features that the axis "
            "names; lower is more alike. No read-out takes part."
        ), ""
    groups = shelf.groups(dataset, ITEMS[name].conditions)
    if name == "fig6":
        on = groups[0].evaluations[0]["on"] if groups else "images"
        return (
            f"Mean distances between latents of the test set ({on}), within a class or to the "
            "occluded image, as a share of those between classes. No read-out takes part."
        ), "error bars are standard errors over test images"
    seeds = groups[0].evaluations[0]["protocol"]["readout_seeds"] if groups else "several"
    how = _FROM_EVALUATE.format(n=seeds)
    if name == "table1":
        return f"Linear separability {how}.", ""
    return f"Accuracy {how} fitted to clean images.", "shaded is 95 % over test images"


def _counts(name: str, shelf: Shelf, dataset: str) -> list[int]:
    """How many networks each of the figure's marks stands for."""
    item = ITEMS[name]
    if name == "fig3":
        return [len(group.evaluations) for _, group in shelf.frechet_stages(dataset)]
    if item.needs == "record":
        return [len(g.evaluations) for g in shelf.groups(dataset, item.conditions)]
    key = PROBE if item.needs == "history" else "losses"
    entries = [shelf.latest(dataset, condition) for condition in item.conditions]
    counts = [sum(any(key in h for h in e.header.history) for e in found) for found in entries]
    return [count for count in counts if count]


def _spread(counts: list[int], of_one: str) -> str:
    """What is drawn about networks of other seeds."""
    of_one = of_one and f"; {of_one}"
    if not counts or max(counts) == 1:
        return f"One network each (n = 1): how others of other seeds scatter is not known{of_one}."
    if min(counts) > 1:
        return "Means over n networks (seeds) ± SEM."
    return f"Means over n networks (seeds) ± SEM; where n = 1 there is no SEM{of_one}."
