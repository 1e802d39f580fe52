"""Units: the memories that drive a unit of z most, and dreams in which it is held."""

from __future__ import annotations

from html import escape

import streamlit as st
import torch

from explorer.library import networks as library
from explorer.session.state import chosen
from explorer.views.lab import figures, seen
from explorer.views.lab.chart import chart
from explorer.views.lab.export import export
from explorer.views.lab.source import source
from explorer.widgets import page, sidebar, sliders
from explorer.widgets.pictures import Row, panel
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import picture_grid
from pad_core.data.load import DataSet
from pad_core.dreaming.goals import Seen
from pad_core.dreaming.lucid import rem_start
from pad_core.dreaming.reader import Reader
from pad_core.dreaming.units import Unit, explained, intervene, see, unit

_SHOWN = 8
_HEIGHT = 420
_SOURCE = (
    "To ask single cells what drives them is physiology’s habit; the <b>paper</b> looks at "
    "<i>z</i> as a whole. Holding a unit in a dream is <b>ours</b>. <i>η²</i>: share of the unit’s "
    "variance that lies between classes; <i>d′</i>: its class against all others; δ: in distances "
    "of neighbouring memories."
)


def show(network: PadNetwork) -> None:
    """The sight."""
    images = sidebar.images(network)
    with st.sidebar.container(key="unit-controls"):
        sliders.dial("unit", "Unit of z", "One of the 256 numbers of a latent, from 0.", ())
        sliders.dial(
            "driven", "Held at, SD",
            "Where the unit is held in the dreams of the last row, in standard deviations off its "
            "mean over the memories, −6 to 6.", (),
        )  # fmt: skip
    with page.timed("units"):
        reader = library.reader(network)
        found = unit(reader, chosen().units.unit)
        left, right = st.columns([13, 5], gap="medium")
        with left:
            _memories(network, reader, images, found)
            _dreams(network, reader, found)
    if len(network.class_names) > 1:
        values = ((found.activity - found.mean) / max(found.sd, 1e-6)).numpy()
        figure = figures.activity(
            values, reader.labels.numpy(), network.class_names, chosen().units.driven,
            page.is_dark(), _HEIGHT,
        )  # fmt: skip
        with right:
            chart(figure, "unit-activity", f"Activity of unit {chosen().units.unit}",
                  "Of each memory, by class, in standard deviations from the mean.",
                  [network])  # fmt: skip
    dream = chosen().dream.stored
    export("units", [network], {
        "unit": chosen().units.unit, "split": dream.split, "seed": dream.seed,
    })  # fmt: skip
    source(_SOURCE)


def _memories(network: PadNetwork, reader: Reader, images: DataSet | None, found: Unit) -> None:
    strongest, weakest = found.order[:_SHOWN], found.order.flip(0)[:_SHOWN]
    rows = []
    for title, at, text in (
        ("Drive it most", strongest, _told(network, reader, found)),
        ("Drive it least", weakest, ""),
    ):
        values = ((found.activity[at] - found.mean) / max(found.sd, 1e-6)).tolist()
        words = [network.class_names[label] for label in reader.labels[at]]
        rows.append(
            Row(
                title,
                "",
                text,
                [f"{title}: {word}, {v:+.1f} SD" for word, v in zip(words, values, strict=True)],
                [f"{v:+.1f} SD" for v in values],
                notes=words if len(network.class_names) > 1 else (),
            )
        )
    pictures = torch.cat([_seen(network, images, at) for at in (strongest, weakest)])
    st.html(panel("unit", picture_grid(pictures, _SHOWN), rows))


def _told(network: PadNetwork, reader: Reader, found: Unit) -> str:
    if len(network.class_names) < 2:
        return f"Unit {found.index}."
    all_units = explained(reader.memories, reader.labels)
    rank = 1 + int((all_units > found.explained).sum())
    name = escape(network.class_names[found.preferred])
    return (
        f"<b>{name}</b>: <i>d′</i> {found.d_prime:.2f}. <i>η²</i> {found.explained:.2f}, "
        f"place {rank} of {len(all_units)}."
    )


def _seen(network: PadNetwork, images: DataSet | None, at: torch.Tensor) -> torch.Tensor:
    """Pictures of memories by their places in ``Reader.memories``, training ones first."""
    n_train = len(network.memories["train"])
    pictures = []
    for place in at.tolist():
        split = "train" if place < n_train else "test"
        inside = torch.tensor([place if place < n_train else place - n_train])
        pictures.append(seen.pictures(network, images, split, inside))
    return torch.cat(pictures)


def _dreams(network: PadNetwork, reader: Reader, found: Unit) -> None:
    dream, driven = chosen().dream.stored, chosen().units.driven
    latents = rem_start(network, dream.split, dream.seed)
    silenced, held = intervene(reader, latents, found.index, (0.0, driven))
    before = see(reader, latents)
    rows = [
        _row(network, reader, found, "REM dream", "as it is", before, before),
        _row(network, reader, found, "Silenced", "unit at its mean", silenced, before),
    ]
    atlas = [before.images, silenced.images]
    if driven:
        title = f"Held at {driven:+.1f} SD"
        rows.append(_row(network, reader, found, title, "", held, before))
        atlas.append(held.images)
    st.html(panel("unit", picture_grid(torch.cat(atlas), len(latents)), rows))


def _row(
    network: PadNetwork,
    reader: Reader,
    found: Unit,
    title: str,
    formula: str,
    now: Seen,
    before: Seen,
) -> Row:
    """Dreams with what the network reads in them, and how far the encoding moved."""
    readings = reader.interpret(now.encoded, now.logits.sigmoid().numpy())
    words = [f"{p:.0%} {name}" for name, p in readings.top(network.class_names)]
    read = ((now.encoded[:, found.index] - found.mean) / max(found.sd, 1e-6)).tolist()
    moved = ((now.encoded - before.encoded).norm(dim=1) / reader.spacing).tolist()
    text = (
        "SD: the unit, read again in the dream."
        if now is before
        else f"Encoding moved by δ = <b>{sum(moved) / len(moved):.2f}</b>."
    )
    return Row(
        title,
        f"<i>{formula}</i>" if formula else "",
        text,
        [f"{title}, dream {i + 1}: {word}" for i, word in enumerate(words)],
        [f"{value:+.1f} SD" for value in read],
        notes=words if len(network.class_names) > 1 else (),
    )
