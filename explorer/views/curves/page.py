"""Curves: the paper's figures from what was measured, losses, and dreams over epochs."""

from __future__ import annotations

from explorer.library import networks
from explorer.session.state import chosen, upload
from explorer.views.curves import alike, epochs
from explorer.views.curves.losses import losses
from explorer.views.curves.over_epochs import dreams_over_epochs
from explorer.views.curves.paper import all_measures, paper_figures
from explorer.widgets import page, sidebar, sliders
from explorer.widgets.look import look
from explorer.widgets.pick import pick

_PARTS = {
    "paper": "The paper's figures", "measures": "All measures", "losses": "Losses",
    "epochs": "Dreams over epochs", "alike": "Alike or not",
}  # fmt: skip


def show() -> None:
    """The page."""
    network = page.network()
    if network is None:
        return
    look("curves")
    part = chosen().curves.part
    listing = networks.list_checkpoints(chosen().networks.folder, upload())
    if part == "losses":
        sidebar.networks()
    elif part == "alike":
        compared = page.networks()
        sidebar.images(network)
    elif part == "epochs":
        sidebar.memories(network)
        sliders.perturbation(network.condition, panels=("stages",))
        sliders.mixture(network.condition.rem_mixture, panels=("stages",))
    with page.heading("Curves", ""):
        pick("curves", "Part of this page", _PARTS)
    if part == "paper":
        paper_figures(epochs.catalogue(listing.headers), network.header.dataset_name)
    elif part == "measures":
        all_measures(epochs.catalogue(listing.headers), network.header.dataset_name)
    elif part == "losses":
        losses()
    elif part == "alike":
        alike.show(network, compared)
    else:
        dreams_over_epochs(network)
    page.footer(network)
