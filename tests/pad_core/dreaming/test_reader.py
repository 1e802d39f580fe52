"""What a network makes of pictures: realness, class scores, distance to the nearest memory."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from pad_core.checkpoint.file import Memories
from pad_core.dreaming.reader import Reader, Readings
from pad_core.errors import PadError
from pad_core.model.dreams import rem_dreams


@pytest.fixture(scope="module")
def reader(network):
    return Reader.fit(network)


@pytest.fixture(scope="module")
def dreams(network):
    return network.generate(network.memories["test"].latents[:32])


def test_class_scores_are_those_of_a_logistic_regression_on_the_stored_memories(
    network, reader, dreams
):
    train = network.memories["train"]
    reference = LogisticRegression(max_iter=2000).fit(train.latents, train.labels)

    def objective(weight, bias):
        loss = torch.nn.functional.cross_entropy(train.latents @ weight.T + bias, train.labels)
        return float(loss + weight.square().sum() / (2 * len(train)))

    least = objective(*(torch.tensor(v).float() for v in (reference.coef_, reference.intercept_)))
    # It stops near the minimum, 0.1; where it starts, the loss is ln 10 = 2.3.
    assert objective(reader.probe.weight, reader.probe.bias) == pytest.approx(least, abs=0.03)
    readings = reader.read(dreams)
    expected = reader.probe.probabilities(network.encode(dreams)).numpy()
    assert readings.probabilities == pytest.approx(expected, abs=1e-4)
    places, shares = expected.argmax(axis=1), expected.max(axis=1)
    for (name, share), place, most in zip(
        readings.top(network.class_names), places, shares, strict=True
    ):
        assert (name, share) == (network.class_names[place], pytest.approx(most, abs=1e-4))


def test_accuracy_is_that_on_the_stored_test_memories(network, reader):
    test = network.memories["test"]
    right = (reader.probe.predict(test.latents) == test.labels).double().mean()
    assert reader.accuracy == pytest.approx(100 * float(right))


def test_realness_is_that_of_the_network(network, reader, dreams):
    assert reader.read(dreams).realness == pytest.approx(network.realness(dreams).numpy(), abs=1e-6)


def test_a_dream_is_read_as_its_picture_is(network, reader):
    memories = network.memories["test"].latents
    trained = network.condition.rem_mixture
    dreamt = rem_dreams(network.networks, memories[:8], memories[8:16], trained, seed=0)
    expected = reader.read(dreamt.dreams)
    readings = reader.interpret(dreamt.encoded, dreamt.realness.numpy())
    assert readings.realness == pytest.approx(expected.realness, abs=1e-6)
    assert np.allclose(readings.probabilities, expected.probabilities, atol=1e-5)
    assert np.allclose(readings.distance, expected.distance, atol=1e-4)


def test_distance_is_to_the_nearest_of_all_memories_in_units_of_their_spacing(
    network, reader, dreams
):
    memories = torch.cat([network.memories[split].latents for split in ("train", "test")]).numpy()
    gaps = [
        np.sort(np.linalg.norm(memories - memory, axis=1))[1]
        for memory in memories[:: len(memories) // 300]
    ]
    assert reader.spacing == pytest.approx(np.median(gaps), rel=0.1)
    readings = reader.read(dreams)
    for latent, distance, nearest in zip(
        network.encode(dreams).numpy(), readings.distance, readings.nearest, strict=True
    ):
        apart = np.linalg.norm(memories - latent, axis=1)
        assert apart.argmin() == nearest
        assert apart.min() / reader.spacing == pytest.approx(distance, abs=1e-2)


def test_entropy_is_in_bits():
    even, sure = np.full(8, 1 / 8), np.eye(8)[0]
    readings = Readings(np.zeros(2), np.stack([even, sure]), np.zeros(2), np.zeros(2, int))
    assert readings.entropy == pytest.approx([3, 0], abs=1e-6)


def test_without_training_memories_there_is_nothing_to_read_with(network):
    none = Memories(torch.empty(0, 256), torch.empty(0).long(), torch.empty(0).long())
    with pytest.raises(PadError):
        Reader.fit(replace(network, memories={"train": none, "test": network.memories["test"]}))


def test_a_single_memory_and_no_test_memories_suffice(network, dreams):
    m = network.memories["train"]
    one = Memories(m.latents[:1], m.labels[:1], m.indices[:1])
    none = Memories(m.latents[:0], m.labels[:0], m.indices[:0])
    reader = Reader.fit(replace(network, memories={"train": one, "test": none}))
    assert np.isnan(reader.accuracy)
    assert np.isfinite(reader.read(dreams).distance).all()
