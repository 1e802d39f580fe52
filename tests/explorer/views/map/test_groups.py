"""Groups of classes."""

import pytest

from explorer.views.map.groups import groups_of
from pad_core.data.builtin import CIFAR10


def test_cifars_classes_are_animals_and_vehicles():
    groups = groups_of(CIFAR10)
    named = {group: [CIFAR10[label] for label in labels] for group, labels in groups}
    assert named["animals"] == ["bird", "cat", "deer", "dog", "frog", "horse"]
    assert named["vehicles"] == ["airplane", "automobile", "ship", "truck"]


@pytest.mark.parametrize("names", [("a", "b", "c"), CIFAR10[:9], (*CIFAR10, "whale")])
def test_other_classes_are_one_group_without_a_name(names):
    assert groups_of(names) == [("", list(range(len(names))))]


def test_each_class_is_in_one_group(network):
    labels = [label for _, labels in groups_of(network.class_names) for label in labels]
    assert sorted(labels) == list(range(10))
    assert len(groups_of(network.class_names)) == 3
