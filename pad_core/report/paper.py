"""The paper's published values: linear separability, epochs, data sets."""

from __future__ import annotations

# Appendix 1-Table 1: linear separability in percent, mean and SEM over 4 seeds, epoch 50.
PAPER_SEPARABILITY: dict[str, dict[str, tuple[float, float]]] = {
    "CIFAR-10": {
        "pad": (58.25, 0.70), "wo_memory_mix": (53.87, 0.85), "wo_rem": (46.00, 0.43),
        "wo_nrem": (58.00, 0.34), "wake_only": (42.25, 0.54),
    },
    "SVHN": {
        "pad": (78.92, 0.40), "wo_memory_mix": (60.87, 5.07), "wo_rem": (42.30, 1.51),
        "wo_nrem": (73.25, 0.22), "wake_only": (41.93, 0.65),
    },
}  # fmt: skip
PAPER_EPOCHS = 50
PAPER_IMAGES = {"CIFAR-10": 50_000, "SVHN": 73_257}  # training images


def paper_name(dataset: str) -> str | None:
    """The paper's data set that ours corresponds to; None if it has no such set."""
    plain = dataset.lower().replace("-", "")
    names = {"cifar100": None, "cifar10": "CIFAR-10", "svhn": "SVHN"}  # longest first
    return next((name for start, name in names.items() if start in plain), None)
