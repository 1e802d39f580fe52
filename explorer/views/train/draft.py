"""What stands in the form of a training, and the fields that write into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from explorer.runs import orders
from explorer.runs.orders import Order
from explorer.session.state import fresh, remembered, session
from pad_core.model.condition import CONDITIONS


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


def the_draft() -> Draft:
    """What stands in this viewer's form."""
    return remembered("draft", Draft())  # type: ignore[no-any-return]


def change(**changes: Any) -> None:
    """Put something else into the form."""
    session()["draft"] = replace(the_draft(), **changes)


def value(name: str) -> Any:
    """A field of the condition, as changed or as its base has it."""
    return the_draft().changes.get(name, getattr(CONDITIONS[the_draft().base], name))


def changed() -> list[str]:
    """Fields of the condition that differ from its base."""
    base = CONDITIONS[the_draft().base]
    return [name for name, new in the_draft().changes.items() if new != getattr(base, name)]


def take(name: str, key: str) -> None:
    """Take over what a widget shows, as a field of the form."""
    if (chosen := session()[key]) is not None:
        change(**{name: chosen})


def take_change(name: str, key: str) -> None:
    """Take over what a widget shows, as a field of the condition."""
    if (chosen := session()[key]) is not None:
        # Whole lists, as several choices give them, are tuples in a condition.
        new = tuple(chosen) if isinstance(chosen, list) else chosen
        change(changes=the_draft().changes | {name: new})


# Numbers have no bounds in the form: an order out of range gets a sentence, the browser would
# only colour the field.
def number(name: str, label: str, help: str, step: float = 0.05) -> None:
    """A number of the condition."""
    now = float(value(name))
    key = fresh(f"order-{name}", now)
    form = "%.3f" if step < 0.01 else None
    st.number_input(label, value=now, step=step, format=form, key=key, help=help,
                    on_change=take_change, args=(name, key))  # fmt: skip


def count(name: str, label: str, help: str) -> None:
    """A whole number of the condition."""
    key = fresh(f"order-{name}", value(name))
    st.number_input(label, value=value(name), step=1, key=key, help=help, on_change=take_change,
                    args=(name, key))  # fmt: skip


def choice(name: str, label: str, words: Mapping[Any, str], help: str) -> None:
    """One of a few values of the condition; words: of each value, for people."""
    key = fresh(f"order-{name}", value(name))
    st.segmented_control(label, list(words), default=value(name), format_func=words.__getitem__,
                         key=key, required=True, on_change=take_change, args=(name, key),
                         width="stretch", help=help)  # fmt: skip


def whole(name: str, label: str, help: str) -> None:
    """A whole number of the form."""
    now = getattr(the_draft(), name)
    key = fresh(f"order-{name}", now)
    st.number_input(label, value=now, step=1, key=key, help=help, on_change=take,
                    args=(name, key))  # fmt: skip


def text(name: str, label: str, help: str, placeholder: str) -> None:
    """A text of the form."""
    now = getattr(the_draft(), name)
    key = fresh(f"order-{name}", now)
    st.text_input(label, now, key=key, help=help, placeholder=placeholder, on_change=take,
                  args=(name, key))  # fmt: skip
