import math

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyClassifier
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.metrics import confusion_matrix as by_scikit_learn

from pad_core.evaluation import classification


@pytest.fixture
def guesses(random):
    weights = torch.tensor([0.6, 0.3, 0.08, 0.02])
    truth = torch.multinomial(weights, 500, replacement=True, generator=random)
    wrong = torch.randint(4, (500,), generator=random)
    return truth, torch.where(torch.rand(500, generator=random) < 0.6, truth, wrong)


def test_confusions_are_scikit_learns(guesses):
    found = classification.confusion_matrix(*guesses, 4)
    np.testing.assert_array_equal(found, by_scikit_learn(*guesses))
    assert classification.confusion_matrix(*guesses, 6).shape == (6, 6)


def test_accuracies_of_classes_are_scikit_learns(guesses):
    confusion = classification.confusion_matrix(*guesses, 4)
    expected = 100 * recall_score(*guesses, average=None)
    assert classification.class_accuracies(confusion) == pytest.approx(list(expected))
    balanced = 100 * balanced_accuracy_score(*guesses)
    assert classification.balanced_accuracy(confusion) == pytest.approx(balanced)
    plain = 100 * float((guesses[0] == guesses[1]).double().mean())
    assert abs(balanced - plain) > 1  # the classes are uneven


def test_a_class_without_images_has_no_accuracy_and_counts_for_nothing(guesses):
    confusion = classification.confusion_matrix(*guesses, 5)
    assert math.isnan(classification.class_accuracies(confusion)[4])
    fewer = classification.confusion_matrix(*guesses, 4)
    assert classification.balanced_accuracy(confusion) == classification.balanced_accuracy(fewer)
    assert math.isnan(classification.balanced_accuracy(torch.zeros(3, 3)))


def test_chance_is_trainings_most_frequent_class(guesses):
    truth, train = guesses[0], torch.tensor([1, 1, 1, 0, 2])
    naive = DummyClassifier(strategy="most_frequent").fit(train, train)
    expected = 100 * naive.score(truth, truth)
    assert classification.majority_accuracy(train, truth) == pytest.approx(expected)
