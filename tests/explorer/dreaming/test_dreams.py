"""What the explorer computes: which choice changes which picture."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from explorer.dreaming import dreams
from explorer.session.choices import PICTURE, Dream
from pad_core.checkpoint import file as checkpoint
from pad_core.data.images import to_uint8
from pad_core.errors import PadError
from pad_core.model.condition import built_in

CHOICES = Dream(seed=5)


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
    assert np.array_equal(shown["rem"].picture[:32], shown["memories"].previous_picture)


def test_without_occlusion_the_whole_memory_is_replayed(network):
    shown = panels(network, replace(CHOICES, intensity=0.0))
    assert np.array_equal(shown["nrem"].picture[:32], shown["memories"].picture)


@pytest.mark.parametrize("condition", ["nrem_translation", "nrem_noise", "nrem_many"])
def test_a_network_s_dreams_are_perturbed_as_it_was_trained(network, condition):
    other = replace(network, header=replace(network.header, condition=built_in(condition)))
    recalled = dreams.recall(other, CHOICES)
    none, some, more = (
        dreams.perturb(other, recalled, replace(CHOICES, intensity=strength)).picture[:32]
        for strength in (0.0, 0.5, 1.0)
    )
    # Nothing is done to them but what a shift by no pixel rounds.
    assert np.abs(none.astype(int) - recalled.picture).max() <= 1
    squares = dreams.perturb(network, recalled, replace(CHOICES, intensity=1.0)).picture[:32]
    assert np.unique(squares) == [128]
    assert len(np.unique(more)) > 50  # no such squares
    changes = [np.abs(one.astype(int) - recalled.picture).mean() for one in (some, more)]
    assert 0 < changes[0] < changes[1]


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


def with_memories(network, n):
    few = {
        split: checkpoint.Memories(m.latents[:n], m.labels[:n], m.indices[:n])
        for split, m in network.memories.items()
    }
    return replace(network, memories=few)


@pytest.mark.parametrize(("n", "columns"), [(15, 7), (2, 1), (16, 8)])
def test_fewer_memories_make_fewer_columns(network, n, columns):
    shown = panels(with_memories(network, n), CHOICES)
    assert len(shown["memories"]) == columns
    assert shown["rem"].picture.shape == (64, 32 * columns, 3)
    assert shown["nrem"].picture.shape == (64, 32 * columns, 3)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_memories_for_a_mixture_are_named(network, n):
    with pytest.raises(PadError, match=f"stores {n} test memories; a dream mixes two"):
        dreams.recall(with_memories(network, n), CHOICES)


def test_a_chosen_memory_is_the_first_and_the_others_stay(network):
    before = dreams.recall(network, CHOICES)
    after = dreams.recall(network, replace(CHOICES, first=17, second=3))
    stored = network.memories["test"]
    assert torch.equal(after.current[0], stored.latents[17])
    assert torch.equal(after.previous[0], stored.latents[3])
    assert after.classes[0] == network.class_names[stored.labels[17]]
    assert (after.places[0], after.previous_places[0]) == (17, 3)
    assert torch.equal(after.current[1:], before.current[1:])
    assert torch.equal(after.previous[1:], before.previous[1:])


def test_a_place_beyond_the_memories_is_refused(network):
    with pytest.raises(PadError, match="no memory 1000 among 1000 test memories"):
        dreams.recall(network, replace(CHOICES, first=1000))


def test_an_uploaded_picture_is_encoded_and_without_it_the_seed_chooses(network, random):
    picture = torch.randint(256, (3, 32, 32), dtype=torch.uint8, generator=random)
    choices = replace(CHOICES, second=PICTURE)
    recalled = dreams.recall(network, choices, {"second": picture})
    torch.testing.assert_close(recalled.previous[0], network.encode(picture[None])[0])
    assert recalled.previous_places[0] == PICTURE
    by_seed = dreams.recall(network, CHOICES)
    assert torch.equal(dreams.recall(network, choices, {}).previous, by_seed.previous)
    assert torch.equal(
        dreams.recall(network, choices, {"first": picture}).previous, by_seed.previous
    )


def test_the_images_seen_are_those_the_memories_come_from(network, small, random):
    images = torch.randint(256, (1000, 3, 32, 32), dtype=torch.uint8, generator=random)
    recalled = dreams.recall(network, CHOICES)
    assert dreams.seen(network, recalled, CHOICES, None) is None
    row = dreams.seen(network, recalled, CHOICES, images)
    for i, place in enumerate(recalled.places):
        image = images[network.memories["test"].indices[place]].permute(1, 2, 0).numpy()
        assert np.array_equal(row[:, 32 * i : 32 * (i + 1)], image)


def test_an_uploaded_picture_is_seen_without_the_data_set(network):
    picture = torch.full((3, 32, 32), 7, dtype=torch.uint8)
    choices = replace(CHOICES, first=PICTURE)
    recalled = dreams.recall(network, choices, {"first": picture})
    row = dreams.seen(network, recalled, choices, None, {"first": picture})
    assert np.unique(row[:, :32]) == [7]
    assert np.unique(row[:, 32:]) == [128]


def test_the_first_night_of_many_is_the_one_night(network):
    recalled = dreams.recall(network, CHOICES)
    one, many = dreams.mix(network, recalled, CHOICES), dreams.mix(network, recalled, CHOICES, 8)
    assert many.picture.shape == (9 * 32, 256, 3)
    assert np.abs(many.picture[:64].astype(int) - one.picture).max() <= 1
    assert len(np.unique(many.picture.reshape(9, -1), axis=0)) == 9


@pytest.mark.parametrize(("column", "row"), [(0, 0), (10, 0), (5, 5), (3, 9), (7, 10)])
def test_a_place_of_the_plane_shows_the_dream_at_its_mixture(network, column, row):
    lam, lam_prime = column / 10, 1 - row / 10
    choices = replace(CHOICES, lam=lam, lam_prime=lam_prime, noise_level=1.5)
    recalled = dreams.recall(network, choices)
    plane = dreams.plane(network, recalled, choices.noise_level, choices.seed)
    cell = plane.picture[32 * row : 32 * (row + 1), 32 * column : 32 * (column + 1)]
    dream = dreams.mix(network, recalled, choices)
    assert np.abs(cell.astype(int) - dream.picture[32:, :32]).max() <= 1
    assert plane.realness[11 * row + column] == pytest.approx(dream.realness[0], abs=1e-5)


def test_pure_noise_and_memories_alone_are_edges_of_the_plane(network):
    recalled = dreams.recall(network, CHOICES)
    picture = dreams.plane(network, recalled, CHOICES.noise_level, CHOICES.seed).picture
    noise = picture[-32:].reshape(32, 11, 32, 3)
    assert np.abs(noise.astype(int) - noise[:, :1]).max() <= 1  # whatever λ
    assert np.abs(picture[:32, -32:].astype(int) - recalled.picture[:, :32]).max() <= 1
    assert np.abs(picture[:32, :32].astype(int) - recalled.previous_picture[:, :32]).max() <= 1
