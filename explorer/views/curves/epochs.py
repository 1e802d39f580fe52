"""One training at several of its epochs: its checkpoints, and their dreams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from explorer.dreaming import dreams
from explorer.runs.history import while_training
from explorer.session.choices import Dream
from pad_core.checkpoint.file import PadNetwork
from pad_core.checkpoint.schema import Header
from pad_core.data.images import SIDE_PX
from pad_core.report.catalogue import Catalogue, Entry

MOST_STAGES = 12  # epochs shown at once: each is a network in memory


def catalogue(headers: Mapping[str, Header]) -> Catalogue:
    """The listed checkpoints as a catalogue for the report's tables and figures."""
    return Catalogue([Entry(Path(key), header) for key, header in headers.items()])


def thinned(stages: Mapping[int, str], kept: int) -> dict[int, str]:
    """At most ``MOST_STAGES`` epochs, evenly spread, with the first, the last and ``kept``."""
    epochs = list(stages)
    if len(epochs) <= MOST_STAGES:
        return dict(stages)
    step = (len(epochs) - 1) / (MOST_STAGES - 1)
    chosen = {epochs[round(i * step)] for i in range(MOST_STAGES)}
    if kept not in chosen:
        inner = sorted(chosen - {epochs[0], epochs[-1]}, key=lambda epoch: abs(epoch - kept))
        chosen = chosen - {inner[0]} | {kept}
    return {epoch: stages[epoch] for epoch in sorted(chosen)}


def stage_note(header: Header) -> str:
    """The measurement at a checkpoint's epoch, and its method; '' if there is none.

    '52.5 % linearly separable by evaluate, mean of 4 probes'.
    """
    last = header.history[-1] if header.history else {}
    if last and last.get("epoch") != header.epoch:
        return ""
    measured = header.metrics.get("linear_separability")
    if isinstance(measured, int | float):
        n = header.metrics.get("protocol", {}).get("readout_seeds", "several")
        return f"{measured:.1f} % linearly separable by evaluate, mean of {n} probes"
    return while_training(last)


@dataclass(frozen=True)
class Snapshot:
    """The sleep of N ≤ 8 memories at one epoch of a training.

    picture: rows of memories, occluded and recovered NREM dreams, and REM dreams, uint8
    (128, 32·N, 3); classes: of the memories; error: of each recovered dream, realness: of
    each REM dream, both (N,); trained: whether any loss trained d.
    """

    picture: np.ndarray
    classes: tuple[str, ...]
    error: np.ndarray
    realness: np.ndarray
    trained: bool


def snapshot(network: PadNetwork, dream: Dream) -> Snapshot:
    """The chosen memories, masks and noise, through a network; PadError as in ``recall``."""
    recalled = dreams.recall(network, dream)
    nrem = dreams.perturb(network, recalled, dream)
    rem = dreams.mix(network, recalled, dream)
    picture = np.concatenate([recalled.picture, nrem.picture, rem.picture[SIDE_PX:]])
    trained = network.condition.trains_discriminator
    return Snapshot(picture, recalled.classes, nrem.error, rem.realness, trained)
