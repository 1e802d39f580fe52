"""Lucid: eight dreams at once, steered through latent space while the viewer watches."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

import numpy as np
import streamlit as st
import torch

from explorer.library import networks
from explorer.session.choices import PICTURE
from explorer.session.state import choose, chosen, fresh, remembered, session, take
from explorer.views.lab import figures, toward
from explorer.views.lab.chart import chart
from explorer.views.lab.export import export
from explorer.views.lab.source import source
from explorer.widgets import page, sidebar, sliders
from explorer.widgets.memory_pair import choose_pair, pictures
from explorer.widgets.pictures import Row, panel
from explorer.widgets.watching import growing, watch
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import picture_grid, to_unit
from pad_core.data.load import DataSet
from pad_core.dreaming import lucid
from pad_core.dreaming.ascent import State, Step
from pad_core.dreaming.goals import Goal, is_learnt, objective
from pad_core.dreaming.lucid import Course, Leg
from pad_core.dreaming.reader import Reader
from pad_core.evaluation.formulas import Projection, principal_components

_SHOWN_MEMORIES = 600  # on the map
_HEIGHT = 250
_OTHERS = 3  # earlier courses on the map
_SOURCE = (
    "The <b>paper</b> supposes that a lucid dreamer knows the target of <i>d</i>; it did not try "
    "it. Steering by gradient, by the probe or toward a picture is <b>ours</b>, and speculative. "
    "What counts is what the network sees in the dream, <i>E</i>(<i>G</i>(<i>z</i>))."
)


class _Start(NamedTuple):
    """Where the dreams begin: latents, what each is, and the picture that can be a goal.

    place: of memory A among the split's.
    """

    latents: torch.Tensor
    names: tuple[str, ...]
    picture: torch.Tensor
    described: str
    place: int

    @property
    def key(self) -> str:
        parts = (self.latents.numpy().tobytes(), self.picture.numpy().tobytes())
        return sha256(b"".join(parts)).hexdigest()


def show(network: PadNetwork) -> None:
    """The sight."""
    choose_pair(network)
    images = sidebar.images(network)
    goal = toward.choose_goal(network, pictures=True)
    with st.sidebar:
        sliders.dial(
            "prior", "Stay near the prior",
            "Weight of the distance from the prior N(0, 1), in nats, against the goal: 0 leaves "
            "the dream free.", (), shown_to=3.0,
        )  # fmt: skip
    toward.choose_steps()
    reader = networks.reader(network)
    course = lucid.parse_course(chosen().lab.course)
    first = course[0].goal if course else goal
    start = _start(network, reader, images, first)
    key = ("lucid", network.sha256, start.key, chosen().lab.course, "" if course else str(goal))
    _buttons(course, goal)

    def begin() -> Iterator[tuple[Step, ...]]:
        if course:
            known = _known(start.key, course)
            return growing(lucid.follow(reader, start.latents, course, start.picture, known))
        aim = objective(reader, goal, start.picture)
        return growing(islice(lucid.steer(reader, State.start(start.latents), aim, 0.0), 1))

    def draw(steps: tuple[Step, ...], busy: bool) -> None:
        session()["lucid-steps"] = (start.key, course, steps)
        at = len(steps) - 1
        if not busy and 0 <= chosen().lab.at < at:
            at = chosen().lab.at
        _pictures(network, reader, start, course, goal, steps, at)
        if len(steps) > 1:
            _steps(course, steps, at, busy)
            _charts(reader, course, steps, at)

    watch(key, begin, draw)
    if course and all(is_learnt(network, leg.goal) for leg in course):
        dream = chosen().dream.stored
        export("lucid", [network], {
            "course": lucid.course_text(course), "split": dream.split, "seed": dream.seed,
            "first": max(dream.first, -1), "second": max(dream.second, -1),
            "picture": start.place,
        })  # fmt: skip
    source(_SOURCE)


def _start(network: PadNetwork, reader: Reader, images: DataSet | None, goal: Goal) -> _Start:
    dream = chosen().dream.stored
    memories = network.memories[dream.split]
    places = max(dream.first, -1), max(dream.second, -1)
    latents = lucid.rem_start(network, dream.split, dream.seed, *places)
    own = pictures().get("first") if dream.first == PICTURE else None
    place = int(lucid.night_places(memories, dream.seed, *places)[0])
    if own is not None:
        picture, described = to_unit(own), "your picture"
    else:
        if images is not None:
            split = images.train if dream.split == "train" else images.test
            picture = to_unit(split.images[memories.indices[place]])
            described = "memory A's photograph"
        else:
            picture = network.generate(memories.latents[place][None])[0]
            described = "memory A, recalled"
    if goal.kind == "picture":
        latents, names = lucid.inversion_starts(reader, picture, dream.seed)
    else:
        names = tuple(f"dream {i + 1}" for i in range(len(latents)))
    return _Start(latents, names, picture, described, place)


def _buttons(course: Course, goal: Goal) -> None:
    with st.container(key="lab-buttons", horizontal=True):
        left = lucid.MOST_STEPS - sum(leg.steps for leg in course)
        st.button(
            "Go on from here" if course else "Steer",
            key="lucid-steer",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="S",
            on_click=_go_on,
            args=(goal,),
            disabled=(len(course) >= lucid.MOST_LEGS and chosen().lab.at < 0) or left <= 0,
            help="Steers the dreams from the step that is shown toward what is chosen at the left. "
            "From an earlier step a new branch begins.",
        )
        st.button(
            "Stop", key="lucid-stop", icon=":material/stop:", shortcut="X", on_click=_stop,
            disabled=not course, help="Ends the dream at the newest step.",
        )  # fmt: skip
        st.button(
            "Start anew", key="lucid-anew", icon=":material/restart_alt:", type="tertiary",
            on_click=choose, kwargs={"course": "", "at": -1}, disabled=not course,
        )  # fmt: skip


def _go_on(goal: Goal) -> None:
    lab = chosen().lab
    course = lucid.parse_course(lab.course)
    _remember_branch()
    if lab.at >= 0:
        course = lucid.until(course, lab.at)
    taken = sum(leg.steps for leg in course)
    steps = min(lab.steps, lucid.MOST_STEPS - taken)
    course = (*course[: lucid.MOST_LEGS - 1], Leg(goal, steps, lab.prior))
    choose(course=lucid.course_text(course), at=-1)


def _stop() -> None:
    _, course, steps = remembered("lucid-steps", ("", (), ()))
    if len(steps) > 1:
        choose(course=lucid.course_text(lucid.until(course, len(steps) - 1)), at=-1)


def _remember_branch() -> None:
    """Keep the course so far, to draw it beside the one that leaves it."""
    start, course, steps = remembered("lucid-steps", ("", (), ()))
    if len(steps) > 1:
        kept = [one for one in remembered("lucid-branches", []) if one[:2] != (start, course)]
        session()["lucid-branches"] = [*kept, (start, course, steps)][-_OTHERS:]


def _known(start: str, course: Course) -> tuple[Step, ...]:
    """The first steps of a course, where this viewer has just seen them."""
    best: tuple[Step, ...] = ()
    for key, other, steps in [
        *remembered("lucid-branches", []), remembered("lucid-steps", ("", (), ()))
    ]:  # fmt: skip
        if key == start and other:
            shared = steps[: lucid.shared_steps(course, other) + 1]
            best = max(best, shared, key=len)
    return best


def _pictures(
    network: PadNetwork,
    reader: Reader,
    start: _Start,
    course: Course,
    goal: Goal,
    steps: tuple[Step, ...],
    at: int,
) -> None:
    step, n = steps[at], len(start.latents)
    aim = _leg(course, at).goal if course else goal
    toward_picture = aim.kind == "picture"
    if toward_picture:  # the root mean square difference, in levels of 0 to 255
        captions = [f"{off:.1f} off" for off in ((-step.value).sqrt() * 127.5).tolist()]
        text = "How far each is off the picture, in levels of 0 to 255 (root mean square)."
    else:
        unit = "SD" if aim.kind in ("unit", "component") else "nats"
        captions = [f"{value:+.1f} {unit}" for value in step.value.tolist()]
        text = f"Toward <b>{aim.name(network.class_names)}</b>: the value, and the probe's class."
    readings = reader.interpret(step.seen.encoded, step.realness.numpy())
    trained = network.condition.trains_discriminator
    levels = step.realness.tolist() if trained else []
    notes = [f"{p:.0%} {name}" for name, p in readings.top(network.class_names)]
    begin = Row(
        "Start",
        "<i>G</i>(<i>z</i><sub>0</sub>)",
        f"Looks for <b>{start.described}</b> from several places." if toward_picture
        else "REM dreams, as this network was trained to dream.",
        [f"Start, {name}" for name in start.names],
        start.names,
        small=True,
    )  # fmt: skip
    now = Row(
        f"Step {at}",
        "<i>G</i>(<i>z</i>)",
        text + (" Bar: <i>d</i>." if trained else " <i>d</i>: not trained."),
        [f"Step {at}, {name}, {words}" for name, words in zip(start.names, captions, strict=True)],
        captions,
        levels,
        notes=notes if len(network.class_names) > 1 else (),
    )
    rows, atlas = [begin, now], [steps[0].seen.images, step.seen.images]
    if toward_picture:
        sought = Row("Sought", "<i>x</i>", "", ["The picture that is looked for"] * n, small=True)
        rows.insert(0, sought)
        atlas.insert(0, start.picture.expand(n, -1, -1, -1))
    st.html(panel("lucid", picture_grid(torch.cat(atlas), n), rows))


def _leg(course: Course, at: int) -> Leg:
    """The leg that a step belongs to."""
    for leg in course:
        if at <= leg.steps:
            return leg
        at -= leg.steps
    return course[-1]


def _steps(course: Course, steps: tuple[Step, ...], at: int, busy: bool) -> None:
    last = len(steps) - 1
    if busy:
        of = sum(leg.steps for leg in course)
        st.progress(min(1.0, last / of), f"Step {last} of {of}")
        return
    widget = fresh("at", at)
    st.slider(
        "Step", 0, last, at, key=widget, on_change=take, args=("at", widget),
        help="Back to an earlier step; *Go on from here* branches off there.",
    )  # fmt: skip


def _charts(reader: Reader, course: Course, steps: tuple[Step, ...], at: int) -> None:
    value = torch.stack([step.value for step in steps]).numpy()
    cost = torch.stack([step.cost for step in steps]).numpy()
    weights = np.array([_leg(course, i).weight for i in range(len(steps))])
    turns = np.cumsum([leg.steps for leg in course])[:-1]
    dark = page.is_dark()
    left, right = st.columns(2, gap="medium")
    figure = figures.falling(
        weights[:, None] * cost - value, cost.mean(axis=1), at, turns.tolist(), dark, _HEIGHT
    )
    with left:
        chart(figure, "lucid-falling", "The objective falls", "Of each dream, at each step; and "
              "how far latents are off the prior.", [reader.network])  # fmt: skip
    found = principal_components(reader.memories, 2)
    cloud = found.project(reader.memories[:: max(1, len(reader.memories) // _SHOWN_MEMORIES)])
    mine = _path(found, steps)
    here = remembered("lucid-steps", ("", (), ()))[0]
    branches = [
        _path(found, other) for key, legs, other in remembered("lucid-branches", [])
        if key == here and legs != course
    ]  # fmt: skip
    figure = figures.way(cloud, mine, branches, at, dark, _HEIGHT)
    with right:
        chart(figure, "lucid-way", "The way through latent space", "Memories and the dreams' "
              "path, by the first two principal components.", [reader.network])  # fmt: skip


def _path(found: Projection, steps: tuple[Step, ...]) -> np.ndarray:
    """Latents of all steps on the components: (steps, B, 2)."""
    latents = torch.stack([step.state.parameters for step in steps])
    flat = found.project(latents.flatten(0, 1))
    return flat.reshape(*latents.shape[:2], 2)
