from dataclasses import replace

import pytest
import torch

from pad_core.dreaming.development import INTENSITY, likeness, newborn, stage, stages
from pad_core.errors import PadError
from pad_core.evaluation.state_similarity import state_similarity
from pad_core.model.condition import CONDITIONS, PAD
from pad_core.model.dreams import nrem_dreams, rem_dreams
from pad_core.model.networks import build_networks


def header(network, **changes):
    return replace(network.header, **changes)


def test_stages_are_of_one_training_by_epoch(network):
    recipe = {"dataset": "small", "epochs": 20, "learning_rate": 2e-4}
    longer = recipe | {"epochs": 50, "adam_coasts": False, "device": "cuda"}
    first = header(network, recipe=recipe, epoch=1)
    headers = {
        "later": header(network, recipe=longer, epoch=50),
        "first": first,
        "twin": first,
        "other seed": header(network, recipe=recipe, epoch=2, seed=9),
        "other condition": header(network, recipe=recipe, epoch=6, condition=CONDITIONS["wo_nrem"]),
        "coasting": header(network, recipe=recipe | {"adam_coasts": True}, epoch=3),
        "other rate": header(network, recipe=recipe | {"learning_rate": 1e-3}, epoch=4),
    }
    assert stages(headers, "later") == {1: "first", 50: "later"}
    assert stages(headers, "twin") == {1: "twin", 50: "later"}


def test_the_newborn_is_what_the_seed_makes(network):
    trained = replace(network, header=header(network, recipe={"epochs": 3}))
    found, expected = newborn(trained), build_networks(network.header.seed)
    for one, other in zip(found, expected, strict=True):
        for a, b in zip(one.parameters(), other.parameters(), strict=True):
            assert torch.equal(a, b)
    with pytest.raises(PadError, match="does not say from which seed"):
        newborn(network)


def test_a_stage_has_the_dreams_of_its_memories(network):
    z = network.memories["test"].latents
    found = stage(network.networks, 7, z[:4], z[4:8], PAD.rem_mixture, seed=2)
    nrem = nrem_dreams(network.networks, z[:4], INTENSITY, 4, 2)
    rem = rem_dreams(network.networks, z[:4], z[4:8], PAD.rem_mixture, 2)
    assert found.epoch == 7
    assert torch.equal(found.recalled, nrem.dreams)
    assert torch.equal(found.perturbed, nrem.occluded)
    assert torch.equal(found.dreamed, rem.dreams)
    assert torch.equal(found.realness, rem.realness)


def test_likeness_is_the_correlation_of_the_evaluation(network, small):
    images = small.test.images[:20]
    found = likeness(network.networks, images, PAD.rem_mixture, seed=1)
    whole = state_similarity(network.networks, images, PAD.rem_mixture, seed=1)
    assert set(found) == set(whole["correlation"])
    for layer, pairs in found.items():
        assert pairs == pytest.approx(whole["correlation"][layer], abs=1e-5)
