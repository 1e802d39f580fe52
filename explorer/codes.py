"""Codes and pictures of many images, kept for all viewers.

What takes seconds, encoding a whole test set, goes on in the background; a page asks again.
Kept by the checkpoint's content and by what else it depends on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch

from explorer.compute import latent_map
from explorer.compute.latent_map import Cloud, Space
from pad_core.checkpoint import PadNetwork
from pad_core.datasets import DataSet
from pad_core.errors import PadError
from pad_core.images import picture_grid, png_bytes

_KEPT = 6  # networks' codes of a test set, 10 MB each for 10,000 images


@dataclass
class Encoding:
    """Codes of all test images, or how far they are.

    latents: (N, 256) once they are all there; share: of it done, 0 to 1; problem: what went
    wrong, if anything.
    """

    latents: torch.Tensor | None = None
    share: float = 0.0
    problem: str = ""


def of_test_images(network: PadNetwork, dataset: DataSet) -> Encoding:
    """Codes of all test images; the first call begins to encode them."""
    jobs = _jobs()
    key = (network.sha256, dataset.spec)
    with jobs.lock:
        if key not in jobs.encodings:
            jobs.encodings[key] = encoding = Encoding()
            work = threading.Thread(target=_encode, args=(network, dataset, encoding), daemon=True)
            work.start()
            while len(jobs.encodings) > _KEPT:
                jobs.encodings.popitem(last=False)
        jobs.encodings.move_to_end(key)
        return jobs.encodings[key]


def _encode(network: PadNetwork, dataset: DataSet, encoding: Encoding) -> None:
    images = dataset.test.images
    parts: list[torch.Tensor] = []
    done = 0
    try:
        for part in latent_map.encode(network, images):
            parts.append(part)
            done += len(part)
            encoding.share = done / len(images)
        encoding.latents = torch.cat(parts)
    except (PadError, RuntimeError) as error:
        encoding.problem = str(error)


class _Jobs:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.encodings: OrderedDict[tuple[str, str], Encoding] = OrderedDict()


@st.cache_resource(show_spinner=False)
def _jobs() -> _Jobs:
    return _Jobs()


@dataclass(frozen=True)
class Shown:
    """A network's codes of one cloud, and its axes.

    name: of the cloud, see ``choices.CLOUDS``; dataset: real images, or None.
    """

    network: PadNetwork
    name: str
    cloud: Cloud
    space: Space
    dataset: DataSet | None

    @property
    def coordinates(self) -> np.ndarray:
        """Where the codes lie on the axes, (N, C)."""
        return self.space.projection.project(self.cloud.latents)

    @property
    def pictured_by(self) -> str:
        """What tells apart the pictures that the codes stand for; networks share real ones."""
        source = self.network.sha256 if self.dataset is None else self.dataset.spec
        return f"{self.name} {source}"


def space(network: PadNetwork, dims: int) -> Space:
    """The network's own axes."""
    return _space(network.sha256, dims, network)


@st.cache_resource(max_entries=32, show_spinner=False)
def _space(sha256: str, dims: int, _network: PadNetwork) -> Space:
    return latent_map.space(_network, dims)


def images(shown: Shown) -> torch.Tensor:
    """What the codes stand for, uint8 (N, 3, 32, 32)."""
    return _images(shown.pictured_by, shown)


@st.cache_resource(max_entries=8, show_spinner=False)
def _images(pictured_by: str, _shown: Shown) -> torch.Tensor:
    return latent_map.images_of(_shown.network, _shown.cloud, _shown.dataset)


def occluded(shown: Shown, intensity: float, size_px: int, seed: int) -> torch.Tensor:
    """Codes (N, 256) of the same images, occluded."""
    key = f"{shown.network.sha256} {shown.pictured_by}"
    return _occluded(key, intensity, size_px, seed, shown)


@st.cache_resource(max_entries=64, show_spinner=False)
def _occluded(key: str, intensity: float, size_px: int, seed: int, _shown: Shown) -> torch.Tensor:
    return latent_map.occluded_codes(_shown.network, images(_shown), intensity, size_px, seed)


@dataclass(frozen=True)
class Atlas:
    """Thumbnails side by side: a PNG, tiles in a row of it, pixels a side of each."""

    png: bytes
    columns: int
    tile_px: int


def atlas(shown: Shown) -> Atlas:
    """Thumbnails of what the codes stand for."""
    return _atlas(shown.pictured_by, shown)


@st.cache_resource(max_entries=6, show_spinner=False)
def _atlas(pictured_by: str, _shown: Shown) -> Atlas:
    tiles, tile_px = latent_map.tiles(images(_shown))
    columns = max(1, round(len(tiles) ** 0.5))
    return Atlas(png_bytes(picture_grid(tiles, columns)), columns, tile_px)
