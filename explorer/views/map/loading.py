"""The latents that the map shows, with their axes: what is computed on the way is waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from explorer.library.background import Result
from explorer.session.pace import look_every
from explorer.session.state import chosen, draw_again_after_this
from explorer.views.map import axes, cache, clouds
from explorer.views.map.axes import Space
from explorer.views.map.cache import Encoding, Shown
from explorer.views.map.clouds import Cloud
from explorer.widgets.memory_pair import pictures
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.load import DataSet
from pad_core.errors import PadError

_SPLITS = {"test": ("test",), "train": ("train",), "stored": ("train", "test")}


@dataclass(frozen=True)
class Wait:
    """What the map waits for: a sentence, and jobs to ask again."""

    told: str
    ask: Callable[[], list[Result[Any]]]

    @property
    def over(self) -> bool:
        """Whether all are done; PadError where one has failed."""
        found = self.ask()
        if error := next((result.error for result in found if result.error), ""):
            raise PadError(error)
        return all(result.done for result in found)

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        shares = [
            one.value.share if isinstance(one.value, Encoding) else float(one.done)
            for one in self.ask()
        ]
        return sum(shares) / len(shares)


def load(networks: list[PadNetwork], dataset: DataSet | None) -> list[Shown] | Wait:
    """The chosen latents of each network, once all that they need is computed.

    Raises:
        PadError: a network has too few memories, or none of these images.
    """
    choices = chosen().map
    name = "test" if choices.cloud == "images" and dataset is None else choices.cloud
    spaces = _spaces(networks)
    made = _clouds(networks, name, dataset)
    if isinstance(made, Wait):
        return made
    shown = [
        Shown(network, name, cloud, space, dataset)
        for network, cloud, space in zip(networks, made, spaces, strict=True)
    ]
    return _embedded(shown) if choices.onto == "tsne" else shown


def _spaces(networks: list[PadNetwork]) -> list[Space]:
    """Each network's axes."""
    choices, first = chosen().map, networks[0]
    spaces = [cache.space(one, choices, chosen().dream, pictures()) for one in networks]
    for i, network in enumerate(networks[1:], start=1):
        axes.same_images(first, network)
        if choices.axes == "aligned" and choices.onto == "pca":
            spaces[i] = axes.turned(network, spaces[i], first, spaces[0])
    return spaces


def _clouds(networks: list[PadNetwork], name: str, dataset: DataSet | None) -> list[Cloud] | Wait:
    if name in _SPLITS:
        return [clouds.stored_cloud(network, _SPLITS[name]) for network in networks]
    assert dataset is not None
    images: DataSet = dataset
    wait = Wait(
        f"Encoding {len(images.test):,} test images: once for each network",
        lambda: [cache.of_test_images(network, images) for network in networks],
    )
    found = [one.value.latents for one in wait.ask() if one.value is not None]
    latents = [z for z in found if z is not None]
    if not wait.over or len(latents) < len(networks):
        return wait
    return [
        clouds.image_cloud(network, images, z) for network, z in zip(networks, latents, strict=True)
    ]


def _embedded(shown: list[Shown]) -> list[Shown] | Wait:
    """The same latents where t-SNE puts them."""
    dims, n = int(chosen().map.dims), len(shown[0].cloud)
    wait = Wait(
        f"t-SNE of {n:,} latents, once: about 10 s for each thousand",
        lambda: [cache.tsne(one.network, one.name, one.cloud, dims) for one in shown],
    )
    places = [one.value for one in wait.ask() if one.done]
    if not wait.over or len(places) < len(shown):
        return wait
    return [replace(one, embedding=at) for one, at in zip(shown, places, strict=True)]


def await_(wait: Wait) -> None:
    """Draw a bar of what is done, and the page once all is."""

    @st.fragment(run_every=look_every(0.5))
    def follow() -> None:
        if all(one.done for one in wait.ask()):
            st.rerun()
        st.progress(wait.share, wait.told)

    follow()


def draw_when_done(panel: str, ask: Callable[[], Iterable[Result[Any]]]) -> None:
    """Draw a panel again once all these jobs are done."""

    @st.fragment(run_every=look_every(0.4))
    def follow() -> None:
        if all(one.done for one in ask()):
            draw_again_after_this(panel)

    follow()
