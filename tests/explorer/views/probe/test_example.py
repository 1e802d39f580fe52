"""One picture through several networks: the right one, disturbed as said, read out as measured."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from explorer.dreaming import dreams
from explorer.session.choices import Dream
from explorer.views.probe.accuracy import Disturbance, Subject
from explorer.views.probe.example import Example, answer, choose_example, see
from explorer.views.probe.live_probe import LiveProbe
from pad_core.checkpoint.file import Memories
from pad_core.data.identity import Data
from pad_core.data.images import picture_grid
from pad_core.errors import PadError
from pad_core.evaluation.linear_probe import LinearProbe
from tests.helpers import until

GREY, CLEAN = Disturbance(30, 4, 0.0, 3), Disturbance(0, 4, 0.0, 0)


def columns(sight):
    return np.split(sight.picture, 3, axis=1)


@pytest.mark.parametrize("choices", [Dream(seed=3), Dream(seed=3, first=11)])
def test_without_images_it_is_the_dream_pages_memory_a_and_its_nrem_dream(network, choices):
    recalled = dreams.recall(network, choices)
    dream = dreams.perturb(network, recalled, replace(choices, intensity=0.3, size_px=4))
    shown = choose_example(network, choices, {})
    assert shown.label == recalled.classes[0]
    assert shown.index == int(network.memories["test"].indices[recalled.places[0]])
    sight = see(Subject(network, None), shown, GREY)
    expected = [recalled.picture[:, :32], dream.picture[:32, :32], dream.picture[32:, :32]]
    for seen, known in zip(columns(sight), expected, strict=True):
        assert np.abs(seen.astype(int) - known.astype(int)).max() <= 1  # of batches of other sizes
    assert sight.recalled


def test_training_memories_choose_no_test_picture(network):
    by_seed = choose_example(network, Dream(seed=3), {})
    train = choose_example(network, Dream(seed=3, split="train", first=11), {})
    assert (train.index, train.label) == (by_seed.index, by_seed.label)
    with pytest.raises(PadError, match="no memory 100 among 100 test"):
        choose_example(network, Dream(first=100), {})


def test_with_images_the_picture_is_the_real_one(network, small):
    shown = choose_example(network, Dream(seed=3), {})
    real = picture_grid(small.test.images[[shown.index]], 1)
    assert shown.label == small.class_names[small.test.labels[shown.index]]
    subject = Subject(network, small)
    picture, disturbed, rebuilt = columns(see(subject, shown, CLEAN))
    assert np.array_equal(picture, real)
    assert np.array_equal(disturbed, real)
    latent = network.encode(small.test.images[[shown.index]])
    known = picture_grid(network.generate(latent), 1)
    assert np.abs(rebuilt.astype(int) - known.astype(int)).max() <= 1
    picture, noisy, _ = columns(see(subject, shown, CLEAN._replace(noise=0.4, seed=1)))
    assert np.array_equal(picture, real)
    assert not np.array_equal(noisy, real)
    assert not see(subject, shown, GREY).recalled


def test_more_occlusion_keeps_what_is_grey(network, small):
    subject = Subject(network, small)
    covered = torch.zeros(32, 32, dtype=torch.bool)
    picture = torch.zeros(3, 32, 32, dtype=torch.uint8)
    for percent in (10, 40, 70, 100):
        sight = see(subject, Example(own=picture), GREY._replace(percent=percent))
        grey = torch.from_numpy(columns(sight)[1][..., 0] > 100)
        assert bool((grey | ~covered).all())
        assert abs(grey.double().mean() - percent / 100) < 0.2
        covered = grey
    assert bool(covered.all())


def test_ones_own_picture_has_no_right_answer(network, small):
    picture = small.test.images[0]
    shown = choose_example(network, Dream(first=-2), {"first": picture})
    sight = see(Subject(network, None), shown, CLEAN)
    assert np.array_equal(columns(sight)[0], picture_grid(picture[None], 1))
    assert not sight.recalled
    told = answer([probe([5.0, 0.0])], sight.latent, ("a", "b"), shown.label)
    assert told.right is None
    by_seed = choose_example(network, Dream(first=-2), {})
    assert by_seed.own is None


def test_a_network_that_does_not_know_the_picture_says_so(network):
    shown, subject = choose_example(network, Dream(), {}), Subject(network, None)
    with pytest.raises(PadError, match="this one is of svhn"):
        see(subject, Example(Data("svhn", 9, 9), shown.index, shown.label), GREY)
    with pytest.raises(PadError, match="no memory of this image"):
        see(subject, Example(shown.dataset, 10_000, shown.label), GREY)
    none = Memories(torch.empty((0, 256)), torch.empty(0).long(), torch.empty(0).long())
    bare = replace(network, memories=network.memories | {"test": none})
    with pytest.raises(PadError, match="0 stored memories"):
        choose_example(bare, Dream(), {})


def probe(bias):
    return LinearProbe(torch.zeros((len(bias), 256)), torch.tensor(bias))


def test_the_likeliest_classes_are_named_and_the_true_one_always():
    names, latent = ("ant", "bee", "cat", "dog"), torch.zeros((1, 256))
    one = probe([0.2, 0.4, 0.3, 0.1]).bias.log()
    told = answer([LinearProbe(torch.zeros((4, 256)), one)], latent, names, "cat")
    assert [name for name, _ in told.likeliest] == ["bee", "cat", "ant"]
    assert [p for _, p in told.likeliest] == pytest.approx([0.4, 0.3, 0.2])
    assert (told.right, told.asked) == (0, 1)
    told = answer([LinearProbe(torch.zeros((4, 256)), one)], latent, names, "dog")
    assert [name for name, _ in told.likeliest] == ["bee", "cat", "dog"]
    pair = [probe([9.0, 0.0]), probe([0.0, 8.0])]
    told = answer(pair, latent, ("ant", "bee"), "bee")
    assert (told.right, told.asked) == (1, 2)
    assert [p for _, p in told.likeliest] == pytest.approx([0.5, 0.5], abs=1e-3)


@pytest.mark.parametrize(("measure", "n"), [("converged", 1), ("paper", 10)])
def test_the_probes_are_those_that_are_measured(network, measure, n):
    live_probe, subject = LiveProbe(1), Subject(network, None)
    until(lambda: not live_probe.read("me", {"it": subject}, CLEAN, measure)["it"].busy)
    reading = live_probe.read("me", {"it": subject}, CLEAN, measure)["it"]
    assert reading.fitted
    assert len(reading.probes) == n
    test = network.memories["test"]
    each = [one.accuracy(test.latents, test.labels) for one in reading.probes]
    assert each == pytest.approx(list(reading.estimate.by_seed))


def test_probes_of_stored_latents_serve_until_there_are_better(network, small):
    live_probe, seen = LiveProbe(1), []
    while not seen or seen[-1].busy:
        seen.append(live_probe.read("me", {"it": Subject(network, small)}, GREY, "converged")["it"])
        time.sleep(0.002)
    assert all(reading.probes for reading in seen if reading.fitted)
    assert seen[-1].fitted
    assert any(reading.probes and not reading.fitted for reading in seen)
