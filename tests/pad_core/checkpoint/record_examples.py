"""An evaluation with a value in every declared field, also in those that come tomorrow."""

from typing import Any, get_type_hints

from pad_core.checkpoint.evaluation_record import ROWS, Evaluation
from pad_core.system.declared import is_declared

DECLARED = get_type_hints(Evaluation, include_extras=True)
_VALUES = (
    7, "a", ["a"], [0.5], [[3]], {"a": "b"}, {"a": 0.5}, {"30": [0.4, 0.6]}, {"a": [0.5]},
    {"a": {"b": 0.5}}, {"a": {"b": {"c": 0.5}}},
)  # fmt: skip


def example() -> dict[str, Any]:
    """Each field's first value above that is of its type; each row has a number of its own."""
    found = {
        name: next(value for value in _VALUES if is_declared(value, declared))
        for name, declared in DECLARED.items()
    }
    for number, row in enumerate(ROWS, start=11):
        *way, last = ("seven" if step == "*" else step for step in row.path)
        place = found
        for step in way:
            place[step] = dict(place[step]) if isinstance(place.get(step), dict) else {}
            place = place[step]
        place[last] = float(number)
    return found
