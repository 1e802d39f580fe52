"""Conditions: what a network lives through in a cycle, as data."""

from pad_core.model.condition.built_in import (
    CONDITIONS,
    DISCUSSION,
    PAD,
    PAPER,
    TABLE_1,
    built_in,
)
from pad_core.model.condition.declaration import (
    Condition,
    Contrast,
    Kind,
    Mixing,
    Mixture,
    Phase,
    Recollection,
    Replay,
)
from pad_core.model.condition.finding import as_arguments, as_text, find_condition

__all__ = [
    "CONDITIONS",
    "DISCUSSION",
    "PAD",
    "PAPER",
    "TABLE_1",
    "Condition",
    "Contrast",
    "Kind",
    "Mixing",
    "Mixture",
    "Phase",
    "Recollection",
    "Replay",
    "as_arguments",
    "as_text",
    "built_in",
    "find_condition",
]
