"""Memories of a checkpoint, and of pictures that ship with the code."""

from dataclasses import replace

import torch

from explorer.dreaming import dreams
from explorer.dreaming.memories import images_of, memories_of, name_of, splits_of
from explorer.session.choices import PHOTOGRAPHS, Dream
from pad_core.data.album import album
from pad_core.data.builtin import FASHION
from tests.explorer.pages import checkpoint_bytes


def test_pictures_that_ship_are_encoded_by_the_network(network):
    shown = album(FASHION)
    memories = memories_of(network, PHOTOGRAPHS)
    assert splits_of(network) == (PHOTOGRAPHS, "test", "train")
    assert torch.equal(memories.latents, network.encode(shown.images))
    assert name_of(network, PHOTOGRAPHS, 3) == FASHION[shown.labels[3]]
    assert images_of(network, PHOTOGRAPHS, None) is shown.images


def test_another_networks_encoder_makes_others(network, tmp_path):
    import pad_core

    (tmp_path / "other.safetensors").write_bytes(checkpoint_bytes("pad", 7))
    other = pad_core.load(tmp_path / "other.safetensors")
    one, another = (memories_of(n, PHOTOGRAPHS).latents for n in (network, other))
    assert not torch.equal(one, another)


def test_where_none_ship_test_memories_stand_in(network, monkeypatch):
    monkeypatch.setattr("explorer.dreaming.memories.album", lambda names: None)
    network = replace(network, sha256="of another file")  # what was encoded before is kept
    assert memories_of(network, PHOTOGRAPHS) is network.memories["test"]
    assert splits_of(network) == ("test", "train")
    assert images_of(network, PHOTOGRAPHS, None) is None


def test_what_was_seen_stands_above_what_is_recalled(network):
    dream = Dream(split=PHOTOGRAPHS, first=4, second=9)
    recalled = dreams.recall(network, dream)
    pair = dreams.seen_pair(network, recalled, dream, images_of(network, PHOTOGRAPHS, None))
    images = album(FASHION).images
    for i, place in enumerate((4, 9)):
        shown = pair[:, 32 * i : 32 * (i + 1)]
        assert (torch.from_numpy(shown).permute(2, 0, 1) == images[place]).all()
