"""Groups of classes that belong together, where a data set has them."""

from __future__ import annotations

from collections.abc import Sequence

_GROUPS = (
    {
        "animals": ("bird", "cat", "deer", "dog", "frog", "horse"),
        "vehicles": ("airplane", "automobile", "ship", "truck"),
    },
    {
        "clothes": ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Shirt"),
        "shoes": ("Sandal", "Sneaker", "Ankle boot"),
        "bags": ("Bag",),
    },
)


def groups_of(class_names: Sequence[str]) -> list[tuple[str, list[int]]]:
    """Each group's name and labels; one without a name of all labels where there are none."""
    for groups in _GROUPS:
        if {name for names in groups.values() for name in names} == set(class_names):
            return [
                (group, [class_names.index(name) for name in names])
                for group, names in groups.items()
            ]
    return [("", list(range(len(class_names))))]
