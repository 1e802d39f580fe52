"""What dreams of the Lab are steered toward, and for how long: widgets that its sights share."""

from __future__ import annotations

import streamlit as st

from explorer.session.state import choose, chosen, fresh, reported
from explorer.widgets import sliders
from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.goals import N_COMPONENTS, Goal
from pad_core.model.networks import LATENT_SIZE

_KINDS = {
    "class": "a class",
    "real": "higher d",
    "unreal": "lower d",
    "unit": "a unit",
    "component": "a component",
    "picture": "memory A's picture",
}


def goal(network: PadNetwork, pictures: bool = False) -> Goal:
    """What the viewer steers toward; one that the network hasn't becomes the usual one.

    Args:
        pictures: whether a picture can be a goal here.
    """
    usual = Goal("class" if len(network.class_names) > 1 else "unit")
    wanted = Goal.parse(chosen().lab.toward) if chosen().lab.toward else usual
    there = wanted.kind in _offered(network, pictures) and wanted.index < _count(
        network, wanted.kind
    )
    return wanted if there else usual


def choose_goal(network: PadNetwork, pictures: bool = False) -> Goal:
    """The widgets for ``goal``, in the sidebar."""
    now = goal(network, pictures)
    kinds = _offered(network, pictures)
    with st.sidebar.container(key="toward-controls"):
        widget = fresh("toward-kind", now.kind)
        left, right = st.columns(2, gap="small")
        with left:
            st.selectbox(
                "Toward",
                kinds,
                kinds.index(now.kind),
                format_func=_KINDS.__getitem__,
                key=widget,
                on_change=_take_kind,
                args=(widget,),
                help="A class of the probe, a logistic regression on the stored memories; *d*, by "
                "which the network tells images from dreams; a unit of z or a principal component "
                "of the stored memories.",
            )
        with right:
            _which(network, now)
    return now


def choose_steps() -> None:
    """How many steps an ascent takes, in the sidebar."""
    with st.sidebar:
        sliders.dial("steps", "Steps", "How many steps of Adam the ascent takes, 1 to 200.", ())


def _which(network: PadNetwork, now: Goal) -> None:
    widget = fresh(f"toward-{now.kind}", now.index)
    if now.kind == "class":
        st.selectbox(
            "Class",
            range(len(network.class_names)),
            now.index,
            format_func=network.class_names.__getitem__,
            key=widget,
            on_change=_take_index,
            args=(now.kind, widget),
        )
    elif now.kind in ("unit", "component"):
        most = _count(network, now.kind) - 1
        st.number_input(
            "Which, from 0",
            0,
            most,
            now.index,
            key=widget,
            on_change=_take_index,
            args=(now.kind, widget),
            help=f"0 to {most}.",
        )


def _offered(network: PadNetwork, pictures: bool) -> list[str]:
    kinds = [kind for kind in _KINDS if pictures or kind != "picture"]
    return kinds if len(network.class_names) > 1 else [kind for kind in kinds if kind != "class"]


def _count(network: PadNetwork, kind: str) -> int:
    sizes = {"class": len(network.class_names), "unit": LATENT_SIZE, "component": N_COMPONENTS}
    return sizes.get(kind, 1)


def _take_kind(widget: str) -> None:
    if (kind := reported(widget)) is not None:
        choose(toward=str(Goal(kind)))


def _take_index(kind: str, widget: str) -> None:
    if (index := reported(widget)) is not None:
        choose(toward=str(Goal(kind, int(index))))
