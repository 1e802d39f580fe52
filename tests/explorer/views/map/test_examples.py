"""Points that are worth a look."""

from dataclasses import replace

import numpy as np
import torch

from explorer.views.map.examples import examples
from pad_core.evaluation.linear_probe import LinearProbe

NAMES = ("cat", "dog")
# Scores of two classes are the first two numbers of a latent.
PROBE = LinearProbe(torch.eye(2, 256), torch.zeros(2))


def cloud_of(cloud, scores, labels):
    few = cloud.at(np.arange(len(labels)))
    latents = torch.zeros(len(labels), 256)
    latents[:, :2] = torch.tensor(scores)
    return replace(few, latents=latents, labels=np.array(labels))


def test_a_typical_one_the_surest_mistake_and_the_closest_call(cloud):
    scores = [[5.0, 0], [4.0, 0], [0, 9.0], [1.0, 0.9], [0, 3.0], [0, 5.0]]
    few = cloud_of(cloud, scores, [0, 0, 0, 0, 1, 0])
    found = examples(few, PROBE, NAMES)
    assert [one.text for one in found] == ["typical cat", "cat, read as dog", "between cat and dog"]
    assert [one.place for one in found][1:] == [2, 3]
    cats = np.array([scores[i] for i in (0, 1, 2, 3, 5)])
    nearest = np.square(cats - cats.mean(axis=0)).sum(axis=1).argmin()
    assert found[0].place == [0, 1, 2, 3, 5][nearest]


def test_a_probe_without_mistakes_gives_two_and_one_class_one(cloud):
    few = cloud_of(cloud, [[5.0, 0], [0, 1.0]], [0, 1])
    assert [one.text for one in examples(few, PROBE, NAMES)] == [
        "typical cat",
        "between dog and cat",
    ]
    alone = cloud_of(cloud, [[5.0, 0], [0, 1.0]], [0, 0])
    assert [one.text for one in examples(alone, PROBE, ("cat",))] == ["typical cat"]


def test_where_all_is_mistaken_nothing_lies_between(cloud):
    few = cloud_of(cloud, [[0, 5.0], [1.0, 0]], [0, 1])
    assert [one.text for one in examples(few, PROBE, NAMES)] == ["typical cat", "cat, read as dog"]
