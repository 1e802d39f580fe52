"""Deep dream: what drives a class, d, a unit or a component most, in several networks at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import islice
from typing import NamedTuple

import numpy as np
import streamlit as st
import torch

from explorer.library import networks as library
from explorer.session.state import choose, chosen, fresh, remembered, session, take
from explorer.views.lab import figures, seen, toward
from explorer.views.lab.chart import chart
from explorer.views.lab.export import export
from explorer.views.lab.pick import pick
from explorer.views.lab.source import source
from explorer.widgets import page, sidebar, sliders
from explorer.widgets.pictures import Row, panel
from explorer.widgets.swatch import swatch
from explorer.widgets.watching import growing, watch
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX, picture_grid, to_unit
from pad_core.data.load import DataSet
from pad_core.dreaming.ascent import Step
from pad_core.dreaming.canvas import Canvas, Palette
from pad_core.dreaming.deepdream import (
    CONTRAST,
    in_pixels,
    noise_latents,
    palette_of,
    through_generator,
)
from pad_core.dreaming.goals import Goal, is_learnt, objective
from pad_core.dreaming.reader import Reader
from pad_core.errors import PadError
from pad_core.report.palette import style

_COLUMNS = {32: 8, 64: 4, 96: 2}  # pictures of a network, by the canvas's side
_PALETTE_IMAGES = 500
_HEIGHT = 300
_SOURCE = (
    "Ascent on pixels is <b>DeepDream’s</b> (2015), the Fourier basis and independent colours "
    "<b>Olah’s and others’</b> (2017); here the colours are the data set’s own. Ascent through "
    "<i>G</i>, whose pictures are PAD’s own, is <b>ours</b> here, after Nguyen and others (2016). "
    "The <b>paper</b> did neither."
)


class _Plan(NamedTuple):
    """All that deep dreams depend on beside the networks."""

    goal: Goal
    steps: int
    seed: int
    split: str
    through: str
    begin: str
    side_px: int
    prior: float


def show(network: PadNetwork) -> None:
    """The sight."""
    compared = page.networks() or {chosen().networks.checkpoint: network}
    images = sidebar.images(network)
    plan = _plan(network, images)
    readers = {key: library.reader(one) for key, one in compared.items()}
    if _lacking := [one.name for one in compared.values() if not _can(one, plan.goal)]:
        raise PadError(f"{_lacking[0]} has no {plan.goal}; compare networks of one data set.")
    found = images if images is not None and _same_data(network, compared) else None
    key = ("deep", *(one.sha256 for one in compared.values()), plan, found is not None)

    def begin() -> Iterator[tuple[tuple[Step, ...], ...]]:
        return growing(_ascents(readers, plan, found))

    def draw(steps: tuple[tuple[Step, ...], ...], busy: bool) -> None:
        session()["deep-steps"] = len(steps) - 1
        last = len(steps) - 1
        at = chosen().lab.at if not busy and 0 <= chosen().lab.at < last else last
        values = np.array([[float(one.value.mean()) for one in step] for step in steps])
        names = [one.condition.name for one in compared.values()]
        figure = figures.rising(values, names, at, page.is_dark(), _HEIGHT)
        left, right = st.columns([13, 5], gap="medium")
        with left:
            _pictures(compared, readers, plan, steps[at])
        with right:
            _follow(last, at, plan.steps, busy)
            chart(figure, "deep-rising", "The goal rises", "Mean over pictures, at each step.",
                  compared.values())  # fmt: skip

    watch(key, begin, draw)
    if all(is_learnt(one, plan.goal) for one in compared.values()):
        export("deep", [*compared.values()], {
            "goal": str(plan.goal), "steps": plan.steps, "through": plan.through,
            "begin": "memory" if plan.begin == "photograph" else plan.begin, "side": plan.side_px,
            "prior": plan.prior, "split": plan.split, "seed": plan.seed,
        })  # fmt: skip
    source(_SOURCE)


def _plan(network: PadNetwork, images: DataSet | None) -> _Plan:
    goal = toward.choose_goal(network)
    through = pick(
        "through", "Climb", {"pixels": "in pixels", "generator": "through G"},
        "In pixels any picture can arise. Through G it is latents that climb: the picture stays "
        "one that the network could dream.",
    )  # fmt: skip
    begins = {"noise": "noise", "memory": "memory"}
    if images is not None:
        begins["photograph"] = "image"
    begin = pick("begin", "Begin with", begins, "Noise that the seed draws, memories, or images.")
    side = "32"
    if through == "pixels":
        side = pick(
            "side", "Canvas, px", {str(s): str(s) for s in _COLUMNS},
            "On a larger canvas the encoder, which is convolutional, looks in several places.",
        )  # fmt: skip
    else:
        with st.sidebar:
            sliders.dial(
                "prior", "Stay near the prior",
                "Weight of the distance from the prior N(0, 1), in nats.", (), shown_to=3.0,
            )  # fmt: skip
    toward.choose_steps()
    choices = chosen()
    return _Plan(
        goal, choices.lab.steps, choices.dream.seed, choices.dream.stored.split, through, begin,
        int(side), choices.lab.prior if through == "generator" else 0.0,
    )  # fmt: skip


def _can(network: PadNetwork, goal: Goal) -> bool:
    return goal.kind != "class" or goal.index < len(network.class_names)


def _same_data(network: PadNetwork, compared: Mapping[str, PadNetwork]) -> bool:
    return all(one.header.data.is_same(network.header.data) for one in compared.values())


def _ascents(
    readers: Mapping[str, Reader], plan: _Plan, images: DataSet | None
) -> Iterator[tuple[Step, ...]]:
    """A step of each network at a time."""
    palette = None
    if images is not None:
        palette = Palette.of(to_unit(images.train.images[:_PALETTE_IMAGES]))
    climbs = []
    for reader in readers.values():
        # One palette for all: the same seed is the same noise.
        palette = palette or palette_of(reader)
        climbs.append(_climb(reader, plan, palette, images))
    return islice(zip(*climbs, strict=True), plan.steps + 1)


def _climb(reader: Reader, plan: _Plan, palette: Palette, images: DataSet | None) -> Iterator[Step]:
    network, n = reader.network, _COLUMNS[plan.side_px]
    aim = objective(reader, plan.goal)
    at = seen.places(network, plan.split, plan.seed, n)
    shown = images if plan.begin == "photograph" else None
    if plan.through == "generator":
        if plan.begin == "noise":
            latents = noise_latents(n, plan.seed)
        elif shown is not None:
            latents = network.encode(seen.pictures(network, shown, plan.split, at)).clone()
        else:
            latents = network.memories[plan.split].latents[at]
        return through_generator(reader, latents, aim, plan.prior)
    canvas = Canvas(palette, plan.side_px)
    if plan.begin == "noise":
        start = canvas.noise(n, CONTRAST, plan.seed)
    else:
        start = canvas.parameters(seen.pictures(network, shown, plan.split, at))
    return in_pixels(reader, canvas, start, aim, plan.seed)


def _pictures(
    compared: Mapping[str, PadNetwork],
    readers: Mapping[str, Reader],
    plan: _Plan,
    step: tuple[Step, ...],
) -> None:
    rows = []
    for network, reader, one in zip(compared.values(), readers.values(), step, strict=True):
        name, n = network.condition.name, len(one.value)
        captions = [f"{value:+.1f}" for value in one.value.tolist()]
        trained = network.condition.trains_discriminator
        notes: list[str] = []
        # What several networks read takes more room than there is.
        if len(compared) < 3 and plan.side_px == SIDE_PX and len(network.class_names) > 1:
            readings = reader.interpret(one.seen.encoded, one.realness.numpy())
            notes = [word for word, _ in readings.top(network.class_names)]
        label, goal = style(name).label, plan.goal.name(network.class_names)
        rows.append(
            Row(
                f"{swatch(name)}{escape(label)}",
                "",
                f"toward {escape(goal)}" + ("" if trained else "<br><i>d</i>: not trained"),
                [f"{label}, toward {goal}, picture {i + 1}: {captions[i]}" for i in range(n)],
                captions,
                one.realness.tolist() if trained else (),
                notes=notes,
            )
        )
    images = torch.cat([one.seen.images for one in step])
    atlas = picture_grid(images, _COLUMNS[plan.side_px])
    st.html(panel("deep", atlas, rows, plan.side_px))


def _follow(last: int, at: int, of: int, busy: bool) -> None:
    """How far it is, with a way to stop it; or the slider to go back with."""
    if busy:
        st.progress(min(1.0, last / of), f"Step {last} of {of}")
    else:
        widget = fresh("at", at)
        st.slider("Step", 0, max(last, 1), at, key=widget, on_change=take, args=("at", widget))
    st.button(
        "Stop", key="deep-stop", icon=":material/stop:", shortcut="X", on_click=_stop,
        disabled=not busy, help="Ends the ascent at the newest step.",
    )  # fmt: skip


def _stop() -> None:
    choose(steps=max(1, remembered("deep-steps", 1)), at=-1)
