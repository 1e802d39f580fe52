"""The encoder's trunk beside its latents: features (256, 4, 4) after the third convolution.

Other papers often probe such features (the paper's Discussion); one more convolution makes z of
them.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from pad_core.data.images import as_unit
from pad_core.errors import PadError
from pad_core.evaluation.linear_probe import fit_converged
from pad_core.model.networks import LATENT_SIZE, Encoder

POOLED_SIZE, TRUNK_SIZE = 256, 4096
_BATCH_SIZE = {"cuda": 512}  # of encode_all, and 128 elsewhere


class Encoded(NamedTuple):
    """Latents of N images, (N, 256); features averaged over the 4 × 4 places, (N, 256); and all
    features of M of these images, (M, 4096), with their places in order, (M,)."""

    latents: torch.Tensor
    pooled: torch.Tensor
    features: torch.Tensor
    places: torch.Tensor


@torch.inference_mode()
def encode_with_trunk(encoder: Encoder, images: torch.Tensor, places: torch.Tensor) -> Encoded:
    """Latents and trunk features in one pass; the latents are those of ``encode_all``.

    Args:
        images: (N, 3, 32, 32), uint8 or float in [−1, 1].
        places: (M,), ascending, of the images whose features are wanted in full: 16 kB each.
    """
    device = encoder.conv1.weight.device
    n, size = len(images), _BATCH_SIZE.get(device.type, 128)
    latents = torch.empty((n, LATENT_SIZE), device=device)
    pooled = torch.empty((n, POOLED_SIZE), device=device)
    features = torch.empty((len(places), TRUNK_SIZE), device=device)
    places = places.to(device)
    firsts = range(0, n, size)
    # Where each batch's share of the places begins; one question to the device.
    bounds = torch.tensor([*firsts, n], device=device)
    edges = torch.searchsorted(places, bounds).tolist()
    for i, first in enumerate(firsts):
        batch = images[first : first + size].to(device)
        seen = encoder.trunk(as_unit(batch))
        latents[first : first + size] = encoder.conv4(seen).flatten(1)
        pooled[first : first + size] = seen.mean(dim=(2, 3))
        begin, end = edges[i], edges[i + 1]
        if end > begin:
            features[begin:end] = seen[places[begin:end] - first].flatten(1)
    return Encoded(latents, pooled, features, places)


def wide_accuracy(
    train: torch.Tensor,
    train_labels: torch.Tensor,
    test: torch.Tensor,
    test_labels: torch.Tensor,
    n_classes: int,
    tolerance: float = 1e-3,
) -> float:
    """Accuracy in percent of the converged probe of features (N, F) with many F.

    The penalty counts only directions in which training features differ. If these are fewer than
    F, the features are rotated into them first: the same probe, found faster.

    Args:
        tolerance: that of ``fit_converged``.

    Raises:
        PadError: features that are not finite.
    """
    if len(train) < train.shape[1]:
        mean = train.mean(dim=0)
        try:
            basis = torch.linalg.qr((train - mean).T).Q  # (F, N)
        except RuntimeError:
            raise PadError("Some features are not finite; the network has diverged.") from None
        train, test = (train - mean) @ basis, (test - mean) @ basis
    return fit_converged(train, train_labels, n_classes, tolerance).accuracy(test, test_labels)
