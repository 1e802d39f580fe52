"""The ablation wall's rows: what is the same in all of them, and what differs."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from explorer.dreaming import dreams
from explorer.session.choices import Dream
from explorer.views.wall import strips
from pad_core.checkpoint import file as checkpoint
from pad_core.checkpoint.file import Memories
from tests.explorer.pages import write_checkpoint

CHOICES = Dream(seed=5, intensity=0.6)
SHOWN = ("recalled", "nrem", "rem")


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wall")
    return [
        checkpoint.load(write_checkpoint(folder / f"{name}.safetensors", name, seed))
        for seed, name in enumerate(("pad", "wake_only"))
    ]


@pytest.mark.parametrize("shown", SHOWN)
def test_a_row_shows_what_the_dream_page_shows_of_its_network(networks, shown):
    choices = CHOICES
    for network in networks:
        recalled = dreams.recall(network, choices)
        replayed = dreams.perturb(network, recalled, choices)
        mixed = dreams.mix(network, recalled, choices)
        picture = strips.strip(network, choices, shown).picture
        if shown == "nrem":
            tiles = [replayed.picture[y : y + 32, 32 * x : 32 * x + 32]
                     for x in range(4) for y in (0, 32)]  # fmt: skip
            expected = np.concatenate(tiles, axis=1)
        else:
            expected = recalled.picture if shown == "recalled" else mixed.picture[32:]
        assert np.array_equal(picture, expected)


def test_masks_are_the_same_in_every_network(networks):
    grey = []
    for network in networks:
        picture = strips.strip(network, CHOICES, "nrem").picture
        grey.append((picture[:, :32] == 128).all(axis=2))
    assert np.array_equal(*grey)
    assert 0.3 < grey[0].mean() < 0.9


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"lam": 0.9}, {"rem"}),
        ({"noise_level": 0.2}, {"rem"}),
        ({"intensity": 0.2}, {"nrem"}),
        ({"seed": 6}, set(SHOWN)),
        ({"split": "train"}, set(SHOWN)),
    ],
)
def test_a_choice_changes_what_depends_on_it(networks, change, expected):
    changed = set()
    for shown in SHOWN:
        both = (CHOICES, replace(CHOICES, **change))
        before, after = (strips.strip(networks[0], choices, shown) for choices in both)
        if not np.array_equal(before.picture, after.picture):
            changed.add(shown)
    assert changed == expected


def test_captions_are_realness_and_error(networks):
    network = networks[0]
    recalled = strips.strip(network, CHOICES, "recalled")
    images = network.generate(dreams.recall(network, CHOICES).current)
    d = network.realness(images)
    assert recalled.levels == pytest.approx(d.tolist())
    assert recalled.captions == tuple(f"d {value:.2f}" for value in d)
    wake_only = strips.strip(networks[1], CHOICES, "recalled")  # nothing ever taught its d
    assert (set(wake_only.captions), list(wake_only.levels)) == ({""}, [])
    error = dreams.perturb(network, dreams.recall(network, CHOICES), CHOICES).error
    captions = strips.strip(network, CHOICES, "nrem").captions
    assert captions[1::2] == tuple(f"ℓ {e:.2f}" for e in error[:4])


def test_a_difference_is_amplified_and_its_mean_is_not(networks):
    one, other = (strips.strip(network, CHOICES, "recalled") for network in networks)
    itself = strips.difference(one, one, 16)
    assert not itself.picture.any()
    assert set(itself.captions) == {"Δ 0.0 %"}
    plain, amplified = (strips.difference(one, other, k) for k in (1, 3))
    apart = np.abs(one.picture.astype(int) - other.picture)
    assert np.array_equal(plain.picture, apart)
    assert np.array_equal(amplified.picture, (3 * apart).clip(max=255))
    assert plain.captions == amplified.captions
    assert plain.captions[2] == f"Δ {100 * apart[:, 64:96].mean() / 255:.1f} %"


def test_networks_with_other_memories_are_noticed(networks):
    one, other = networks
    assert strips.same_images(one, other, CHOICES)
    test = other.memories["test"]
    turned = Memories(test.latents, test.labels, test.indices.flip(0))
    shifted = replace(other, memories=other.memories | {"test": turned})
    assert not strips.same_images(one, shifted, CHOICES)
    elsewhere = replace(other, header=replace(other.header, dataset={"name": "other"}))
    assert not strips.same_images(one, elsewhere, CHOICES)


def test_columns_are_the_places_of_the_memories_shown(networks):
    network = networks[0]
    shown = strips.columns(network, CHOICES)
    stored = network.memories["test"]
    current = dreams.recall(network, CHOICES).current
    for index, label, latent in zip(shown.indices, shown.labels, current, strict=False):
        place = (stored.indices == index).nonzero().item()
        assert torch.equal(stored.latents[place], latent)
        assert stored.labels[place] == label


def test_what_is_lacking_comes_with_the_command_that_trains_it(networks):
    assert strips.lacking(networks) == ["wo_memory_mix", "wo_rem", "wo_nrem"]
    header = replace(networks[0].header, dataset={"name": "x", "spec": "folder:my data"}, epoch=7)
    assert strips.training_command(header, "wo_rem") == (
        "python -m pad_core train --dataset 'folder:my data' --condition wo_rem --epochs 7 --seed 0"
    )
