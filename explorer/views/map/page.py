"""Map: latents of thousands of images on their principal components, to inspect and decode."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from explorer.session.state import choose, chosen, say
from explorer.views.map import bar, colouring, component, layers, loading, view
from explorer.views.map.cache import Shown
from explorer.views.map.loading import Wait
from explorer.views.map.side import looked_at, selection
from explorer.widgets import page, sidebar, sliders
from explorer.widgets.files.files import About, picture_files, told
from explorer.widgets.memory_pair import say_what_lacks
from pad_core.checkpoint.file import PadNetwork
from pad_core.errors import PadError


def show() -> None:
    """The page."""
    network = page.network()
    if network is None:
        return
    sidebar.memories(network)
    say_what_lacks()
    dataset = sidebar.images(network)
    own = page.heading("A map of latents", _note(network))
    with st.container(key="map-bar", horizontal=True, vertical_alignment="bottom"):
        bar.points(network, dataset)
        bar.axes(network)
        second = bar.second_network(network)
        networks = [network] if second is None else [network, second]
        colouring.choose_colour(networks, dataset)
        bar.occluded_too()
    _dials(network)
    try:
        shown = loading.load(networks, dataset)
    except PadError as error:
        if chosen().map.onto != "pca":
            _back_to_components(error)
        page.problem(error)
        return
    if isinstance(shown, Wait):
        loading.await_(shown)
        return

    view.keep_what_fits(shown)
    with own:
        picture_files(_about(shown), component.KEY)
    left, right = st.columns([1, 0.42], gap="medium")
    with left:
        layers.points(shown)
    with right, st.container(key="map-side"):
        looked_at(shown)
        selection(shown)
    with st.container(key="map-layers"):
        layers.occluded(shown)
        layers.dreamt(shown)
        colouring.colour(shown)
        layers.atlases(shown)
    _footer(network)


def _note(network: PadNetwork) -> str:
    """What the axes are, in a line."""
    if chosen().map.onto == "tsne":
        return "t-SNE, a nonlinear picture: neighbours are near, but its distances mean nothing."
    if chosen().map.onto != "pca":
        return "A line, and principal components across it; the axes stay, whatever is drawn."
    return (
        f"Principal components of {len(network.memories['test']):,} stored test memories, without "
        "occlusion; the axes stay, whatever is drawn."
    )


def _about(shown: list[Shown]) -> About:
    first = shown[0]
    title = f"Latents of {len(first.cloud):,} {layers.what_of(first)}"
    return About(title, _note(first.network), told(one.network for one in shown))


def _back_to_components(error: PadError) -> NoReturn:
    """The chosen axes can't be had: principal components, and a sentence."""
    say(f"{error} The axes are principal components.")
    choose(onto="pca", left=0, right=1, spot="")
    st.rerun()


def _dials(network: PadNetwork) -> None:
    """The sliders of NREM and REM; in a talk, only those for what is on the map."""
    panels, talk = ("dreams", "footer"), bool(chosen().page.present)
    if chosen().map.joined or not talk:
        with sliders.in_a_row(talk, "-nrem"):
            sliders.occlusion(("occluded", "picked", "selection", "footer"), talk)
    with sliders.in_a_row(talk, "-rem"):
        sliders.mixture(network.condition.rem_mixture, panels, talk)
    if talk:
        sliders.arrows("lam", "lam_prime", (sliders.REM_DIALS, *panels))


@st.fragment(key="footer")
def _footer(network: PadNetwork) -> None:
    page.footer(network, "occluded latents", "dreams", "decoded")
