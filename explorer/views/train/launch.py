"""What the form orders, in numbers: images, time and command; and the button that starts it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
import torch

from explorer.runs import orders, process, trainings
from explorer.runs.estimate import estimate
from explorer.runs.orders import Order
from explorer.runs.trainings import Training
from explorer.session import reach
from explorer.views.train.draft import change, the_draft
from explorer.widgets.sidebar import plain
from pad_core.cli.display import duration
from pad_core.data.imagesets import Contents
from pad_core.data.load import contents
from pad_core.errors import PadError


def launch(home: Path, trained: Sequence[Training]) -> None:
    """Say what the form orders, or what is wrong with it; the button starts the training.

    trained: all trainings of this folder, those that run now among them.
    """
    with st.container(border=True, key="launch"):
        try:
            order = the_draft().order()
            _check_folder(order.dataset, home)
            orders.check(order, home)
            data = _contents(order.dataset, str(home))
        except PadError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        _say_what(order, data, trained)
        _go(order, home, [training for training in trained if training.running])


def _check_folder(spec: str, home: Path) -> None:
    """PadError where the data lie in a folder that this viewer may not name."""
    if spec not in orders.datasets(home):
        reach.check_data(spec, home)


def most_at_once() -> int:
    """How many trainings may run now: fewer where other computers' viewers wait for them."""
    return trainings.MOST_FOR_VISITORS if reach.is_open() else trainings.MOST_AT_ONCE


@st.cache_data(ttl=60, max_entries=20, show_spinner=False)
def _contents(spec: str, home: str) -> Contents:
    """How many images and classes; looked for again after a minute, as folders change."""
    return contents(spec, Path(home))


def _say_what(order: Order, data: Contents, trained: Sequence[Training]) -> None:
    """What is trained on, how long that will take, and what the time rests on."""
    tested = f"{data.n_test:,} to test" if data.n_test else "a sixth held out to test"
    classes = f"{data.n_classes} classes" if data.n_classes > 1 else "one class"
    st.markdown(f":material/photo_library: **{data.n_train:,}** images, {classes}, {tested}.")
    expected = estimate(order, data, trained)
    if expected is not None:
        where = f"as {expected.machine} had" if expected.machine else "as the last training here"
        st.markdown(
            f":material/schedule: About **{duration(expected.seconds)}**, "
            f"at {expected.images_per_s:,.0f} images/s, {where}."
        )


def _go(order: Order, home: Path, running: Sequence[Training]) -> None:
    st.code(process.spoken(order.arguments()), language="bash", wrap_lines=True)
    taken = (home / order.folder).exists()
    if orders.needs_download(order.dataset, home):
        st.caption(f":material/download: {plain(order.dataset)} is not on this computer: it is "
                   "downloaded first.")  # fmt: skip
    if taken:
        new, name = _free_name(order.name, home), plain(order.name)
        if any(training.folder.name == order.name for training in running):
            st.success(
                f"**{name}** was started: its card below shows how far it is. Another "
                "training needs another name.",
                icon=":material/model_training:",
            )
        else:
            st.warning(
                f"There is a run **{name}** already: resume it below, or train another one "
                "beside it.",
                icon=":material/folder:",
            )
        st.button(f"Call it {plain(new)}", on_click=change, kwargs={"name": new})
        return
    if st.button("Start training", type="primary", icon=":material/play_arrow:", width="stretch"):
        try:
            trainings.start(order, home, most=most_at_once())
        except PadError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        st.rerun()
    if order.device == "cpu" or not torch.cuda.is_available():
        n = len(running)
        others = f" {n} train{'s' * (n == 1)} now." if n else ""
        st.caption(f"Trains on this computer's CPU, which the pages share: they may answer more "
                   f"slowly, and trainings slow one another.{others}")  # fmt: skip


def _free_name(name: str, home: Path) -> str:
    """The name with the first number behind it that no run has."""
    number, start = 2, orders.cut(name, 4)
    while (home / orders.RUNS / f"{start}-{number}").exists():
        number += 1
    return f"{start}-{number}"
