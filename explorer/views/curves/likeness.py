"""How alike networks see the same images: each looks at them once, then all are compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from pad_core.checkpoint.file import PadNetwork
from pad_core.data.load import DataSet
from pad_core.evaluation.compare import activity
from pad_core.evaluation.paper_measures import evaluated_images
from pad_core.evaluation.similarity import Similarities, geometry_of, pairwise

N_IMAGES = 500
_SEED = 0


@dataclass(frozen=True)
class Likeness:
    """What is known so far: networks that have seen all images; both matrices in the end."""

    n_images: int
    seen: int
    matrices: Similarities | None = None


@torch.inference_mode()
def shown_images(network: PadNetwork, dataset: DataSet | None) -> torch.Tensor:
    """The images that all networks see: (N ≤ 500, 3, 32, 32), uint8, or float in [−1, 1].

    Test images of the network's data set; without it, what it recalls of its stored test memories.
    """
    if dataset is not None:
        return dataset.test.images[evaluated_images(len(dataset.test), N_IMAGES, _SEED)]
    latents = network.memories["test"].latents
    places = evaluated_images(len(latents), N_IMAGES, _SEED)
    return network.networks.generator(latents[places])


def likeness(
    networks: Sequence[PadNetwork], first: PadNetwork, dataset: DataSet | None, layer: str
) -> Iterator[Likeness]:
    """Compare networks on the images of ``shown_images``, in steps of one network.

    Raises:
        PadError: fewer than three images.
    """
    images, geometries = shown_images(first, dataset), []
    for network in networks:
        geometries.append(geometry_of(activity(network, images, layer)))
        yield Likeness(len(images), len(geometries))
    yield Likeness(len(images), len(geometries), pairwise(geometries))
