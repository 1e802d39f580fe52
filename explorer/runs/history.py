"""What checkpoints and run folders record, ready to draw; knows nothing of Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from explorer.dreaming import dreams
from explorer.runs.trainings import Training
from explorer.session.choices import Choices
from pad_core.checkpoint.file import Header, PadNetwork
from pad_core.data.images import SIDE_PX
from pad_core.report.catalogue import Entry, Shelf
from pad_core.report.palette import style

# What is drawn over epochs: its key, and what people call it.
TERMS = {
    "image": "image loss",
    "kl": "KL loss",
    "nrem": "NREM loss",
    "external": "external loss (real)",
    "internal": "internal loss (REM)",
    "linear_separability": "linear separability (one read-out), %",
}
MOST_STAGES = 12  # of one training that are shown at once: each is a network in memory


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


def labels(headers: Mapping[str, Header]) -> dict[str, str]:
    """A name for each of these networks, no longer than it takes to tell them apart."""
    parts = {
        key: (style(h.condition.name).label, h.dataset_name, f"seed {h.seed}", f"epoch {h.epoch}",
              key)
        for key, h in headers.items()
    }  # fmt: skip
    used = [0]
    for place in range(1, 5):
        if len({tuple(part[i] for i in used) for part in parts.values()}) == len(parts):
            break
        if len({part[place] for part in parts.values()}) > 1:
            used.append(place)
    return {key: " · ".join(part[i] for i in used) for key, part in parts.items()}


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


def shelf(headers: Mapping[str, Header]) -> Shelf:
    """The listed checkpoints as the report's tables and figures take them."""
    return Shelf([Entry(Path(key), header) for key, header in headers.items()])


def stages(headers: Mapping[str, Header], key: str) -> dict[int, str]:
    """The checkpoints of the same training as ``key``, itself among them, by epoch.

    Of several of one epoch the first listed is taken, but for ``key`` itself.
    """
    wanted = _training_of(headers[key])
    found = {headers[key].epoch: key}
    for other, header in headers.items():
        if _training_of(header) == wanted:
            found.setdefault(header.epoch, other)
    return dict(sorted(found.items()))


def thinned(stages: Mapping[int, str], kept: int) -> dict[int, str]:
    """At most ``MOST_STAGES`` of them, evenly spread, with the first, the last and ``kept``."""
    epochs = list(stages)
    if len(epochs) <= MOST_STAGES:
        return dict(stages)
    step = (len(epochs) - 1) / (MOST_STAGES - 1)
    chosen = {epochs[round(i * step)] for i in range(MOST_STAGES)}
    if kept not in chosen:
        inner = sorted(chosen - {epochs[0], epochs[-1]}, key=lambda epoch: abs(epoch - kept))
        chosen = chosen - {inner[0]} | {kept}
    return {epoch: stages[epoch] for epoch in sorted(chosen)}


def _training_of(header: Header) -> tuple[Any, ...]:
    """What checkpoints of one training have in common, also where it was resumed for longer."""
    recipe = {k: v for k, v in header.recipe.items() if k not in ("epochs", "device", "torch")}
    data = header.dataset_name, header.dataset.get("n_train")
    return *data, header.condition, header.seed, str(sorted(recipe.items()))


def stage_note(header: Header) -> str:
    """What was measured at a checkpoint's epoch, and how, or nothing.

    '52.5 % linearly separable by evaluate, mean of 4 read-outs'.
    """
    last = header.history[-1] if header.history else {}
    if last and last.get("epoch") != header.epoch:
        return ""
    measured = header.metrics.get("linear_separability")
    if isinstance(measured, int | float):
        n = header.metrics.get("protocol", {}).get("readout_seeds", "several")
        return f"{measured:.1f} % linearly separable by evaluate, mean of {n} read-outs"
    return while_training(last)


def while_training(entry: Mapping[str, Any]) -> str:
    """'52.9 % linearly separable, one read-out while it trained' of a history's entry."""
    value = entry.get("linear_separability")
    if not isinstance(value, int | float):
        return ""
    return f"{value:.1f} % linearly separable, one read-out while it trained"


def condition_label(training: Training) -> str:
    """'PAD · cifar10-jpeg · seed 0', as far as it is known."""
    order = training.order
    if order is None:
        return "says nothing of what it was"
    return f"{style(order.condition.name).label} · {order.dataset} · seed {order.seed}"


@dataclass(frozen=True)
class Stage:
    """N ≤ 8 memories, asleep, at one epoch of a training.

    picture: rows of memories, occluded and recovered NREM dreams, and REM dreams, uint8
    (128, 32·N, 3); classes: of the memories; error: of each recovered dream, realness: of
    each REM dream, both (N,); trained: whether any loss taught it d.
    """

    picture: np.ndarray
    classes: tuple[str, ...]
    error: np.ndarray
    realness: np.ndarray
    trained: bool


def stage(network: PadNetwork, choices: Choices) -> Stage:
    """What the chosen memories, masks and noise become in a network; PadError as ``recall``."""
    recalled = dreams.recall(network, choices)
    nrem = dreams.perturb(network, recalled, choices)
    rem = dreams.mix(network, recalled, choices)
    picture = np.concatenate([recalled.picture, nrem.picture, rem.picture[SIDE_PX:]])
    trained = network.condition.trains_discriminator
    return Stage(picture, recalled.classes, nrem.error, rem.realness, trained)
