"""Units of z: what drives each one, how selective it is, and what becomes of a dream without it.

The paper looks at z as a whole; to look at single units as physiologists do is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from pad_core.dreaming.goals import Seen
from pad_core.dreaming.reader import Reader

DRIVEN_SD = (-4.0, -2.0, 0.0, 2.0, 4.0)  # off the memories' mean; 0 silences the unit


@dataclass(frozen=True)
class Unit:
    """One of the Z numbers of a latent, over M memories.

    activity: (M,); mean, sd: of it; explained: share of its variance that lies between classes,
    0 to 1 (η² of a one-way analysis of variance); preferred: the class with the highest mean;
    d_prime: that class's mean against all others', in pooled standard deviations; order: places
    of the memories, the strongest first, (M,).
    """

    index: int
    activity: torch.Tensor
    mean: float
    sd: float
    explained: float
    preferred: int
    d_prime: float
    order: torch.Tensor


def unit(reader: Reader, index: int) -> Unit:
    """What a unit, 0 to Z − 1, does over the stored memories."""
    activity, labels = reader.memories[:, index], reader.labels
    means = class_means(activity[:, None], labels, len(reader.network.class_names))[:, 0]
    preferred = int(means.nan_to_num(-torch.inf).argmax())
    mine, others = activity[labels == preferred], activity[labels != preferred]
    spread = ((mine.var(unbiased=False) + others.var(unbiased=False)) / 2).sqrt()
    d_prime = float((mine.mean() - others.mean()) / spread) if len(others) and spread > 0 else 0.0
    return Unit(
        index,
        activity,
        float(activity.mean()),
        float(activity.std()),
        float(explained(reader.memories[:, index : index + 1], labels)[0]),
        preferred,
        d_prime,
        activity.argsort(descending=True, stable=True),
    )


def class_means(latents: torch.Tensor, labels: torch.Tensor, n_classes: int) -> torch.Tensor:
    """Mean latents of each class, (K, Z); NaN for a class without any."""
    sums = torch.zeros((n_classes, latents.shape[1])).index_add_(0, labels, latents)
    return sums / torch.bincount(labels, minlength=n_classes)[:, None]


def explained(latents: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Of each unit, the share of variance that lies between classes: (M, Z) → (Z,), 0 to 1.

    Where classes mean nothing it is about (K − 1)/(M − 1).
    """
    n_classes = int(labels.max()) + 1
    means = class_means(latents, labels, n_classes).nan_to_num(0.0)
    between = (means[labels] - latents.mean(dim=0)).square().mean(dim=0)
    return between / latents.var(dim=0, unbiased=False).clamp_min(1e-12)


@torch.inference_mode()
def intervene(
    reader: Reader, latents: torch.Tensor, index: int, driven: Sequence[float] = DRIVEN_SD
) -> list[Seen]:
    """Dreams G(z) with one unit held at other values, and what the network sees in them.

    Args:
        latents: of dreams, (B, Z).
        driven: values, in standard deviations of the memories off their mean.

    Returns:
        B dreams of each value.
    """
    activity = reader.memories[:, index]
    mean, sd = activity.mean(), activity.std()
    seen = []
    for value in driven:
        held = latents.clone()
        held[:, index] = mean + value * sd
        seen.append(see(reader, held))
    return seen


@torch.inference_mode()
def see(reader: Reader, latents: torch.Tensor) -> Seen:
    """Dreams G(z) of latents (B, Z), and what the network sees in them."""
    encoder, dreamer = reader.network.networks
    images = dreamer(latents)
    return Seen(images, *encoder(images))
