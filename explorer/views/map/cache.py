"""A cache of latents and pictures of many images for all viewers.

Encoding a whole test set takes seconds, so it runs in the background, and a page asks again. The
keys are the checkpoint's content and whatever else a result depends on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch

from explorer.dreaming.dreams import Pictures, Recalled
from explorer.library.background import Background, Result
from explorer.session.choices import Dream
from explorer.views.map import axes, clouds, dreams
from explorer.views.map.axes import Space
from explorer.views.map.clouds import Cloud
from explorer.views.map.dreams import Dreamt
from explorer.widgets import kept_dreams
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import picture_grid, png_bytes
from pad_core.data.load import DataSet

_KEPT = 12  # results; the latents of 10,000 images take 10 MB


@st.cache_resource(show_spinner=False)
def _jobs() -> Background:
    return Background(threads=2, keep=_KEPT)


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

    name: of the cloud, one of ``choices.CLOUDS``; dataset: real images, or None.
    """

    network: PadNetwork
    name: str
    cloud: Cloud
    space: Space
    dataset: DataSet | None

    @property
    def coordinates(self) -> np.ndarray:
        """Coordinates of the latents on the axes, (N, C)."""
        return self.space.projection.project(self.cloud.latents)

    @property
    def pictured_by(self) -> str:
        """Identifies the pictures behind the latents; networks share real ones."""
        source = self.network.sha256 if self.dataset is None else self.dataset.spec
        return f"{self.name} {source}"


def space(network: PadNetwork, dims: int) -> Space:
    """The network's own axes."""
    return _space(network.sha256, dims, network)


@st.cache_resource(max_entries=32, show_spinner=False)
def _space(sha256: str, dims: int, _network: PadNetwork) -> Space:
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
