"""What is missing for a report, and the commands that make it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from pad_core.errors import printable
from pad_core.report.catalogue import Catalogue
from pad_core.report.item import Item
from pad_core.report.item_kinds import SEPARABILITY_KEY
from pad_core.report.palette import style
from pad_core.report.paper import PAPER_EPOCHS


class Missing(NamedTuple):
    """A missing thing, and the command that makes it."""

    what: str
    command: str


def missing_for(catalogue: Catalogue, item: Item, dataset: str) -> list[Missing]:
    """What is missing for an item on a data set."""
    specs = [e.header.dataset.get("spec") for e in catalogue.entries if e.dataset == dataset]
    spec = shlex.quote((specs[0] if specs else None) or dataset)
    missing: list[Missing] = []
    for condition in item.conditions:
        train = f"python -m pad_core train --dataset {spec} --condition {condition}"
        entries = catalogue.latest(dataset, condition)
        if not entries:
            epochs = max((e.header.epoch for e in catalogue.entries if e.dataset == dataset),
                         default=PAPER_EPOCHS)  # fmt: skip
            command = f"{train} --epochs {epochs} --probe-every 1 --keep-epochs 1"
            missing.append(Missing(f"a network of {style(condition).label}", command))
            continue
        bare = [printable(str(e.path)) for e in entries if e.evaluation is None]
        if "record" in item.needs and bare:  # claims about histories rest on evaluations, too
            missing.append(Missing(f"the evaluation of {style(condition).label}", _evaluate(bare)))
        if "early" in item.needs:
            early = catalogue.earliest(dataset, condition)
            bare = [printable(str(e.path)) for e in early if e.evaluation is None]
            if not early:
                folder = "runs/" + re.sub(r"[^\w.-]+", "-", f"{dataset}-{condition}-early")
                command = f"{train} --epochs 1 --run {folder}"
                missing.append(Missing(f"an early network of {style(condition).label}", command))
                bare = [f"{folder}/latest.safetensors"]
            if bare:
                missing.append(Missing("the evaluation of the early one", _evaluate(bare)))
        if "history" in item.needs:
            probes = [h for e in entries for h in e.header.history if SEPARABILITY_KEY in h]
            if len(probes) < 2:
                command = f"{train} --epochs {PAPER_EPOCHS} --probe-every 1"
                missing.append(
                    Missing(f"separability over epochs of {style(condition).label}", command)
                )
    return missing


def _evaluate(files: Sequence[str]) -> str:
    return f"python -m pad_core evaluate {shlex.join(files)} --record"
