"""What the explorer computes: which choice changes which picture."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from explorer_fixtures import write_checkpoint

from explorer.choices import Choices
from explorer.compute import dreams
from pad_core import checkpoint
from pad_core.errors import PadError
from pad_core.images import to_uint8

CHOICES = Choices(seed=5)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return checkpoint.load(write_checkpoint(tmp_path_factory.mktemp("c") / "a.safetensors"))


def panels(network, choices):
    recalled = dreams.recall(network, choices)
    return {
        "memories": recalled,
        "nrem": dreams.perturb(network, recalled, choices),
        "rem": dreams.mix(network, recalled, choices),
    }


def differing(one, other):
    """Names of the panels of which any field differs."""

    def same(a, b):
        if isinstance(a, torch.Tensor):
            return torch.equal(a, b)
        return np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b

    return {
        name
        for name, panel in one.items()
        for field in fields(panel)
        if not same(getattr(panel, field.name), getattr(other[name], field.name))
    }


def test_the_same_choices_give_the_same_arrays(network):
    assert differing(panels(network, CHOICES), panels(network, CHOICES)) == set()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"lam": 0.9}, {"rem"}),
        ({"lam_prime": 0.9}, {"rem"}),
        ({"noise_level": 0.2}, {"rem"}),
        ({"intensity": 0.6}, {"nrem"}),
        ({"size_px": 7}, {"nrem"}),
        ({"seed": 6}, {"memories", "nrem", "rem"}),
        ({"split": "train"}, {"memories", "nrem", "rem"}),
        ({"checkpoint": "elsewhere", "folder": "elsewhere"}, set()),
    ],
)
def test_a_choice_changes_what_depends_on_it_and_nothing_else(network, change, expected):
    changed = panels(network, replace(CHOICES, **change))
    assert differing(panels(network, CHOICES), changed) == expected


def test_a_dream_of_the_first_memory_alone_is_that_memory(network):
    shown = panels(network, replace(CHOICES, lam=1.0, lam_prime=1.0))
    assert np.array_equal(shown["rem"].picture[32:], shown["memories"].picture)


def test_a_dream_of_the_second_memory_alone_is_the_small_picture_above_it(network):
    shown = panels(network, replace(CHOICES, lam=0.0, lam_prime=1.0))
    assert np.array_equal(shown["rem"].picture[32:], shown["rem"].picture[:32])


def test_without_occlusion_the_whole_memory_is_replayed(network):
    shown = panels(network, replace(CHOICES, intensity=0.0))
    assert np.array_equal(shown["nrem"].picture[:32], shown["memories"].picture)


def test_full_occlusion_leaves_grey(network):
    assert np.unique(panels(network, replace(CHOICES, intensity=1.0))["nrem"].picture[:32]) == [128]


def test_pictures_and_names_belong_to_the_memories_of_the_split(network):
    recalled = dreams.recall(network, replace(CHOICES, split="train"))
    stored = network.memories["train"]
    for i, (latent, name) in enumerate(zip(recalled.current, recalled.classes, strict=True)):
        place = int((stored.latents == latent).all(1).nonzero()[0, 0])
        assert network.class_names[stored.labels[place]] == name
        image = to_uint8(network.generate(latent[None]))[0].permute(1, 2, 0).numpy()
        shown = recalled.picture[:, 32 * i : 32 * (i + 1)]
        # A batch of one may round otherwise than a batch of eight.
        assert np.abs(shown.astype(int) - image).max() <= 1


def test_the_sixteen_memories_all_differ(network):
    recalled = dreams.recall(network, CHOICES)
    assert len(torch.cat([recalled.current, recalled.previous]).unique(dim=0)) == 16


def test_too_few_memories_are_named(network):
    few = {
        split: checkpoint.Memories(m.latents[:15], m.labels[:15], m.indices[:15])
        for split, m in network.memories.items()
    }
    with pytest.raises(PadError, match="15 stored memories, fewer than the 16"):
        dreams.recall(replace(network, memories=few), CHOICES)
