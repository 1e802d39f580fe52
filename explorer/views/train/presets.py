"""Trainings to begin with, one click each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.runs import orders
from explorer.views.train.draft import Draft, change


@dataclass(frozen=True)
class Preset:
    """A form filled in: its name, a line on it, and what it puts into the draft."""

    name: str
    text: str
    training: Mapping[str, Any]
    changes: Mapping[str, Any] = field(default_factory=dict)


def presets(home: Path) -> tuple[Preset, ...]:
    """What is offered; photographs are those of ``data/``, where there are any."""
    return (
        Preset("Two-minute taste", "Clothes, 2 epochs.", {}),
        Preset(
            "The paper's PAD",
            "Photographs, 50 epochs.",
            {"dataset": _photographs(home), "epochs": 50, "keep_epochs": "1, 5, 10, 20"},
        ),
        Preset(
            "A mix of yours",
            "λ′ = 0.8, or what you like.",
            {},
            {"lam_prime": 0.8},
        ),
    )


def _photographs(home: Path) -> str:
    """The spec of CIFAR-10: a folder in ``data/`` of that name, else what is downloaded."""
    here = (spec for spec in orders.datasets(home) if "cifar10" in spec.lower())
    return next((spec for spec in here if not orders.needs_download(spec, home)), "cifar10")


def preset_cards(home: Path) -> None:
    """Draw them; a click fills the form."""
    offered = presets(home)
    for column, preset in zip(st.columns(len(offered)), offered, strict=True):
        with column:
            st.button(
                preset.name,
                key=f"preset-{preset.name}",
                width="stretch",
                on_click=_take,
                args=(preset,),
            )
            st.caption(preset.text)


def _take(preset: Preset) -> None:
    empty = Draft()
    change(
        base=empty.base,
        changes=dict(preset.changes),
        condition_name="",
        training=dict(preset.training),
        name="",
    )
