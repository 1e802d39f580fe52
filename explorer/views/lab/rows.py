"""Bands of pictures on the page, and the menus of what they depend on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import streamlit as st
import torch

from explorer.session.state import chosen, fresh, take
from explorer.widgets.pictures import Row, panel
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import picture_grid
from pad_core.dreaming.albums import KINDS
from pad_core.dreaming.albums.bands import Band


def draw(name: str, bands: Sequence[Band]) -> None:
    """Bands as one panel of that name."""
    st.html(as_html(name, bands))


def as_html(name: str, bands: Sequence[Band]) -> str:
    """Bands as one panel; those with fewer pictures than others end in grey."""
    columns = max(len(band.images) for band in bands)
    atlas, rows = [], []
    for band in bands:
        n = len(band.images)
        lacking = band.images.new_zeros((columns - n, *band.images.shape[1:]))
        atlas.append(torch.cat([band.images, lacking]))
        rows.append(
            Row(
                escape(band.title),
                "",
                escape(band.text),
                [_words(band, i) for i in range(columns)],
                _filled(band.captions, columns),
                [*band.levels, *[0.0] * (columns - n)] if band.levels else [],
                notes=_filled(band.notes, columns),
            )
        )
    return panel(name, picture_grid(torch.cat(atlas), columns), rows)


def choice(name: str, label: str, told: Mapping[str, str], help: str) -> None:
    """A menu of a parameter of ``Choices``; ``told``: what each option is called."""
    value = chosen().value(name)
    widget, options = fresh(name, value), list(told)
    st.selectbox(
        label,
        options,
        options.index(value),
        format_func=told.__getitem__,
        key=widget,
        on_change=take,
        args=(name, widget),
        help=help,
    )


def choose_class(network: PadNetwork, name: str, label: str, help: str) -> int:
    """A menu of the network's classes; returns the class, the last one for one beyond."""
    names = network.class_names
    value = min(chosen().value(name), len(names) - 1)
    widget = fresh(name, value)
    st.selectbox(
        label,
        range(len(names)),
        value,
        format_func=names.__getitem__,
        key=widget,
        on_change=take,
        args=(name, widget),
        help=help,
    )
    return int(value)


def settings_of(kind: str, **others: Any) -> dict[str, Any]:
    """The settings of a kind of album as the viewer chose them."""
    known = KINDS[kind].settings
    choices = replace(chosen(), dream=chosen().dream.stored)  # albums are of stored memories
    values = {name: choices.value(name) for name in known if name not in others} | others
    return {name: type(known[name].usual)(value) for name, value in values.items()}


def _words(band: Band, place: int) -> str:
    """A picture in words, for those who can't see it."""
    if place >= len(band.images):
        return "nothing"
    parts = [band.title, *(texts[place] for texts in (band.captions, band.notes) if texts)]
    return ", ".join(part for part in parts if part)


def _filled(texts: Sequence[str], columns: int) -> list[str]:
    return [*texts, *[""] * (columns - len(texts))] if texts else []
