"""Units: what drives them, how selective they are, what holding one does."""

import numpy as np
import pytest
import torch
from scipy.stats import f_oneway

from pad_core.dreaming.units import DRIVEN_SD, class_means, explained, intervene, unit


def test_a_unit_is_told_by_its_memories(trained_reader):
    found, memories = unit(trained_reader, 7), trained_reader.memories[:, 7]
    assert torch.equal(found.activity, memories)
    assert torch.equal(memories[found.order], memories.sort(descending=True).values)
    groups = [memories[trained_reader.labels == k].numpy() for k in range(10)]
    means = [group.mean() for group in groups]
    assert found.preferred == int(np.argmax(means))
    rest = np.concatenate([g for k, g in enumerate(groups) if k != found.preferred])
    mine = groups[found.preferred]
    expected = (mine.mean() - rest.mean()) / np.sqrt((mine.var() + rest.var()) / 2)
    assert found.d_prime == pytest.approx(expected, rel=1e-3)
    # η² and F say the same of a one-way analysis of variance.
    f, n = f_oneway(*groups).statistic, len(memories)
    assert found.explained == pytest.approx(f * 9 / (f * 9 + n - 10), rel=1e-3)


def test_selectivity_is_whole_where_classes_say_all_and_little_where_they_say_nothing(random):
    labels = torch.arange(10).repeat(100)
    sure = class_means(labels[:, None].float(), labels, 10)
    assert torch.equal(sure[:, 0], torch.arange(10.0))
    assert float(explained(labels[:, None].float(), labels)) == pytest.approx(1.0)
    noise = torch.randn((1000, 500), generator=random)
    assert float(explained(noise, labels).mean()) == pytest.approx(9 / 999, rel=0.1)


def test_a_held_unit_changes_the_dream_and_follows_the_hand(trained_reader):
    latents = trained_reader.memories[:8]
    seen = intervene(trained_reader, latents, 7)
    assert len(seen) == len(DRIVEN_SD)
    read = torch.stack([one.encoded[:, 7] for one in seen])
    # The network reads little of it in the dream, but in the direction in which it was driven.
    assert float((read[-1] - read[0]).mean()) > 0.5
    kept = latents.clone()
    kept[:, 7] = trained_reader.memories[:, 7].mean()
    assert torch.equal(seen[2].images, trained_reader.network.generate(kept))
