"""Points of the latent map that are worth a look: what to click first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from explorer.views.map.clouds import Cloud
from pad_core.evaluation.linear_probe import LinearProbe


class Example(NamedTuple):
    """A point's place in the cloud, and what it is an example of."""

    place: int
    text: str


def examples(cloud: Cloud, probe: LinearProbe, class_names: Sequence[str]) -> list[Example]:
    """A typical latent, the surest mistake of a probe, and the one it wavers about most.

    A probe without mistakes, or with a single class, gives fewer.
    """
    found = [_typical(cloud, class_names)]
    if len(class_names) < 2:
        return found
    probabilities = probe.probabilities(cloud.latents)
    labels = torch.from_numpy(cloud.labels)
    best, order = probabilities.sort(dim=1, descending=True)
    sure = best[:, 0].masked_fill(order[:, 0] == labels, -1.0)
    if float(sure.max()) > 0:
        place = int(sure.argmax())
        read = class_names[int(order[place, 0])]
        found.append(Example(place, f"{class_names[int(labels[place])]}, read as {read}"))
    # Mistakes are another kind of example.
    apart = (best[:, 0] - best[:, 1]).masked_fill(order[:, 0] != labels, torch.inf)
    if float(apart.min()) < torch.inf:
        place = int(apart.argmin())
        one, other = (class_names[int(label)] for label in order[place, :2])
        found.append(Example(place, f"between {one} and {other}"))
    return found


def _typical(cloud: Cloud, class_names: Sequence[str]) -> Example:
    """Of the first class that is there, the latent nearest to the mean."""
    label = int(cloud.labels.min())
    members = torch.from_numpy(cloud.labels == label).nonzero()[:, 0]
    latents = cloud.latents[members]
    nearest = (latents - latents.mean(dim=0)).square().sum(dim=1).argmin()
    return Example(int(members[nearest]), f"typical {class_names[label]}")
