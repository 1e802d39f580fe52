"""The form in which a training is ordered: data, condition, how long, and the command for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import streamlit as st
import torch

from explorer.runs import orders, trainings
from explorer.runs.orders import Order
from explorer.runs.trainings import Training
from explorer.session.state import fresh, remembered, session
from explorer.widgets.sidebar import plain
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS
from pad_core.report.palette import style

_PHASES = {
    ("wake", "nrem", "rem"): "Wake → NREM → REM",
    ("wake", "rem", "nrem"): "Wake → REM → NREM",
    ("wake", "nrem"): "Wake → NREM",
    ("wake", "rem"): "Wake → REM",
    ("wake",): "Wake",
}
_WEIGHTS = {
    "weight_image": ("Image", "Weight of the image loss (paper: Eq. 2)."),
    "weight_kl": ("KL", "Weight of the Kullback–Leibler loss (Eq. 4)."),
    "weight_nrem": ("NREM", "Weight of the NREM loss (Eq. 6). The paper halves it without REM."),
    "weight_external": ("External", "Weight of the real/external loss (Eq. 5); 0 without REM."),
    "weight_internal": ("Internal", "Weight of the REM/internal loss (Eq. 8)."),
}


@dataclass(frozen=True)
class Draft:
    """What stands in the form. base: a built-in condition; changes: of its fields;
    condition_name, name: as typed, empty for the usual ones; keep: epochs as typed.
    """

    dataset: str = orders.SHIPPED
    base: str = "pad"
    changes: dict[str, Any] = field(default_factory=dict)
    condition_name: str = ""
    epochs: int = 2
    seed: int = 0
    batch_size: int = 64
    device: str = "auto"
    probe_every: int = 1
    keep: str = "1"
    name: str = ""

    def order(self) -> Order:
        """What the form asks for; PadError where a text in it can't be read."""
        changes = self.changes | ({"name": self.condition_name} if self.condition_name else {})
        kept = tuple(e for e in orders.read_epochs(self.keep) if e <= self.epochs)
        order = Order(
            self.name,
            self.dataset.strip(),
            orders.own_condition(self.base, changes),
            self.epochs,
            self.seed,
            self.batch_size,
            device=self.device,
            probe_every=self.probe_every,
            keep_epochs=kept,
        )
        return order if self.name else replace(order, name=orders.folder_name(order))


def order_form(home: Path, running: Sequence[Training]) -> None:
    """Draw the form; its button starts the training, and the page runs again.

    running: trainings that run now.
    """
    with st.container(border=True, key="order"):
        st.markdown("**New training**")
        _data(home)
        _condition()
        _length()
        _text("name", "Run folder", "Below `runs/`; empty for the usual name.", _usual_name())
        try:
            order = _draft().order()
            orders.check(order, home)
        except PadError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        _go(order, home, running)


def _data(home: Path) -> None:
    offered = orders.datasets(home)
    here = _draft().dataset
    key = fresh("order-dataset", here)
    options = offered if here in offered else [*offered, here]
    st.selectbox(
        "Data set",
        options,
        index=options.index(here),
        key=key,
        accept_new_options=True,
        format_func=lambda spec: f"{spec}  (download)" if orders.needs_download(spec, home)
        else spec,
        on_change=_take,
        args=("dataset", key),
        help="`fashion-mini` ships with the program: two epochs take a minute. Or type "
        "`folder:DIR` (your images, one folder a class), `parquet:DIR` or `idx:DIR`.",
    )  # fmt: skip


def _condition() -> None:
    draft = _draft()
    key = fresh("order-base", draft.base)
    st.selectbox(
        "Condition",
        list(CONDITIONS),
        list(CONDITIONS).index(draft.base),
        format_func=lambda name: style(name).label,
        key=key,
        on_change=_take_base,
        args=(key,),
        help="What the network lives through in each cycle: the full model or one of the "
        "paper's sleep pathologies.",
    )
    n = len(_changed())
    label = f"Changed in {n} place{'s' * (n > 1)}" if n else "Change it …"
    with st.popover(label, icon=":material/tune:", width="stretch"):
        key = fresh("order-phases", _value("phases"))
        st.selectbox(
            "Phases",
            list(_PHASES),
            list(_PHASES).index(_value("phases")),
            format_func=_PHASES.__getitem__,
            key=key,
            on_change=_take_change,
            args=("phases", key),
            help="Which states a cycle has, and their order. The paper's networks without REM "
            "also have noise in Wake and no external loss: choose *w/o REM* above for these.",
        )
        lam, lam_prime, sigma, wake = st.columns(4)
        with lam:
            _number("lam", "λ", "Share of memory z against z_old in mixtures. Paper: 0.5.")
        with lam_prime:
            _number("lam_prime", "λ′", "Share of memories against noise. Paper: 0.5.")
        with sigma:
            _number("noise_level", "σ", "Standard deviation of the noise ε. Paper: 1.")
        with wake:
            _number("wake_noise_variance", "Wake noise", "Variance of noise added to z in Wake "
                    "(Eq. 12). Paper: 0, or 0.5 without REM.")  # fmt: skip
        rem, nrem = st.columns(2)
        for place, name, text in ((rem, "rem_replay", "REM"), (nrem, "nrem_replay", "NREM")):
            with place:
                key = fresh(f"order-{name}", _value(name))
                st.segmented_control(
                    f"{text} replays memories", ["single", "mixed"], default=_value(name),
                    key=key, required=True, on_change=_take_change, args=(name, key),
                    width="stretch", help="Single as they were stored, or mixed by λ, λ′ and σ.",
                )  # fmt: skip
        st.caption("Weights of the losses; 0 leaves one out.")
        for place, (name, (text, help)) in zip(st.columns(5), _WEIGHTS.items(), strict=True):
            with place:
                _number(name, text, help)
        _text("condition_name", "Name of this condition", "Empty: says what was changed.",
              _usual_condition())  # fmt: skip
        st.button("As in the paper", icon=":material/restart_alt:", type="tertiary",
                  disabled=not n, on_click=_set, kwargs={"changes": {}})  # fmt: skip


def _length() -> None:
    left, middle, right = st.columns(3)
    with left:
        _whole("epochs", "Epochs", "How often each image is seen. Paper: 50.")
    with middle:
        _whole("seed", "Seed", "Of weights, order of images, masks and noise.")
    with right:
        _whole("batch_size", "Batch size", "Images in a cycle. Paper: 64.")
    left, middle, right = st.columns(3)
    with left:
        devices = ["auto", "cpu", *(["cuda"] if torch.cuda.is_available() else [])]
        key = fresh("order-device", _draft().device)
        st.selectbox("Device", devices, devices.index(_draft().device), key=key, on_change=_take,
                     args=("device", key), help="auto: the GPU where there is one.")  # fmt: skip
    with middle:
        _whole("probe_every", "Measure every", "Linear separability every so many "
               "epochs, for the curves; 0 never. Takes a minute on CIFAR-10.")  # fmt: skip
    with right:
        _text("keep", "Keep epochs", "Epochs kept as files of their own, with commas between: "
              "the epoch scrubber of *Curves* shows them.", "1, 5, 10")  # fmt: skip


def _go(order: Order, home: Path, running: Sequence[Training]) -> None:
    st.code(trainings.spoken(order.arguments()), language="bash", wrap_lines=True)
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
        st.button(f"Call it {plain(new)}", on_click=_set, kwargs={"name": new})
        return
    if st.button("Start training", type="primary", icon=":material/play_arrow:", width="stretch"):
        try:
            trainings.start(order, home)
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
        return replace(_draft(), name="").order().name
    except PadError:
        return ""


def _usual_condition() -> str:
    try:
        return orders.own_condition(_draft().base, _draft().changes).name
    except PadError:
        return ""


def _draft() -> Draft:
    return remembered("draft", Draft())  # type: ignore[no-any-return]


def _set(**changes: Any) -> None:
    session()["draft"] = replace(_draft(), **changes)


def _value(name: str) -> Any:
    return _draft().changes.get(name, getattr(CONDITIONS[_draft().base], name))


def _changed() -> list[str]:
    base = CONDITIONS[_draft().base]
    return [name for name, value in _draft().changes.items() if value != getattr(base, name)]


def _take(name: str, key: str) -> None:
    if (value := session()[key]) is not None:
        _set(**{name: value})


def _take_base(key: str) -> None:
    _set(base=session()[key], changes={})


def _take_change(name: str, key: str) -> None:
    if (value := session()[key]) is not None:
        _set(changes=_draft().changes | {name: value})


# Numbers have no bounds in the form: an order out of range gets a sentence, the browser would
# only colour the field.
def _number(name: str, label: str, help: str) -> None:
    key = fresh(f"order-{name}", float(_value(name)))
    st.number_input(label, value=float(_value(name)), step=0.05, key=key, help=help,
                    on_change=_take_change, args=(name, key))  # fmt: skip


def _whole(name: str, label: str, help: str) -> None:
    key = fresh(f"order-{name}", getattr(_draft(), name))
    st.number_input(label, value=getattr(_draft(), name), step=1, key=key, help=help,
                    on_change=_take, args=(name, key))  # fmt: skip


def _text(name: str, label: str, help: str, placeholder: str) -> None:
    key = fresh(f"order-{name}", getattr(_draft(), name))
    st.text_input(label, getattr(_draft(), name), key=key, help=help, placeholder=placeholder,
                  on_change=_take, args=(name, key))  # fmt: skip
