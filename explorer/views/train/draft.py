"""What stands in the form of a training."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from explorer.runs import orders
from explorer.runs.orders import Order
from explorer.session.state import remembered, reported, session
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS
from pad_core.system.fields import fields_of

FIELDS = fields_of(Order)
_FIRST = {"epochs": 2, "probe_every": 1, "keep_epochs": "1"}  # takes a minute of what ships


@dataclass(frozen=True)
class Draft:
    """What stands in the form. base: a built-in condition; changes: of its fields; training: the
    other fields of an order, lists as texts; condition_name, name: empty for the usual ones.
    """

    base: str = "pad"
    changes: dict[str, Any] = field(default_factory=dict)
    condition_name: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    def asked(self, name: str) -> Any:
        """A field of the order as it stands in the form."""
        usual = FIELDS[name].default
        return (_FIRST | self.training).get(name, "" if FIELDS[name].is_list else usual)

    def order(self) -> Order:
        """What the form asks for; PadError where something in it can't be read."""
        changes = self.changes | ({"name": self.condition_name} if self.condition_name else {})
        typed = {name: self.asked(name) for name in FIELDS if name not in ("condition", "name")}
        kept = sorted(set(_read("keep_epochs", typed["keep_epochs"])))
        order = Order(
            **typed | {"dataset": typed["dataset"].strip(), "keep_epochs": ()},
            condition=orders.own_condition(self.base, changes),
            name=self.name,
        )
        order = replace(order, keep_epochs=tuple(e for e in kept if e <= order.epochs))
        return order if self.name else replace(order, name=orders.folder_name(order))


def _read(name: str, typed: str) -> Any:
    try:
        return FIELDS[name].read(typed) if typed.strip() else ()
    except PadError as error:
        raise PadError(f"{FIELDS[name].title}: {error}.") from None


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
    """Take over what a widget shows, as a text of the form."""
    if (text := reported(key)) is not None:
        change(**{name: text})


def take_asked(name: str, key: str) -> None:
    """Take over what a widget shows, as a field of the order."""
    if (chosen := reported(key)) is not None:
        change(training=the_draft().training | {name: chosen})


def take_change(name: str, key: str) -> None:
    """Take over what a widget shows, as a field of the condition."""
    if (chosen := reported(key)) is not None:
        # Whole lists, as several choices give them, are tuples in a condition.
        new = tuple(chosen) if isinstance(chosen, list) else chosen
        change(changes=the_draft().changes | {name: new})
