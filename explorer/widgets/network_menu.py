"""Which network: first what it saw, then how it slept, then which of several like it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from explorer.library.networks import Listing
from explorer.session.state import choose, fresh, session


def choose_network(listing: Listing, key: str | None) -> None:
    """The menus that lead to a network; ``key`` is the chosen one, None where there is none."""
    by_data = _first_of(listing.data_names)
    _menu("data", "Trained on", by_data, listing.data_names.get(key or ""), listing, key)
    if key is None:
        return
    here = [k for k, name in listing.data_names.items() if name == listing.data_names[key]]
    by_condition = _first_of({k: listing.condition_names[k] for k in here})
    _menu("condition", "Slept as", by_condition, listing.condition_names[key], listing, key)
    alike = [k for k in here if listing.condition_names[k] == listing.condition_names[key]]
    if len(alike) > 1:
        names = {k: _version(listing, k, alike) for k in alike}
        by_version = {name: k for k, name in names.items()}
        _menu("version", "Trained for", by_version, names[key], listing, key)


def _menu(
    name: str,
    label: str,
    options: Mapping[str, str],
    chosen_one: str | None,
    listing: Listing,
    key: str | None,
) -> None:
    """A menu of names, each with the network that it leads to."""
    names = list(options)
    widget = fresh(f"network-{name}", chosen_one)
    st.selectbox(
        label,
        names,
        format_func=lambda name: _SPOKEN.get(name, name),
        index=None if chosen_one is None else names.index(chosen_one),
        key=widget,
        placeholder="Choose a network" if names else "None found yet",
        on_change=_take,
        args=(widget, dict(options), listing, key),
        help=_HELP[name],
    )


_SPOKEN = {
    "cifar10": "CIFAR-10",
    "cifar10-jpeg": "CIFAR-10 (jpeg)",
    "fashion-mnist": "Fashion-MNIST",
    "fashion-mini": "Fashion-MNIST, 6,000",
    "mnist": "MNIST",
    "svhn": "SVHN",
    "svhn-small": "SVHN (small)",
}
_HELP = {
    "data": "The images that a network learnt from. Listed are the checkpoints in "
    "`checkpoints/` and `runs/`.",
    "condition": "What a network lived through in each cycle. *PAD* is the whole model; *w/o* "
    "says what was taken away.",
    "version": "How often it saw each image, and the seed of its weights.",
}


def _take(widget: str, options: Mapping[str, str], listing: Listing, before: str | None) -> None:
    """Go to the network of a name: the one most like the network before."""
    name = session()[widget]
    if name not in options:
        return
    first = options[name]
    if before is None or widget.startswith("network-version"):
        choose(checkpoint=first)
        return
    names = listing.data_names if widget.startswith("network-data") else listing.condition_names
    same_data = listing.data_names[first]
    found = [k for k in names if names[k] == name and listing.data_names[k] == same_data]
    choose(checkpoint=max(found, key=lambda k: _likeness(listing, k, before)))


def _likeness(listing: Listing, key: str, before: str) -> tuple[bool, bool, bool]:
    """How much a network has in common with another one; the first of several like it wins."""
    one, other = listing.headers[key], listing.headers[before]
    return (
        one.condition == other.condition,
        one.seed == other.seed,
        one.epoch == other.epoch,
    )


def _first_of(names: Mapping[str, str]) -> dict[str, str]:
    """Each name once, with the first network that has it."""
    first: dict[str, str] = {}
    for key, name in names.items():
        first.setdefault(name, key)
    return first


def _version(listing: Listing, key: str, alike: list[str]) -> str:
    """Epochs and seed; the file too where these are another one's as well."""
    header = listing.headers[key]
    told = f"{header.epoch} epoch{'' if header.epoch == 1 else 's'}, seed {header.seed}"
    others = [listing.headers[k] for k in alike if k != key]
    if any((o.epoch, o.seed) == (header.epoch, header.seed) for o in others):
        told += f" ({key})"
    return told
