"""How similar a network's activity is in Wake, NREM and REM, layer by layer.

The paper predicts that learning makes activity in sleep more like that in wakefulness, in NREM
more than in REM, whose dreams mix memories (Discussion, 'Signatures of generative learning').
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional as F

from pad_core.data.images import as_unit
from pad_core.evaluation.similarity import gram, gram_alignment
from pad_core.model.condition import Mixture
from pad_core.model.hippocampus import draw_components, mix
from pad_core.model.networks import SLOPE, Encoder, Networks
from pad_core.model.occlusion import MAX_SIZE_PX, MIN_SIZE_PX, draw_uniforms, masks
from pad_core.system.randomness import generator

LAYERS = ("conv1", "conv2", "conv3", "z")
PAIRS = (("wake", "nrem"), ("wake", "rem"), ("nrem", "rem"))
_BATCH_SIZE = 250


@torch.inference_mode()
def activities(encoder: Encoder, images: torch.Tensor) -> dict[str, torch.Tensor]:
    """Activity of each of the encoder's layers: images (B, 3, 32, 32) in [−1, 1] → (B, units)."""
    found = {}
    features = images
    for name in LAYERS[:-1]:
        features = F.leaky_relu(getattr(encoder, name)(features), SLOPE)
        found[name] = features.flatten(1)
    return found | {"z": encoder.conv4(features).flatten(1)}


@torch.inference_mode()
def state_images(
    networks: Networks, images: torch.Tensor, mixture: Mixture, seed: int = 0
) -> dict[str, torch.Tensor]:
    """What the encoder sees in each state, (N, 3, 32, 32) in [−1, 1]; row i comes from memory i.

    Wake: the images. NREM: the dream of each image's latent under its own mask, with intensity
    ~ U(0, 1) and size ~ U{1, …, 8} as in training (§4.3.2). REM: the dream of each image's latent
    mixed with another latent and noise.

    Args:
        images: (N, 3, 32, 32) in [−1, 1].
    """
    n, device = len(images), images.device
    random = generator(seed, "states")
    latents = networks.encoder.latents(images)
    intensity = torch.rand((n,), generator=random).to(device)
    size = torch.randint(MIN_SIZE_PX, MAX_SIZE_PX + 1, (n,), generator=random).to(device)
    mask = masks(draw_uniforms(n, random).to(device), intensity, size)
    noise = torch.randn(latents.shape, generator=random).to(device)
    uniforms = draw_components(latents, mixture, random)
    previous = latents.roll(1, dims=0)
    return {
        "wake": images,
        "nrem": networks.generator(latents) * mask,
        "rem": networks.generator(mix(latents, previous, noise, mixture, uniforms)),
    }


def pattern_correlation(one: torch.Tensor, other: torch.Tensor, mean: torch.Tensor) -> float:
    """Pearson's correlation between an image's patterns in two states, averaged over images.

    Args:
        one, other: activity (N, units); row i of both comes from memory i.
        mean: (units,), subtracted from both: what all images have in common would make any two
            patterns alike. Rows without variance are left out; NaN if all are.
    """
    a, b = one - mean, other - mean
    a, b = a - a.mean(dim=1, keepdim=True), b - b.mean(dim=1, keepdim=True)
    lengths = a.norm(dim=1) * b.norm(dim=1)
    correlations = ((a * b).sum(dim=1) / lengths)[lengths > 0]
    return float(correlations.double().mean()) if len(correlations) else math.nan


@torch.inference_mode()
def state_similarity(
    networks: Networks, images: torch.Tensor, mixture: Mixture, seed: int = 0
) -> dict[str, dict[str, dict[str, Any]]]:
    """Similarity of the encoder's activity between Wake, NREM and REM, for each layer.

    The generator is left out: in NREM it computes the same as in Wake.

    Args:
        images: (N, 3, 32, 32), uint8 or float in [−1, 1], N ≥ 3.
        mixture: λ, λ′ and σ of REM's dreams.

    Raises:
        PadError: fewer images.

    Returns:
        'correlation' (``pattern_correlation``, less Wake's mean activity) and 'cka' (linear
        CKA), each layer → 'wake-nrem', 'wake-rem', 'nrem-rem' → from −1 or 0 to 1.
    """
    device = networks.encoder.conv1.weight.device
    seen = state_images(networks, as_unit(images.to(device)), mixture, seed)
    found: dict[str, dict[str, dict[str, Any]]] = {"correlation": {}, "cka": {}}
    parts: dict[str, list[dict[str, torch.Tensor]]] = {
        state: [activities(networks.encoder, batch) for batch in pictures.split(_BATCH_SIZE)]
        for state, pictures in seen.items()
    }
    for layer in LAYERS:
        activity = {state: torch.cat([p.pop(layer) for p in some]) for state, some in parts.items()}
        mean = activity["wake"].mean(dim=0)
        pairs = [(f"{a}-{b}", activity[a], activity[b]) for a, b in PAIRS]
        found["correlation"][layer] = {
            name: pattern_correlation(one, other, mean) for name, one, other in pairs
        }
        grams = {state: gram(seen) for state, seen in activity.items()}
        found["cka"][layer] = {f"{a}-{b}": gram_alignment(grams[a], grams[b]) for a, b in PAIRS}
    return found
