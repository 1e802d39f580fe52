"""The form in which a training is ordered: data, condition and how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st
import torch

from explorer.runs import dropped, orders
from explorer.session import reach
from explorer.session.state import fresh, reported, session
from explorer.views.train.condition_form import condition_form
from explorer.views.train.draft import FIELDS, change, take, take_asked, the_draft
from explorer.views.train.presets import preset_cards
from explorer.views.train.widgets import by_group, draw, rows
from explorer.widgets.sidebar import plain
from pad_core.errors import PadError
from pad_core.system.fields import Field

_MOST_ZIP_MB = 500  # it is held in memory


def order_form(home: Path) -> None:
    """Draw the form."""
    with st.container(border=True, key="order"):
        st.markdown("**New training**")
        preset_cards(home)
        _data(home)
        condition_form()
        _how()
        _name()


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
    file = reported("data-zip")
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


def _usual_name() -> str:
    try:
        return replace(the_draft(), name="").order().name
    except PadError:
        return ""
