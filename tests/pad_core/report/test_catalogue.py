"""Which evaluations stand beside each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pad_core.checkpoint.file import load_header
from pad_core.model.condition import CONDITIONS
from pad_core.report.catalogue import Catalogue, Entry


@pytest.fixture
def catalogue(exported):
    """A catalogue of recorded networks, made of (condition, seed, epoch)."""
    header = load_header(exported)

    def made(*networks, on="real images"):
        entries = []
        for condition, seed, epoch in networks:
            metrics = {
                "dataset": "small", "condition": condition, "seed": seed, "epoch": epoch, "on": on,
                "n_train": 256, "n_test": 100, "occlusion_n": 100, "linear_separability": 50.0,
                "protocol": {},
            }  # fmt: skip
            found = replace(
                header, condition=CONDITIONS[condition], seed=seed, epoch=epoch, metrics=metrics
            )
            entries.append(Entry(Path(f"{condition}-{seed}-{epoch}"), found))
        return Catalogue(entries)

    return made


def seen(groups):
    return [None if g is None else (g.condition, g.epoch, len(g.evaluations)) for g in groups]


def test_conditions_are_compared_after_as_many_epochs(catalogue):
    kept = catalogue(
        ("pad", 0, 20),
        ("pad", 0, 50),
        ("pad", 1, 50),
        ("wo_nrem", 0, 50),
        ("rem_noise_only", 0, 20),
    )
    assert seen(kept.alike("small", "pad", "wo_nrem")) == [("pad", 50, 2), ("wo_nrem", 50, 1)]
    assert seen(kept.alike("small", "pad", "rem_noise_only")) == [
        ("pad", 20, 1), ("rem_noise_only", 20, 1),
    ]  # fmt: skip
    assert seen(kept.groups("small", ["pad", "wo_rem", "wo_nrem"])) == [
        ("pad", 50, 2), ("wo_nrem", 50, 1),
    ]  # fmt: skip


def test_where_they_share_no_epoch_each_ones_latest_stands(catalogue):
    kept = catalogue(("pad", 0, 1), ("pad", 0, 50), ("wo_nrem", 0, 20))
    assert seen(kept.alike("small", "pad", "wo_nrem", "wo_rem")) == [
        ("pad", 50, 1), ("wo_nrem", 20, 1), None,
    ]  # fmt: skip


def test_a_network_that_lies_twice_counts_once(catalogue):
    kept = catalogue(("pad", 0, 50), ("pad", 0, 50), ("wo_nrem", 0, 50))
    assert seen(kept.alike("small", "pad", "wo_nrem")) == [("pad", 50, 1), ("wo_nrem", 50, 1)]


def test_networks_whose_adam_coasted_stand_for_themselves(catalogue):
    found = catalogue(("pad", 0, 50), ("pad", 1, 50), ("wo_nrem", 0, 50))
    usual = [entry.header for entry in found.entries]
    coasted = [
        replace(
            h,
            recipe={"adam_coasts": True},
            metrics=h.metrics | {"condition": f"{h.condition.name}+adam_coasts=True"},
        )
        for h in usual
    ]
    entries = [Entry(Path(f"{i}"), h) for i, h in enumerate([*coasted, *usual])]
    both = Catalogue(entries)
    assert seen(both.alike("small", "pad", "wo_nrem")) == [("pad", 50, 2), ("wo_nrem", 50, 1)]
    assert [e.path.name for e in both.latest("small", "pad")] == ["3", "4"]
    own = "pad+adam_coasts=True"
    assert seen(both.alike("small", own)) == [(own, 50, 2)]
