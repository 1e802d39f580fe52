"""Map: latents of thousands of images on their principal components, to inspect and decode."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
import torch

from explorer.session.pace import look_every
from explorer.session.state import choose, chosen, draw_again_after_this
from explorer.views.map import axes, bar, cache, clouds, component, dreams, view
from explorer.views.map.cache import Shown
from explorer.views.map.component import Pane
from explorer.views.map.side import (
    classes,
    looked_at,
    occluded_coordinates,
    selection,
)
from explorer.widgets import page, sidebar, sliders
from explorer.widgets.memory_pair import pictures, say_what_lacks
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX, picture_grid, png_bytes
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from pad_core.report.palette import style

_SPLITS = {"test": ("test",), "train": ("train",), "stored": ("train", "test")}


def show() -> None:
    """The page."""
    network = page.network()
    if network is None:
        return
    sidebar.memories(network)
    say_what_lacks()
    dataset = sidebar.images(network)
    page.heading(
        "A map of latents",
        f"Principal components of {len(network.memories['test']):,} stored test memories, without "
        "occlusion; the axes stay, whatever is drawn.",
    )
    with st.container(key="map-bar", horizontal=True, vertical_alignment="bottom"):
        bar.points(network, dataset)
        bar.dimensions()
        second = bar.second_network(network)
        bar.occluded_too()
    _dials(network)
    networks = [network] if second is None else [network, second]
    try:
        shown = _shown(networks, dataset)
    except PadError as error:
        page.problem(error)
        return
    if shown is None:
        _await_latents(networks, dataset)
        return

    view.keep_what_fits(shown)
    left, right = st.columns([1, 0.42], gap="medium")
    with left:
        _draw(shown)
    with right, st.container(key="map-side"):
        looked_at(shown)
        selection(shown)
    with st.container(key="map-layers"):
        _occluded(shown)
        _dreams(shown)
        _atlases(shown)
    _footer(network)


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


# --- Load -----------------------------------------------------------------------------------------


def _shown(networks: list[PadNetwork], dataset: DataSet | None) -> list[Shown] | None:
    """The chosen latents of each network; None while some are still being encoded."""
    name = chosen().map.cloud
    if name == "images" and dataset is None:
        name = "test"
    shown: list[Shown] = []
    for network in networks:
        space = cache.space(network, int(chosen().map.dims))
        if shown:
            axes.same_images(shown[0].network, network)
            if chosen().map.axes == "aligned":
                space = axes.turned(network, space, shown[0].network, shown[0].space)
        if name in _SPLITS:
            cloud = clouds.stored_cloud(network, _SPLITS[name])
        else:
            assert dataset is not None
            encoding = cache.of_test_images(network, dataset)
            if encoding.error:
                raise PadError(encoding.error)
            if encoding.value is None or encoding.value.latents is None:
                return None
            cloud = clouds.image_cloud(network, dataset, encoding.value.latents)
        shown.append(Shown(network, name, cloud, space, dataset))
    return shown


def _await_latents(networks: list[PadNetwork], dataset: DataSet | None) -> None:
    assert dataset is not None

    @st.fragment(run_every=look_every(0.5))
    def follow() -> None:
        encodings = [cache.of_test_images(network, dataset) for network in networks]
        if all(encoding.done for encoding in encodings):
            st.rerun()
        share = sum(e.value.share for e in encodings if e.value is not None) / len(encodings)
        st.progress(share, f"Encoding {len(dataset.test):,} test images: once for each network")

    follow()


# --- Draw -----------------------------------------------------------------------------------------


def _what(shown: Shown) -> str:
    return {
        "test": "stored test memories",
        "train": "stored training memories",
        "stored": "stored memories",
        "images": "test images",
    }[shown.name]


def _pane(shown: Shown, beside: bool) -> Pane:
    space = shown.space
    axis = "axis" if space.residual is not None else "PC"
    explained = 100 * space.projection.explained
    note = f"{explained.sum():.0f} % of variance"
    if space.residual is not None:
        note += f" · residual {space.residual:.2f}"
    header = shown.network.header
    title = f"{style(header.condition.name).label} · epoch {header.epoch}" if beside else ""
    titles = tuple(f"{axis} {i} · {share:.1f} %" for i, share in enumerate(explained, 1))
    return Pane(title, note, titles)


@st.fragment(key="map")
def _draw(shown: list[Shown]) -> None:
    first = shown[0]
    component.draw(
        [_pane(one, len(shown) > 1) for one in shown],
        [one.coordinates for one in shown],
        first.cloud.labels,
        classes(first.network),
        {"what": _what(first), "splits": first.cloud.splits, "indices": first.cloud.indices},
        view.view(shown),
        {
            "pick": _take_pick,
            "view": partial(view.take_window, shown),
            "outline": partial(view.take_outline, shown),
            "hidden": view.take_hidden,
        },
    )


def _take_pick() -> None:
    place, spot = component.picked()
    choose(("picked", "footer"), picked=place, spot=spot)


@st.fragment(key="occluded")
def _occluded(shown: list[Shown]) -> None:
    if not chosen().map.joined:
        component.post("occluded", {"empty": True})
        return
    share = chosen().dream.intensity
    with page.timed("occluded latents"):
        arrays = {
            f"points{i}": occluded_coordinates(one, chosen().dream) for i, one in enumerate(shown)
        }
    images = "image" if shown[0].dataset is not None else "reconstruction"
    component.post("occluded", {"what": f"the {images}, occluded by {share:.0%}"}, **arrays)


@st.fragment(key="dreams")
def _dreams(shown: list[Shown]) -> None:
    try:
        with page.timed("dreams"):
            dreamt = [cache.dreamt(one.network, chosen().dream, pictures()) for one in shown]
    except PadError:  # the Dream page explains why there are none
        component.post("dreams", {"empty": True})
        return
    arrays = {
        f"points{i}": one.space.projection.project(asleep.latents).astype(np.float32)
        for i, (one, asleep) in enumerate(zip(shown, dreamt, strict=True))
    }
    columns = len(dreamt[0].names)
    png = png_bytes(picture_grid(torch.cat([asleep.images for asleep in dreamt]), columns))
    header = {
        "steps": dreams.STEPS,
        "names": [asleep.names for asleep in dreamt],
        "columns": columns,
        "tile": SIDE_PX,
    }
    component.post("dreams", header, png=np.frombuffer(png, np.uint8), **arrays)


@st.fragment(key="atlases")
def _atlases(shown: list[Shown]) -> None:
    """Post thumbnails once they are made; the map doesn't wait for them."""
    if not all(cache.atlas(one).done for one in shown):
        _await_atlases(shown)
    for i, one in enumerate(shown):
        what = "the image" if one.dataset is not None else "as recalled, G(z)"
        atlas = cache.atlas(one).value
        if i and one.pictured_by == shown[0].pictured_by:
            component.post(f"atlas{i}", {"same": 0, "what": what})
        elif atlas is None:
            component.post(f"atlas{i}", {"empty": True})
        else:
            header = {"columns": atlas.columns, "tile": atlas.tile_px, "what": what}
            component.post(f"atlas{i}", header, png=np.frombuffer(atlas.png, np.uint8))


def _await_atlases(shown: list[Shown]) -> None:
    @st.fragment(run_every=look_every(0.4))
    def follow() -> None:
        if all(cache.atlas(one).done for one in shown):
            draw_again_after_this("atlases")

    follow()


@st.fragment(key="footer")
def _footer(network: PadNetwork) -> None:
    page.footer(network, "occluded latents", "dreams", "decoded")
