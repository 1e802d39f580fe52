import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pad_core.data.images import to_unit
from pad_core.errors import PadError
from pad_core.evaluation.fine_tuning import fine_tune
from pad_core.model.networks import build_networks
from pad_core.system.randomness import generator


def plainly(encoder, train, test, epochs, seed):
    """The same with PyTorch's own layers, loss and optimiser."""
    layers = []
    for source, padding in (
        (encoder.conv1, 1), (encoder.conv2, 1), (encoder.conv3, 1), (encoder.conv4, 0)
    ):  # fmt: skip
        layer = nn.Conv2d(source.in_channels, source.out_channels, 4, 2, padding)
        layer.load_state_dict(source.state_dict())
        layers += [layer, nn.LeakyReLU(0.2)]
    head = nn.Linear(256, 10)
    head.weight.data.zero_()
    head.bias.data.zero_()
    network = nn.Sequential(*layers[:-1], nn.Flatten(), head)
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-4)
    random = generator(seed, "fine-tuning")
    accuracies = []
    for _ in range(epochs):
        for batch in torch.randperm(len(train), generator=random).split(64):
            optimiser.zero_grad()
            F.cross_entropy(network(to_unit(train.images[batch])), train.labels[batch]).backward()
            optimiser.step()
        right = network(to_unit(test.images)).argmax(1) == test.labels
        accuracies.append(100 * right.double().mean().item())
    return accuracies


def test_accuracies_are_those_of_a_plain_loop(small):
    encoder = build_networks(4).encoder
    train, test = small.train, small.test
    data = (train.images, train.labels, test.images, test.labels, 10)
    found = fine_tune(encoder, *data, epochs=3, seed=1)
    assert found == pytest.approx(plainly(encoder, train, test, 3, 1), abs=2.0)
    assert found[-1] > 20  # chance is 10


def test_the_encoder_itself_stays_as_it_is_and_seeds_give_the_same(small):
    encoder = build_networks(4).encoder
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    train, test = small.train.first(128), small.test.first(50)
    data = (train.images, train.labels, test.images, test.labels, 10)
    shares = []
    one = fine_tune(encoder, *data, epochs=1, on_step=shares.append)
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    assert one == fine_tune(encoder, *data, epochs=1)
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1


def test_fewer_images_than_a_batch_are_one(small):
    train, test = small.train.first(20), small.test.first(10)
    found = fine_tune(
        build_networks(0).encoder, to_unit(train.images), train.labels, test.images, test.labels,
        10, epochs=2,
    )  # fmt: skip
    assert len(found) == 2
    with pytest.raises(PadError, match="1 epoch or more"):
        fine_tune(build_networks(0).encoder, train.images, train.labels, test.images,
                  test.labels, 10, epochs=0)  # fmt: skip
