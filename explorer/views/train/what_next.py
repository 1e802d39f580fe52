"""What can be done with a trained network: measure it, compare it, train its counterpart."""

from __future__ import annotations

import streamlit as st

from explorer.library import networks
from explorer.library.networks import Listing
from explorer.runs import measuring
from explorer.runs.trainings import Training
from explorer.session.state import choose, remembered, upload
from explorer.views.train.draft import change
from explorer.widgets import page
from explorer.widgets.sidebar import plain
from pad_core.checkpoint.schema import Header
from pad_core.errors import PadError


def what_next(training: Training) -> None:
    """Draw the buttons of a finished training, and what was measured."""
    key = networks.key_of(training.folder / "latest.safetensors")
    listing = networks.list_checkpoints("", upload())
    header = listing.headers.get(key)
    if header is None:
        return
    name = training.folder.name
    if measuring.is_measured(training.folder):
        st.caption(":material/hourglass_top: Its measures are taken; that takes some minutes.")
    elif problem := remembered("measuring-problems", {}).get(name) or measuring.problem(
        training.folder
    ):
        st.error(plain(problem), icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _measure(training, header, key)
        _compare(listing, header, key, name)
        _counterpart(listing, header, training)


def _measure(training: Training, header: Header, key: str) -> None:
    name = training.folder.name
    if not header.metrics:
        st.button(
            "Evaluate and record",
            key=f"measure-{name}",
            icon=":material/straighten:",
            disabled=measuring.is_measured(training.folder),
            on_click=_begin,
            args=(training,),
            help="Takes all measures of the paper, and writes them into the network's file.",
        )
    elif st.button("Claims", key=f"claims-{name}", icon=":material/rule:", type="tertiary",
                   help="What the paper claims, and what this network says to it."):  # fmt: skip
        choose(checkpoint=key, curves="paper", figure="table1")
        page.go_to("curves")


def _begin(training: Training) -> None:
    problems = remembered("measuring-problems", {})
    problems.pop(training.folder.name, None)
    try:
        measuring.measure(training.folder, networks.ROOT)
    except PadError as error:
        problems[training.folder.name] = str(error)


def _compare(listing: Listing, header: Header, key: str, name: str) -> None:
    """Its dreams beside those of the other conditions, where any were trained on the same data."""
    others = [one for one in listing.conditions_beside(key) if one != key]
    if others and st.button(
        "Compare", key=f"compare-{name}", icon=":material/view_module:", type="tertiary",
        help=f"Its dreams beside those of {len(others)} other networks of the same data.",
    ):  # fmt: skip
        choose(checkpoint=key, compared=(key, *others), wall="rem")
        page.go_to("wall")


def _counterpart(listing: Listing, header: Header, training: Training) -> None:
    """The full model of the same data, seed and epochs, where there is none yet."""
    order = training.order
    if order is None or header.condition.name == "pad":
        return
    there = any(
        one.condition.name == "pad" and one.data.is_same(header.data) and one.epoch >= header.epoch
        for one in listing.headers.values()
    )
    if not there:
        st.button(
            "Its PAD, too", key=f"counterpart-{training.folder.name}",
            icon=":material/add:", type="tertiary", on_click=_fill, args=(training,),
            help="Fills the form with the full model: the same data, seed and epochs.",
        )  # fmt: skip


def _fill(training: Training) -> None:
    order = training.order
    assert order is not None
    asked = {"dataset": order.dataset, "seed": order.seed, "epochs": order.epochs,
             "batch_size": order.batch_size}  # fmt: skip
    change(base="pad", changes={}, condition_name="", name="", training=asked)
