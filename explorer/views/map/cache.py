"""A cache of latents and pictures of many images for all viewers.

Encoding a whole test set takes seconds, so it runs in the background, and a page asks again. The
keys are the checkpoint's content and whatever else a result depends on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import streamlit as st
import torch

from explorer.dreaming.dreams import Pictures, Recalled
from explorer.library import networks
from explorer.library.background import Background, Result
from explorer.session.choices import Dream, MapChoices
from explorer.views.map import axes, clouds, colours, dreams, neighbourhoods
from explorer.views.map.axes import Line, Space
from explorer.views.map.clouds import Cloud
from explorer.views.map.dreams import Dreamt
from explorer.views.map.examples import Example
from explorer.views.map.examples import examples as find_examples
from explorer.widgets import kept_dreams
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import picture_grid, png_bytes
from pad_core.data.load import DataSet

_KEPT = 12  # results; the latents of 10,000 images take 10 MB
_VALUES_KEPT = 100  # of all points; 40 kB for 10,000


@st.cache_resource(show_spinner=False)
def _jobs() -> Background:
    return Background(threads=2, keep=_KEPT)


@st.cache_resource(show_spinner=False)
def _measuring() -> Background:
    return Background(threads=2, keep=_VALUES_KEPT)


@dataclass(frozen=True)
class Encoding:
    """Latents of all test images, (N, 256), once they are complete; share: done, 0 to 1."""

    share: float
    latents: torch.Tensor | None = None


def of_test_images(network: PadNetwork, dataset: DataSet) -> Result[Encoding]:
    """Latents of all test images."""

    def encode() -> Iterator[Encoding]:
        parts: list[torch.Tensor] = []
        done = 0
        for part in clouds.encode(network, dataset.test.images):
            parts.append(part)
            done += len(part)
            yield Encoding(done / len(dataset.test))
        yield Encoding(1.0, torch.cat(parts))

    return _jobs().get(("latents", network.sha256, dataset.spec), encode)


@dataclass(frozen=True)
class Shown:
    """A network's latents of one cloud, and its axes.

    name: of the cloud, one of ``choices.CLOUDS``; dataset: real images, or None; embedding: places
    of the latents that no axes explain, (N, C), or None.
    """

    network: PadNetwork
    name: str
    cloud: Cloud
    space: Space
    dataset: DataSet | None
    embedding: np.ndarray | None = None

    @property
    def coordinates(self) -> np.ndarray:
        """Coordinates of the latents on the axes, (N, C)."""
        if self.embedding is not None:
            return self.embedding
        return self.space.projection.project(self.cloud.latents)

    @property
    def ground(self) -> str:
        """Identifies what the coordinates mean."""
        projection = self.space.projection
        parts = [projection.mean, projection.components]
        found = sha256()
        for part in parts if self.embedding is None else [self.embedding]:
            found.update(np.ascontiguousarray(part).tobytes())
        return found.hexdigest()[:16]

    @property
    def pictured_by(self) -> str:
        """Identifies the pictures behind the latents; networks share real ones."""
        source = self.network.sha256 if self.dataset is None else self.dataset.spec
        return f"{self.name} {source}"


def space(network: PadNetwork, chosen: MapChoices, dream: Dream, pictures: Pictures) -> Space:
    """The network's axes: along the chosen line, or its principal components.

    Raises:
        PadError: too few memories for axes, or the line's ends aren't there.
    """
    dims, ends = int(chosen.dims), (chosen.left, chosen.right)
    if chosen.onto == "classes":
        line = axes.between_classes(network, *ends)
    elif chosen.onto == "probe":
        line = axes.by_probe(network, networks.reader(network).probe, *ends)
    elif chosen.onto == "pair":
        recalled = kept_dreams.recall(network, dream, pictures)
        line = axes.between(recalled.previous[0], recalled.current[0], "memory B to A")
    else:
        return _space(network.sha256, dims, network)
    where = sha256(torch.cat([line.way.float(), line.origin]).numpy().tobytes()).hexdigest()
    return _along(network.sha256, line.name, where, dims, network, line)


@st.cache_resource(max_entries=32, show_spinner=False)
def _along(
    network: str, name: str, where: str, dims: int, _network: PadNetwork, _line: Line
) -> Space:
    return axes.along(_network, _line, dims)


def tsne(network: PadNetwork, name: str, cloud: Cloud, dims: int) -> Result[np.ndarray]:
    """t-SNE of the latents of the cloud of this ``name``: (N, C)."""

    def embed() -> Iterator[np.ndarray]:
        yield neighbourhoods.tsne(cloud.latents, dims)

    return _measuring().get(("t-SNE", network.sha256, name, dims), embed)


@st.cache_resource(max_entries=32, show_spinner=False)
def _space(sha: str, dims: int, _network: PadNetwork) -> Space:
    return axes.space(_network, dims)


def images(shown: Shown) -> torch.Tensor:
    """The pictures behind the latents, uint8 (N, 3, 32, 32)."""
    return _images(shown.pictured_by, shown)


@st.cache_resource(max_entries=3, show_spinner=False)  # 31 MB for 10,000
def _images(pictured_by: str, _shown: Shown) -> torch.Tensor:
    return clouds.images_of(_shown.network, _shown.cloud, _shown.dataset)


def occluded(shown: Shown, intensity: float, size_px: int, seed: int) -> torch.Tensor:
    """Latents (N, 256) of the same images, occluded."""
    key = f"{shown.network.sha256} {shown.pictured_by}"
    return _occluded(key, intensity, size_px, seed, shown)


@st.cache_resource(max_entries=8, show_spinner=False)  # 10 MB for 10,000
def _occluded(key: str, intensity: float, size_px: int, seed: int, _shown: Shown) -> torch.Tensor:
    return clouds.occluded_latents(_shown.network, images(_shown), intensity, size_px, seed)


def coloured(shown: Shown, by: str) -> Result[np.ndarray | None]:
    """What the points are coloured by, a measure of ``choices.COLOURS``: float32 (N,)."""
    network, cloud = shown.network, shown.cloud

    def values() -> Iterator[np.ndarray]:
        if by == "d":
            return colours.realness(network, images(shown))
        if by == "error":
            return colours.errors(network, cloud.latents, images(shown))
        if by == "nearest":
            return colours.nearest(cloud.latents, shown.space.typical)
        return colours.right(networks.reader(network).probe, cloud.latents, cloud.labels)

    def measure() -> Iterator[np.ndarray | None]:
        parts = []
        for part in values():
            parts.append(part)
            yield None
        yield np.concatenate(parts).astype(np.float32)

    return _measuring().get(("colours", by, network.sha256, shown.pictured_by), measure)


def examples(shown: Shown) -> Result[list[Example]]:
    """Points to look at first; none where the checkpoint remembers too little for a probe."""
    network, cloud = shown.network, shown.cloud

    def find() -> Iterator[list[Example]]:
        yield find_examples(cloud, networks.reader(network).probe, network.class_names)

    return _measuring().get(("examples", network.sha256, shown.name), find)


def dreamt(network: PadNetwork, dream: Dream, pictures: Pictures) -> Dreamt:
    """The Dream page's dreams: memories A and B, the path between them, and REM dreams.

    Raises:
        PadError: the checkpoint holds too few memories.
    """
    recalled = kept_dreams.recall(network, dream, pictures)
    who = (network.sha256, kept_dreams.identity(recalled))
    mixed = (dream.lam_prime, dream.noise_level, dream.seed)
    return _path(*who, mixed, network, recalled, dream) + _asleep(
        *who, (dream.lam, *mixed), network, recalled, dream
    )


@st.cache_resource(max_entries=64, show_spinner=False)  # of 100 kB
def _path(
    network: str,
    recalled: str,
    dials: tuple[float, float, int],
    _network: PadNetwork,
    _recalled: Recalled,
    _dream: Dream,
) -> Dreamt:
    return dreams.path(_network, _recalled, _dream)


@st.cache_resource(max_entries=64, show_spinner=False)  # of 32 kB
def _asleep(
    network: str,
    recalled: str,
    dials: tuple[float, float, float, int],
    _network: PadNetwork,
    _recalled: Recalled,
    _dream: Dream,
) -> Dreamt:
    return dreams.asleep(_network, _recalled, _dream)


@dataclass(frozen=True)
class Atlas:
    """Thumbnails in one PNG: how many in a row, and pixels a side of each."""

    png: bytes
    columns: int
    tile_px: int


def atlas(shown: Shown) -> Result[Atlas]:
    """Thumbnails of the pictures behind the latents."""

    def lay_out() -> Iterator[Atlas]:
        tiles, tile_px = clouds.tiles(images(shown))
        columns = max(1, round(len(tiles) ** 0.5))
        yield Atlas(png_bytes(picture_grid(tiles, columns), level=1), columns, tile_px)

    return _jobs().get(("atlas", shown.pictured_by), lay_out)
