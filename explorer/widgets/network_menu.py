"""Which network: first what it saw, then how it slept, then which of several like it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from explorer.library.labels import in_epochs, spoken
from explorer.library.networks import Listing
from explorer.session.state import choose, fresh, reported


def choose_network(listing: Listing, key: str | None) -> None:
    """The menus that lead to a network; ``key`` is the chosen one, None where there is none."""
    data = listing.data_names
    _menu("data", "Trained on", data, listing, key)
    if key is None:
        return
    here = {k: listing.condition_names[k] for k, name in data.items() if name == data[key]}
    _menu("condition", "Slept as", here, listing, key)
    alike = [k for k, name in here.items() if name == here[key]]
    if len(alike) > 1:
        versions = {k: _version(listing, k, alike) for k in alike}
        _menu("version", "Trained for", versions, listing, key)


def _menu(
    menu: str, label: str, names: Mapping[str, str], listing: Listing, key: str | None
) -> None:
    """A menu of names of networks; several networks may have the same."""
    options = list(dict.fromkeys(names.values()))
    here = None if key is None else names[key]
    widget = fresh(f"network-{menu}", here)
    st.selectbox(
        label,
        options,
        format_func=spoken,
        index=None if here is None else options.index(here),
        key=widget,
        placeholder="Choose a network" if options else "None found yet",
        on_change=_take,
        args=(widget, names, listing, key),
        help=_HELP[menu],
    )


_HELP = {
    "data": "The images that a network learnt from. Listed are the checkpoints in "
    "`checkpoints/` and `runs/`.",
    "condition": "What a network lived through in each cycle. *PAD* is the whole model; *w/o* "
    "says what was taken away.",
    "version": "How often it saw each image, and the seed of its weights.",
}


def _take(widget: str, names: Mapping[str, str], listing: Listing, before: str | None) -> None:
    """Go to the network of the chosen name: the one most like the network before."""
    found = [key for key, name in names.items() if name == reported(widget)]
    if found:
        choose(
            checkpoint=found[0]
            if before is None
            else max(found, key=lambda key: _likeness(listing, key, before))
        )


def _likeness(listing: Listing, key: str, before: str) -> tuple[bool, bool, bool]:
    """How much a network has in common with another one; the first of several like it wins."""
    one, other = listing.headers[key], listing.headers[before]
    return (
        one.condition == other.condition,
        one.seed == other.seed,
        one.epoch == other.epoch,
    )


def _version(listing: Listing, key: str, alike: list[str]) -> str:
    """Epochs and seed; the file too where these are another one's as well."""
    header = listing.headers[key]
    told = f"{in_epochs(header.epoch)}, seed {header.seed}"
    others = [listing.headers[k] for k in alike if k != key]
    if any((o.epoch, o.seed) == (header.epoch, header.seed) for o in others):
        told += f" ({key})"
    return told
