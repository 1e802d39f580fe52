"""Names of networks and of what they saw, as pages say them."""

from __future__ import annotations

from collections.abc import Mapping

from pad_core.checkpoint.schema import Header
from pad_core.report.palette import style

_SPOKEN = {
    "cifar10": "CIFAR-10",
    "cifar10-jpeg": "CIFAR-10 (jpeg)",
    "fashion-mnist": "Fashion-MNIST",
    "fashion-mini": "Fashion-MNIST, 6,000",
    "mnist": "MNIST",
    "svhn": "SVHN",
    "svhn-small": "SVHN (small)",
}


def spoken(name: str) -> str:
    """The name of a data set, or of a condition, as people say it."""
    return _SPOKEN.get(name, name)


def full_name(header: Header) -> str:
    """One network: its condition, data set and epochs; the sidebar names its seed, too."""
    condition, images = style(header.condition.name).label, spoken(header.dataset_name)
    return f"{condition} · {images} · {in_epochs(header.epoch)}"


def in_epochs(number: int) -> str:
    """'1 epoch', '50 epochs'."""
    return f"{number} epoch{'' if number == 1 else 's'}"


def labels(headers: Mapping[str, Header]) -> dict[str, str]:
    """The shortest names that tell these networks apart."""
    parts = {
        key: (
            style(h.condition.name).label, spoken(h.dataset_name), f"seed {h.seed}",
            f"epoch {h.epoch}", key,
        )
        for key, h in headers.items()
    }  # fmt: skip
    used = [0]
    for place in range(1, 5):
        if len({tuple(part[i] for i in used) for part in parts.values()}) == len(parts):
            break
        if len({part[place] for part in parts.values()}) > 1:
            used.append(place)
    return {key: " · ".join(part[i] for i in used) for key, part in parts.items()}
