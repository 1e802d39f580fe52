import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from pad_core.evaluation.few_labels import draw_per_class, few_label_accuracy
from pad_core.system.randomness import generator


@pytest.fixture
def latents(random):
    labels = torch.randint(3, (900,), generator=random)
    values = torch.randn(900, 8, generator=random) + 0.9 * torch.eye(8)[labels]
    return values[:600], labels[:600], values[600:], labels[600:]


def test_accuracies_over_draws_are_those_of_scikit_learns_regression(latents):
    train, y, test, truth = latents
    found = few_label_accuracy(train, y, test, truth, 3, per_class=10, draws=4, seed=5)
    random = generator(5, "few labels", 10)
    expected = []
    for _ in range(4):
        chosen = draw_per_class(y, 10, random)
        judge = LogisticRegression(max_iter=2_000).fit(train[chosen], y[chosen])
        expected.append(100 * judge.score(test, truth))
    assert found.mean == pytest.approx(np.mean(expected), abs=0.5)
    assert found.sd == pytest.approx(np.std(expected, ddof=1), abs=0.5)
    assert found.sd > 0


def test_more_labels_give_a_better_probe(latents):
    curve = [few_label_accuracy(*latents, 3, n, draws=5).mean for n in (1, 10, 100)]
    assert curve == sorted(curve)
    assert curve[2] > curve[0] + 5


def test_each_class_has_as_many_and_draws_differ(latents, random):
    labels = latents[1]
    one, other = (draw_per_class(labels, 7, random) for _ in range(2))
    for drawn in (one, other):
        assert labels[drawn].bincount().tolist() == [7, 7, 7]
        assert len(drawn.unique()) == 21
    assert set(one.tolist()) != set(other.tolist())


def test_where_a_class_has_too_few_there_is_no_number(latents):
    train, y, test, truth = latents
    assert few_label_accuracy(train, y, test, truth, 3, 500, 2) is None
    assert few_label_accuracy(train, y, test, truth, 4, 1, 2) is None  # a class without any
    assert few_label_accuracy(train, y, test, truth, 3, 1, 1).sd is None
