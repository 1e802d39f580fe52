"""What checkpoints and run folders record of a training, ready to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pad_core.report.palette import style

if TYPE_CHECKING:  # for figures, too, which need no PyTorch
    from explorer.runs.trainings import Training
    from pad_core.checkpoint.schema import Header

# What is drawn over epochs: its key, and what people call it.
TERMS = {
    "image": "image loss",
    "kl": "KL loss",
    "nrem": "NREM loss",
    "external": "external loss (real)",
    "internal": "internal loss (REM)",
    "contrast": "contrastive loss",
    "linear_separability": "linear probe, %",
}


@dataclass(frozen=True)
class Series:
    """One network's values over epochs.

    values: by key of ``TERMS``, pairs of epoch and value; now: the same of the epoch that is
    being trained, a mean so far, at a fraction of it.
    """

    label: str
    condition: str
    values: dict[str, list[tuple[float, float]]]
    now: dict[str, tuple[float, float]] = field(default_factory=dict)


def recorded(label: str, header: Header) -> Series:
    """What a checkpoint remembers of its training."""
    return Series(label, header.condition.name, _values(header.history))


def under_way(training: Training) -> Series | None:
    """What a run folder says of a training; None before anything is known."""
    if training.order is None:
        return None
    now, at = {}, training.progress
    if at is not None and at.epoch > training.epochs_done:
        place = at.epoch - 1 + at.step / at.steps
        now = {name: (place, value) for name, value in at.losses.items()}
    values = _values(training.history)
    if not values and not now:
        return None
    label = f"{style(training.order.condition.name).label} · {training.folder.name}, training"
    return Series(label, training.order.condition.name, values, now)


def _values(history: list[dict[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    values: dict[str, list[tuple[float, float]]] = {}
    for entry in history:
        for name, value in {**entry.get("losses", {}), **entry}.items():
            if name in TERMS and isinstance(value, int | float):
                values.setdefault(name, []).append((float(entry["epoch"]), float(value)))
    return values


def while_training(entry: Mapping[str, Any]) -> str:
    """'52.9 % linearly separable, one probe while it trained' of a history's entry."""
    value = entry.get("linear_separability")
    if not isinstance(value, int | float):
        return ""
    return f"{value:.1f} % linearly separable, one probe during training"


def condition_label(training: Training) -> str:
    """'PAD · cifar10-jpeg · seed 0', as far as it is known."""
    order = training.order
    if order is None:
        return "says nothing of what it was"
    return f"{style(order.condition.name).label} · {order.dataset} · seed {order.seed}"
