"""Metamers: other pictures that each network takes for the same, and who sees through them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import islice

import numpy as np
import streamlit as st
import torch

from explorer.library import networks as library
from explorer.session.state import chosen, fresh, take
from explorer.views.lab import figures, seen, toward
from explorer.views.lab.chart import chart
from explorer.views.lab.export import export
from explorer.views.lab.pick import pick
from explorer.views.lab.source import source
from explorer.widgets import page, sidebar
from explorer.widgets.pictures import Row, panel
from explorer.widgets.swatch import swatch
from explorer.widgets.watching import growing, watch
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import picture_grid
from pad_core.dreaming.ascent import Step
from pad_core.dreaming.canvas import Canvas, Palette
from pad_core.dreaming.metamers import CONTRAST, TOLERANCE, judge, seek, unlike
from pad_core.dreaming.reader import Reader
from pad_core.report.palette import style

_SHOWN = 8
_HEIGHT = 360
_SOURCE = (
    "Metamers are <b>Freeman’s and Simoncelli’s</b> (2011); for trained networks <b>Feather’s and "
    "others’</b> (2023). To ask what a network without NREM or REM does not see is <b>ours</b>; "
    "the <b>paper</b> did not. δ: between encodings, in distances of neighbouring memories; "
    f"{TOLERANCE:g} counts as the same."
)


def show(network: PadNetwork) -> None:
    """The sight."""
    compared = page.networks() or {chosen().networks.checkpoint: network}
    images = sidebar.images(network)
    disguise = pick(
        "disguise", "Begin with", {"noise": "noise", "others": "other pictures"},
        "What the metamer looks like at first: noise, or the picture beside it.",
    )  # fmt: skip
    toward.choose_steps()
    dream, steps = chosen().dream.stored, chosen().lab.steps
    readers = {key: library.reader(one) for key, one in compared.items()}
    at = seen.places(network, dream.split, dream.seed, _SHOWN)
    pictures = seen.pictures(network, images, dream.split, at).clone()
    shown = (network.sha256, dream.split, dream.seed, images is not None)
    key = ("metamers", *(one.sha256 for one in compared.values()), shown, disguise, steps)

    def begin() -> Iterator[tuple[tuple[Step, ...], ...]]:
        climbs = _climbs(readers, pictures, disguise, dream.seed)
        return growing(islice(zip(*climbs, strict=True), steps + 1))

    def draw(made: tuple[tuple[Step, ...], ...], busy: bool) -> None:
        last = len(made) - 1
        now = chosen().lab.at if not busy and 0 <= chosen().lab.at < last else last
        left, right = st.columns([13, 5], gap="medium")
        with left:
            _pictures(compared, pictures, made[now])
        with right:
            if busy:
                st.progress(min(1.0, last / steps), f"Step {last} of {steps}")
                return
            widget = fresh("at", now)
            st.slider("Step", 0, last, now, key=widget, on_change=take, args=("at", widget))
            _judged(compared, readers, pictures, made[now])

    watch(key, begin, draw)
    export("metamers", [network, *(one for one in compared.values() if one is not network)], {
        "begin": disguise, "steps": steps, "split": dream.split, "seed": dream.seed,
    })  # fmt: skip
    source(_SOURCE)


def _climbs(
    readers: Mapping[str, Reader], pictures: torch.Tensor, disguise: str, seed: int
) -> list[Iterator[Step]]:
    canvas = Canvas(Palette.of(pictures))
    if disguise == "noise":
        start = canvas.noise(len(pictures), CONTRAST, seed)
    else:
        start = canvas.parameters(pictures.roll(1, 0))
    return [
        seek(reader, canvas, reader.network.encode(pictures), start) for reader in readers.values()
    ]


def _pictures(
    compared: Mapping[str, PadNetwork],
    pictures: torch.Tensor,
    step: tuple[Step, ...],
) -> None:
    n = len(pictures)
    rows = [
        Row("Seen", "<i>x</i>", "", [f"Picture {i + 1}" for i in range(n)], small=True),
    ]
    for network, one in zip(compared.values(), step, strict=True):
        name, label = network.condition.name, style(network.condition.name).label
        distances = (-one.value).tolist()
        apart = float(unlike(pictures, one.seen.images).mean())
        rows.append(
            Row(
                f"{swatch(name)}{escape(label)}",
                "<i>x′</i>",
                f"1 − correlation <b>{apart:.2f}</b>",
                [f"Metamer {i + 1} of {label}, δ {d:.2f}" for i, d in enumerate(distances)],
                [f"δ {distance:.2f}" for distance in distances],
            )
        )
    images = torch.cat([pictures, *(one.seen.images for one in step)])
    st.html(panel("deep", picture_grid(images, n), rows))


def _judged(
    compared: Mapping[str, PadNetwork],
    readers: Mapping[str, Reader],
    pictures: torch.Tensor,
    step: tuple[Step, ...],
) -> None:
    """How far each network's metamers are from the pictures, to each network."""
    distances = np.array(
        [
            [
                float(judge(reader, pictures, one.seen.images).distance.mean())
                for reader in readers.values()
            ]
            for one in step
        ]
    )
    names = [style(network.condition.name).label for network in compared.values()]
    names = [f"{name} ({i + 1})" if names.count(name) > 1 else name for i, name in enumerate(names)]
    figure = figures.judged(distances, names, page.is_dark(), _HEIGHT)
    chart(figure, "metamers-judged", "Metamers, judged by each network",
          "Distance of latents from those of the picture: rows made the metamer, columns judge it.",
          compared.values())  # fmt: skip
