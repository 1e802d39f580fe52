"""Dreams over epochs: the same dreams at each epoch that was kept of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import streamlit as st

from explorer.library import histories, networks
from explorer.session.state import choose, chosen, upload
from explorer.views.curves import epochs
from explorer.views.curves.epochs import Snapshot
from explorer.views.curves.scrubber import scrubber
from explorer.widgets import page
from explorer.widgets.pick import pick
from explorer.widgets.pictures import Row, panel
from pad_core.checkpoint.file import Header, PadNetwork
from pad_core.data.images import SIDE_PX
from pad_core.dreaming.development import stages
from pad_core.errors import PadError

_POLL_S = 3.0
_ROWS = {"memories": 0, "recovered": 2, "rem": 3}  # of a snapshot's picture
_KINDS = {"": "one epoch", "memories": "memories", "recovered": "recovered", "rem": "REM dreams"}


def dreams_over_epochs(network: PadNetwork) -> None:
    """The same dreams at each epoch that was kept of this training; the latest one as it comes."""
    mine = stages(_headers(), chosen().networks.checkpoint).values()
    live = any(key in mine for key in histories.running())
    st.fragment(run_every=_POLL_S if live else None, key="stages")(_stages)(network.header.epoch)


def _stages(own_epoch: int) -> None:
    headers = _headers()
    if chosen().networks.checkpoint not in headers:
        return  # deleted while it was looked at; the next run of the page says so
    found = stages(headers, chosen().networks.checkpoint)
    asked = chosen().curves.stage
    wanted = next(epoch for epoch in (asked, own_epoch, *found) if epoch in found)
    if asked not in (0, wanted):
        page.put_right(f"Epoch {asked} of this training was not kept; shown is epoch {wanted}.",
                       stage=0)  # fmt: skip
    shown = epochs.thinned(found, wanted)
    pick("abreast", "Shown", _KINDS, redraw=("stages",))
    try:
        with page.timed("dreams of all epochs"):
            snapshots = {
                epoch: epochs.snapshot(networks.load(key, upload()), chosen().dream)
                for epoch, key in shown.items()
            }
    except PadError as error:
        page.problem(error)
        return
    notes = [epochs.stage_note(headers[key]) for key in shown.values()]
    if chosen().curves.abreast:
        st.html(_abreast(snapshots, notes))
    else:
        numbered = [" · ".join(filter(None, (f"epoch {epoch}", note)))
                    for epoch, note in zip(shown, notes, strict=True)]  # fmt: skip
        scrubber(
            "scrubber", "epoch", list(map(str, shown)), numbered,
            [_one(snapshot) for snapshot in snapshots.values()], list(shown).index(wanted),
            lambda place: choose(stage=list(shown)[place]),
        )  # fmt: skip
    st.caption(_remark(len(found), len(shown)))


def _headers() -> Mapping[str, Header]:
    return networks.list_checkpoints(chosen().networks.folder, upload()).headers


def _one(snapshot: Snapshot) -> str:
    """All rows of one epoch."""
    errors, realness = snapshot.error, snapshot.realness
    rows = [
        Row("Memory", "<i>G</i>(<i>z</i>)", "Eight images as it recalls them.",
            [f"Recalled memory of the class {c}" for c in snapshot.classes], snapshot.classes),
        Row("NREM dream", "", "Replayed, and perturbed.",
            [f"Dream of the class {c}, perturbed" for c in snapshot.classes]),
        Row("Recovered", "<i>G</i>(<i>E</i>(·))", "What it still sees in that; <i>ℓ</i>, error "
            "of its latents.", [f"Recovered dream, error {e:.2f}" for e in errors],
            [f"ℓ {e:.2f}" for e in errors]),
        Row("REM dream", "", "Two memories and noise, mixed; <i>d</i>, how real it seems to it.",
            [f"Dream, realness {d:.2f}" for d in realness], [f"d {d:.2f}" for d in realness],
            [float(d) for d in realness])
        if snapshot.trained else
        Row("REM dream", "", "Two memories and noise, mixed; <i>d</i>: not trained.",
            [f"Dream of the class {c}, mixed" for c in snapshot.classes]),
    ]  # fmt: skip
    return panel("epoch", snapshot.picture, rows)


def _abreast(snapshots: Mapping[int, Snapshot], notes: Sequence[str]) -> str:
    """One row of each epoch, below one another."""
    place = _ROWS[chosen().curves.abreast] * SIDE_PX
    atlas = np.concatenate(
        [snapshot.picture[place : place + SIDE_PX] for snapshot in snapshots.values()]
    )
    what = _KINDS[chosen().curves.abreast]
    rows = [
        Row(f"Epoch {epoch}", "", escape(note),
            [f"{what}, epoch {epoch}, class {c}" for c in snapshot.classes])
        for (epoch, snapshot), note in zip(snapshots.items(), notes, strict=True)
    ]  # fmt: skip
    return panel("epochs", atlas, rows)


def _remark(n_found: int, n_shown: int) -> str:
    if n_found == 1:
        return ("Only this epoch of the training is here. Keep others with `--keep-epochs 1,5,10`, "
                "or *Keep epochs* on the *Train* page.")  # fmt: skip
    same = "The same memories, masks and noise at each epoch of one training."
    return same if n_shown == n_found else f"{same} {n_shown} of {n_found} kept epochs are shown."
