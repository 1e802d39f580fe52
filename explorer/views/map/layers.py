"""What the map draws: its points, and what lies over them, each in a panel of its own."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
import torch

from explorer.session.state import choose, chosen
from explorer.views.map import cache, component, dreams, view
from explorer.views.map.cache import Shown
from explorer.views.map.component import Pane
from explorer.views.map.loading import draw_when_done
from explorer.views.map.side import classes, occluded_coordinates
from explorer.widgets import page
from explorer.widgets.memory_pair import pictures
from pad_core.data.images import SIDE_PX, picture_grid, png_bytes
from pad_core.errors import PadError
from pad_core.report.palette import style

_NOT_ON_IT = "Dreams and occluded latents have no place in t-SNE's picture."


def what_of(shown: Shown) -> str:
    """What the points are latents of."""
    return {
        "test": "stored test memories",
        "train": "stored training memories",
        "stored": "stored memories",
        "images": "test images",
    }[shown.name]


def _pane(shown: Shown, beside: bool) -> Pane:
    space, header = shown.space, shown.network.header
    title = f"{style(header.condition.name).label} · epoch {header.epoch}" if beside else ""
    if shown.embedding is not None:
        return Pane(title, "t-SNE", tuple(f"t-SNE {i}" for i in range(1, len(space.names) + 1)))
    explained = 100 * space.projection.explained
    note = f"{explained.sum():.0f} % of variance"
    if space.residual is not None:
        note += f" · residual {space.residual:.2f}"
    named = zip(space.names, explained, strict=True)
    return Pane(title, note, tuple(f"{name} · {share:.1f} %" for name, share in named))


@st.fragment(key="map")
def points(shown: list[Shown]) -> None:
    """Draw the map."""
    first = shown[0]
    component.draw(
        [_pane(one, len(shown) > 1) for one in shown],
        [one.coordinates for one in shown],
        first.cloud.labels,
        classes(first.network),
        {"what": what_of(first), "splits": first.cloud.splits, "indices": first.cloud.indices},
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
def occluded(shown: list[Shown]) -> None:
    """Post the same images' latents, occluded, if the viewer asks for them."""
    if not chosen().map.joined or shown[0].embedding is not None:
        component.post("occluded", {"empty": True})
        return
    dream = chosen().dream
    with page.timed("occluded latents"):
        arrays = {f"points{i}": occluded_coordinates(one, dream) for i, one in enumerate(shown)}
    images = "image" if shown[0].dataset is not None else "reconstruction"
    what = f"the {images}, occluded by {dream.intensity:.0%}"
    said = f"Lines lead to latents of {what} in patches of {dream.size_px} px, seed {dream.seed}."
    component.post("occluded", {"what": what, "said": said}, **arrays)


@st.fragment(key="dreams")
def dreamt(shown: list[Shown]) -> None:
    """Post the Dream page's memories and dreams."""
    if shown[0].embedding is not None:
        component.post("dreams", {"empty": True, "told": _NOT_ON_IT})
        return
    try:
        with page.timed("dreams"):
            found = [cache.dreamt(one.network, chosen().dream, pictures()) for one in shown]
    except PadError:  # the Dream page explains why there are none
        component.post("dreams", {"empty": True})
        return
    arrays = {
        f"points{i}": one.space.projection.project(asleep.latents).astype(np.float32)
        for i, (one, asleep) in enumerate(zip(shown, found, strict=True))
    }
    columns = len(found[0].names)
    png = png_bytes(picture_grid(torch.cat([asleep.images for asleep in found]), columns))
    header = {
        "steps": dreams.STEPS,
        "names": [asleep.names for asleep in found],
        "columns": columns,
        "tile": SIDE_PX,
        "said": _dreams_said(found[0].names),
    }
    component.post("dreams", header, png=np.frombuffer(png, np.uint8), **arrays)


def _dreams_said(names: tuple[str, ...]) -> str:
    """For a figure's caption: what its marks of dreams are."""
    dream, (a, b) = chosen().dream, (name.partition(" · ")[2] for name in names[:2])
    return (
        f"A, B: {a} and {b}; the line is their dream as λ goes from 0 to 1; diamonds are REM "
        f"dreams, the filled one at λ = {dream.lam:g}; λ′ = {dream.lam_prime:g}, "
        f"σ = {dream.noise_level:g}, seed {dream.seed}."
    )


@st.fragment(key="atlases")
def atlases(shown: list[Shown]) -> None:
    """Post thumbnails once they are made; the map doesn't wait for them."""
    if not all(cache.atlas(one).done for one in shown):
        draw_when_done("atlases", lambda: map(cache.atlas, shown))
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
