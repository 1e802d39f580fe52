"""The form in which a training is ordered: data, condition, how long, and the command for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st
import torch

from explorer.runs import dropped, orders, process, trainings
from explorer.runs.estimate import estimate
from explorer.runs.orders import Order
from explorer.runs.trainings import Training
from explorer.session import reach
from explorer.session.state import fresh, session
from explorer.views.train.condition_form import condition_form
from explorer.views.train.draft import FIELDS, change, take, take_asked, the_draft
from explorer.views.train.presets import preset_cards
from explorer.views.train.widgets import by_group, draw, rows
from explorer.widgets.sidebar import plain
from pad_core.cli.display import duration
from pad_core.data.imagesets import Contents
from pad_core.data.load import contents
from pad_core.errors import PadError
from pad_core.system.fields import Field

_MOST_ZIP_MB = 500  # it is held in memory


def order_form(home: Path, trained: Sequence[Training]) -> None:
    """Draw the form; its button starts the training, and the page runs again.

    trained: all trainings of this folder, those that run now among them.
    """
    with st.container(border=True, key="order"):
        st.markdown("**New training**")
        preset_cards(home)
        _data(home)
        condition_form()
        _how()
        _name()
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


def _data(home: Path) -> None:
    offered = orders.datasets(home)
    here = the_draft().asked("dataset")
    key = fresh("order-dataset", here)
    options = offered if here in offered else [*offered, here]
    st.selectbox(
        FIELDS["dataset"].title,
        options,
        index=options.index(here),
        key=key,
        accept_new_options=True,
        format_func=lambda spec: f"{spec}  (download)" if orders.needs_download(spec, home)
        else spec,
        on_change=take_asked,
        args=("dataset", key),
        help="`fashion-mini` ships with the program: two epochs take a minute. Or type "
        "`folder:DIR` (your images, one folder a class), `parquet:DIR` or `idx:DIR`.",
    )  # fmt: skip
    if reach.may_drop_data():
        _drop(home)


def _drop(home: Path) -> None:
    st.file_uploader(
        "Or your images, in a zip",
        type="zip",
        key="data-zip",
        max_upload_size=_MOST_ZIP_MB,
        on_change=_take_zip,
        args=(home,),
        help="One folder a class, perhaps below train and test; or pictures without classes, or "
        f"parquet files. It is unpacked into `{dropped.FOLDER.as_posix()}`.",
    )
    if refused := st.session_state.get("data-refused"):
        st.error(plain(refused), icon=":material/error:")


def _take_zip(home: Path) -> None:
    file = session()["data-zip"]
    session()["data-refused"] = ""
    if file is None:
        return
    try:
        spec = dropped.take(file.name, file.getvalue(), home)
    except PadError as error:
        session()["data-refused"] = str(error)
    else:
        change(training=the_draft().training | {"dataset": spec})


def _how() -> None:
    """All other fields of an order: the common ones in the open, those of a group in a popover."""
    apart = ("dataset", "condition", "name")
    for heading, fields in by_group(f for f in FIELDS.values() if f.name not in apart).items():
        if not heading:
            _rows(fields)
            continue
        label = heading.removesuffix(".")
        with st.popover(label, icon=":material/tune:", width="stretch"):
            _rows(fields)


def _rows(fields: Sequence[Field]) -> None:
    for row in rows(fields, across=3):
        for place, field in zip(st.columns(len(row)), row, strict=True):
            with place:
                if field.name == "device":
                    _device()
                else:
                    draw(field, the_draft().asked(field.name), take_asked)


def _device() -> None:
    devices = ["auto", "cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    now = the_draft().asked("device")
    key = fresh("order-device", now)
    st.selectbox(FIELDS["device"].title, devices, devices.index(now), key=key,
                 on_change=take_asked, args=("device", key),
                 help="auto: the GPU where there is one.")  # fmt: skip


def _name() -> None:
    now = the_draft().name
    key = fresh("order-name", now)
    st.text_input(FIELDS["name"].title, now, key=key, help="Below `runs/`; empty for the usual "
                  "name.", placeholder=_usual_name(), on_change=take,
                  args=("name", key))  # fmt: skip


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
        where = "as the last training here" if expected.here else "as measured on a like machine"
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
                f"**{name}** was started: its card at the right shows how far it is. Another "
                "training needs another name.",
                icon=":material/model_training:",
            )
        else:
            st.warning(
                f"There is a run **{name}** already: resume it at the right, or train another one "
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


def _usual_name() -> str:
    try:
        return replace(the_draft(), name="").order().name
    except PadError:
        return ""
