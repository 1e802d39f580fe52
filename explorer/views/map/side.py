"""The column beside the latent map: the clicked point, and the selection."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import streamlit as st

from explorer.session.choices import BY_SEED, Choices, Dream
from explorer.session.state import choose, chosen, speak
from explorer.views.map import cache, clouds, component, places, side_html, table, view
from explorer.views.map.cache import Shown
from explorer.views.map.component import ClassStyle
from explorer.views.map.loading import draw_when_done
from explorer.views.map.places import Neighbours, Spot
from explorer.views.map.side_html import StripPicture
from explorer.views.map.table import Table
from explorer.widgets import page
from pad_core.checkpoint.file import PadNetwork
from pad_core.report.palette import CLASS_COLOURS, style

_COLUMNS = {"pca": "pc", "tsne": "tsne"} | dict.fromkeys(("classes", "probe", "pair"), "axis")
_ICONS = ("star", "close", "compare_arrows")  # of the examples
_FARTHEST = 1e6  # largest coordinate of a place; latents stay below some tens


def classes(network: PadNetwork) -> list[ClassStyle]:
    """Name and colour of each class; beyond ten classes, shapes also tell them apart."""
    return [
        ClassStyle(name, *CLASS_COLOURS[i % len(CLASS_COLOURS)])
        for i, name in enumerate(network.class_names)
    ]


@st.fragment(key="picked")
def looked_at(shown: list[Shown]) -> None:
    """Draw the clicked point or place: decoded, occluded, and with its neighbours."""
    at = _read_spot(chosen().map.spot, shown)
    # While real images load, another cloud is shown, whose places are other images.
    place = chosen().map.picked if shown[0].name == chosen().map.cloud else -1
    if 0 <= place < len(shown[0].cloud):
        with page.timed("decoded"):
            near = [
                places.neighbours(one.cloud, one.cloud.latents[place, None], without=place)
                for one in shown
            ]
            parts = [
                (side_html.heading(_title(one)) if len(shown) > 1 else "") + _latent(one, place, n)
                for one, n in zip(shown, near, strict=True)
            ]
        cloud, network = shown[0].cloud, shown[0].network
        name = network.class_names[cloud.labels[place]]
        where = f"{_split_name(cloud.splits[place])} image {cloud.indices[place]}"
        st.html(side_html.section("picked", name, where, *parts))
        _dream_from(shown[0], place)
        marks = {"picked": place, "neighbours": [n.places.tolist() for n in near]}
        component.post("marks", marks)
    elif at is not None:
        pane, coordinates = at
        one = shown[pane]
        if one.embedding is not None:
            _no_way_back()
            return
        with page.timed("decoded"):
            spot = places.spot(one.space, one.cloud, coordinates)
            part = _place(one, spot)
        st.html(side_html.section("picked", "A place without a memory", "", part))
        where_to = {"pane": pane, "at": coordinates.tolist()}
        component.post("marks", {"picked": -1, "spot": where_to, "nearest": spot.nearest})
    else:
        text = (
            "Click a point: its latent is decoded here, with the latents nearest to it. Click "
            "empty ground: the network dreams of a place where no memory is. Or begin with:"
        )
        st.html(side_html.section("picked", "Nothing looked at yet", "", side_html.line(text)))
        _examples(shown[0])
        component.post("marks", {"picked": -1})


def _examples(shown: Shown) -> None:
    """Three points to click, once they are found."""
    found = cache.examples(shown)
    if not found.done:
        draw_when_done("picked", lambda: [cache.examples(shown)])
    with st.container(key="map-examples", gap="xsmall"):
        for i, (place, text) in enumerate(found.value or []):
            st.button(
                text[:1].upper() + text[1:],
                key=f"example-{i}",
                icon=f":material/{_ICONS[i]}:",
                type="tertiary",
                on_click=choose,
                args=(("picked", "footer"),),
                kwargs={"picked": place, "spot": ""},
            )


def _no_way_back() -> None:
    """t-SNE has no inverse."""
    text = "t-SNE has no inverse: an empty place of its picture decodes to nothing."
    st.html(side_html.section("picked", "No latent here", "", side_html.line(text)))
    component.post("marks", {"picked": -1})


def _read_spot(text: str, shown: list[Shown]) -> tuple[int, np.ndarray] | None:
    """Pane and coordinates of the clicked empty place; None if there is none."""
    pane, *numbers = text.split(":")
    try:
        coordinates = np.array([float(number) for number in numbers])
    except ValueError:
        return None
    panes = [str(i) for i in range(len(shown))]
    if pane not in panes or len(coordinates) != int(chosen().map.dims):
        return None
    near = (np.abs(coordinates) < _FARTHEST).all()  # also not for nan
    return (int(pane), coordinates) if near else None


def _split_name(split: str) -> str:
    return "test" if split == "test" else "training"


def _title(shown: Shown) -> str:
    return style(shown.network.header.condition.name).label


def _latent(shown: Shown, place: int, near: Neighbours) -> str:
    """One network's view of a point: its picture, decoded, occluded, and its neighbours."""
    network, cloud, dream = shown.network, shown.cloud, chosen().dream
    # Only these: the pictures of all points are made in the background.
    nearby = np.concatenate([[place], near.places])
    images = clouds.images_of(network, cloud.at(nearby), shown.dataset)
    dials = (dream.intensity, dream.size_px, dream.seed)
    hidden = clouds.occluded_image(images[:1], place, len(cloud), *dials)
    recalled = network.generate(cloud.latents[place, None])
    recovered = network.generate(network.encode(hidden))
    tiles = [
        StripPicture(recalled, "G(z), decoded from the latent", "decoded"),
        StripPicture(hidden, f"{_on(shown)}, occluded by {dream.intensity:.0%}", "occluded"),
        StripPicture(recovered, "What the network makes of the occluded one", "recovered"),
    ]
    if shown.dataset is not None:
        tiles.insert(0, StripPicture(images[:1], "The real image", "image"))
    styles = classes(network)
    nearest = [
        StripPicture(images[k, None], _neighbour(shown, int(i), d), styles[cloud.labels[i]])
        for k, (i, d) in enumerate(
            zip(near.places, near.distances / shown.space.typical, strict=True), start=1
        )
    ]
    return (
        side_html.strip(tiles, "four")
        + side_html.line(_company(shown, place, near))
        + side_html.strip(nearest, "eight")
    )


def _company(shown: Shown, place: int, near: Neighbours) -> str:
    """In words, the classes of the nearest points."""
    labels = shown.cloud.labels
    names = [shown.network.class_names[label] for label in labels[near.places]]
    count = Counter(names).most_common()
    alike = int((labels[near.places] == labels[place]).sum())
    return (
        f"Nearest {len(names)} latents, {alike} of its class: "
        f"{', '.join(f'{n} {name}' for name, n in count)}."
    )


def _on(shown: Shown) -> str:
    return "The real image" if shown.dataset is not None else "The recalled image"


def _neighbour(shown: Shown, place: int, distance: float) -> str:
    cloud = shown.cloud
    name = shown.network.class_names[cloud.labels[place]]
    split = _split_name(cloud.splits[place])
    return f"{name}, {split} image {cloud.indices[place]}, {distance:.2f} typical distances away"


def _place(shown: Shown, spot: Spot) -> str:
    network, cloud = shown.network, shown.cloud
    nearest = cloud.latents[spot.nearest, None]
    name = network.class_names[cloud.labels[spot.nearest]]
    tiles = [
        StripPicture(
            network.generate(spot.latents), "Decoded from the place you clicked", "dreamt here"
        ),
        StripPicture(
            network.generate(nearest), f"Decoded from the nearest latent, {name}", f"near: {name}"
        ),
    ]
    told = (
        f"The nearest latent of {_title(shown)} lies {spot.distance:.2f} times as far from here as "
        "a stored latent usually lies from its own nearest neighbour "
        f"(a distance of {shown.space.typical:.1f})."
    )
    warning = "Far from data: no latent lies near, and what is decoded is guesswork. "
    how = "Off the axes, it is as the nearest latent is."
    return (
        side_html.strip(tiles, "four")
        + side_html.line((warning if spot.far else "") + told, warning=spot.far)
        + side_html.line(how)
    )


def _dream_from(shown: Shown, place: int) -> None:
    cloud = shown.cloud
    memory, split = int(cloud.places[place]), str(cloud.splits[place])
    with st.container(horizontal=True, key="dream-from"):
        for letter, name in (("A", "first"), ("B", "second")):
            st.button(
                f"Dream of it as {letter}",
                key=f"dream-{name}",
                disabled=memory < 0,
                on_click=_take_memory,
                args=(name, split, memory),
                help="Makes it memory "
                f"{letter} of the Dream page, at one end of the path drawn on the map."
                if memory >= 0
                else "Only memories that the checkpoint stores can be dreamt of; this one isn't.",
            )


def _take_memory(name: str, split: str, memory: int) -> None:
    changes: dict[str, Any] = {name: memory}
    moved = split != chosen().dream.split
    if moved:  # both memories have one split, so the other one is drawn anew
        changes |= {"split": split, "second" if name == "first" else "first": BY_SEED}
    if moved or chosen().map.onto == "pair":  # the sidebar tells the split; the pair is an axis
        choose(**changes)
        st.rerun()
    choose(("picked", "dreams", "footer"), **changes)


@st.fragment(key="selection")
def selection(shown: list[Shown]) -> None:
    """Draw the selected points, counted by class, and their file."""
    speak()
    first, choices = shown[0], chosen()
    n = len(first.cloud)
    selected = view.selected(shown)
    view.post_selection(selected, n)
    if len(selected):
        counts = places.counts(first.cloud, selected, len(first.network.class_names))
        body = side_html.bars(counts, classes(first.network))
        st.html(side_html.section("selection", "Selected", f"{len(selected):,} of {n:,}", body))
    else:
        text = "Choose Box or Lasso above the map and draw around points to count and export them."
        st.html(side_html.section("selection", "Nothing selected", "", side_html.line(text)))
    rows = selected if len(selected) else np.arange(n)
    which = f"{len(selected):,} selected" if len(selected) else f"all {n:,}"
    st.download_button(
        f"CSV of {which}",
        lambda: _csv(shown, rows, choices),
        f"latents-{first.network.sha256[:12]}-{first.name}-{len(rows)}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
        help="A row for each latent and network: file hash, split, index, class, coordinates, and "
        "all 256 numbers of z.",
    )


def _csv(shown: list[Shown], rows: np.ndarray, choices: Choices) -> str:
    """The file, made on download, when there is no viewer's session."""
    tables = [
        Table(
            one.network,
            one.cloud,
            one.coordinates,
            occluded_coordinates(one, choices.dream)
            if choices.map.joined and one.embedding is None
            else None,
            _COLUMNS[choices.map.onto],
        )
        for one in shown
    ]
    return table.to_csv(tables, rows)


def occluded_coordinates(shown: Shown, dream: Dream) -> np.ndarray:
    """Coordinates of the same images' latents, occluded as chosen: float32 (N, C)."""
    latents = cache.occluded(shown, dream.intensity, dream.size_px, dream.seed)
    return shown.space.projection.project(latents).astype(np.float32)
