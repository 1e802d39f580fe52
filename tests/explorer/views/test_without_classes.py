"""Every page shows a network whose images have no labels."""

from __future__ import annotations

import pytest
import torch

from pad_core.checkpoint import file as checkpoint
from pad_core.data.imagesets import ImageSet
from pad_core.data.load import DataSet, load_dataset
from pad_core.model.condition import PAD
from pad_core.model.networks import build_networks
from tests.explorer.pages import drawn, opened, repository

KEY = "checkpoints/unlabelled.safetensors"


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    full = load_dataset("fashion-mini")
    splits = (
        ImageSet(split.images[:60], torch.zeros(60, dtype=torch.int64))
        for split in (full.train, full.test)
    )
    data = DataSet("photographs", "folder:photographs", *splits, ("unlabelled",), "")
    networks = build_networks(1)
    header = checkpoint.Header(
        PAD,
        checkpoint.dataset_record(data),
        data.class_names,
        seed=1,
        epoch=1,
        history=[{"epoch": 1, "losses": {"image": 0.5}}],
    )
    repository(tmp_path, monkeypatch, {})
    (tmp_path / "checkpoints").mkdir()
    memories = checkpoint.choose_memories(data, networks.encoder)
    checkpoint.save(tmp_path / KEY, networks, header, memories, bits=16)
    return tmp_path


@pytest.mark.parametrize("view", ["dream", "wall", "map", "curves", "storyboard", "journal"])
def test_the_page_opens(view):
    at = opened(view, 120, checkpoint=KEY, view="all" if view == "dream" else "")
    assert not at.error, at.error
    assert drawn(at)


def test_there_is_nothing_to_probe():
    at = opened("probe", 120, checkpoint=KEY)
    assert [e.value for e in at.info] == [
        "Linear probes tell classes apart, and these networks were trained without any."
    ]


@pytest.mark.parametrize("view", ["", "all"])
def test_a_dream_is_of_no_class(view):
    at = opened("dream", 120, checkpoint=KEY, view=view)
    text = " ".join(e.proto.body for e in drawn(at))
    assert "nearest memory" in text
    for words in ("100% unlabelled", "read out as", "the probe"):
        assert words not in text
