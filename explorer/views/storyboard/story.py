"""One stimulus through Wake, NREM and REM: its pictures at each step, and the losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from explorer.dreaming.dreams import Recalled, mixture
from explorer.dreaming.memories import memories_of
from explorer.session.choices import Dream
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX, picture_grid, to_unit
from pad_core.model import phases
from pad_core.model.dreams import pick_memories, rem_latents
from pad_core.model.occlusion import draw_uniforms, masks
from pad_core.model.perturbation import Perturb, perturb
from pad_core.system.randomness import generator

BATCH_SIZE = 64  # as in training
_SIDE = 16  # 256 latents as a square
_RANGE = 3.0  # standard deviations of the prior that reach the full colour
_LOW, _HIGH = np.array([58, 76, 192]), np.array([180, 4, 38])  # of numbers below and above 0


@dataclass(frozen=True)
class Story:
    """What happens to memory A, with B, in the course of a night.

    pictures: uint8 (32, 32, 3) by name: 'image' (where it is here), 'recalled', 'mask' (where
    squares alone perturb), 'occluded' (or perturbed otherwise), 'again' (the same dream, perturbed
    once more), 'recovered', 'second', 'dream', and latents, 256 numbers each: 'z', 'z_occluded',
    'z_again', 'z_old', 'noise', 'z_mix'; realness: d of 'image' (or of 'recalled', in its place),
    and of 'dream', empty where d was never trained; losses: unweighted, by their names in
    ``phases``, over a mini-batch of ``batch_size`` memories, A the first; real: whether the
    mini-batch's images are real ones.
    """

    pictures: dict[str, np.ndarray]
    realness: dict[str, float]
    losses: dict[str, float]
    batch_size: int
    real: bool


@torch.inference_mode()
def tell(
    network: PadNetwork,
    recalled: Recalled,
    choices: Dream,
    seen: np.ndarray | None,
    images: torch.Tensor | None,
) -> Story:
    """Live through one cycle, with the phases of training, without learning from it.

    Args:
        seen: the image of A, uint8 (32, 32, 3), where it is here.
        images: of the split, uint8 (M, 3, 32, 32), where they are here; else the network's
            reconstructions take their place.
    """
    z, z_old = recalled.current[:1], recalled.previous[:1]
    noise = _noise(choices.seed, 1)
    z_mix = rem_latents(z, z_old, mixture(network, choices), choices.seed)
    recollection = network.generate(z)
    occluded = _perturbation(network, choices)(recollection)
    again = _views(network, choices)(recollection)
    z_occluded, z_again = network.encode(occluded), network.encode(again)
    dream = network.generate(z_mix)
    shown = {
        "recalled": recollection,
        "occluded": occluded,
        "again": again,
        "recovered": network.generate(z_occluded),
        "second": network.generate(z_old),
        "dream": dream,
    }
    if _squares_alone(network):
        shown["mask"] = _mask(choices).expand(1, 3, SIDE_PX, SIDE_PX) * 2 - 1
    pictures = {name: picture_grid(image, 1) for name, image in shown.items()}
    latents = {"z": z, "z_occluded": z_occluded, "z_again": z_again, "z_old": z_old,
               "noise": noise, "z_mix": z_mix}  # fmt: skip
    pictures |= {name: picture_of_latents(one[0]) for name, one in latents.items()}
    external = recollection
    if seen is not None:
        pictures["image"] = seen
        external = to_unit(torch.from_numpy(seen).permute(2, 0, 1)[None])
    realness = {}
    if network.condition.trains_discriminator:
        realness = {
            "image": float(network.realness(external)),
            "dream": float(network.realness(dream)),
        }
    losses, batch_size = _losses(network, recalled, choices, seen, images)
    return Story(pictures, realness, losses, batch_size, images is not None)


def picture_of_latents(latents: torch.Tensor) -> np.ndarray:
    """256 numbers as a square of 16 × 16, uint8 (32, 32, 3): blue below 0, red above."""
    levels = (latents.reshape(_SIDE, _SIDE).numpy() / _RANGE).clip(-1, 1)[..., None]
    ends = np.where(levels < 0, _LOW, _HIGH)
    colours = (235 + (ends - 235) * np.abs(levels)).astype(np.uint8)
    enlarge = SIDE_PX // _SIDE
    return colours.repeat(enlarge, 0).repeat(enlarge, 1)


def _losses(
    network: PadNetwork,
    recalled: Recalled,
    choices: Dream,
    seen: np.ndarray | None,
    images: torch.Tensor | None,
) -> tuple[dict[str, float], int]:
    """Each loss of ``phases`` over a mini-batch of memories; and how many these are."""
    memories, condition = memories_of(network, choices.split), network.condition
    n = min(BATCH_SIZE, len(memories) // 2)
    places = pick_memories(len(memories), 2 * n, choices.seed, "memories")
    latents = memories.latents[places]
    latents[0], latents[n] = recalled.current[0], recalled.previous[0]
    z, z_old = latents.split(n)
    if images is None:
        batch = network.generate(z)
    else:
        batch = to_unit(images[memories.indices[places[:n]]])
        if seen is not None:
            batch[0] = to_unit(torch.from_numpy(seen).permute(2, 0, 1))
    wake_noise = condition.wake_noise_variance**0.5 * torch.randn(
        z.shape, generator=generator(choices.seed, "wake noise")
    )
    named = dict(phases.wake(network.networks, batch, wake_noise).losses)
    named |= phases.nrem(network.networks, z, _perturbation(network, choices))
    if (push_apart := phases.contrastive_loss(condition)) is not None:
        views = _views(network, choices)
        named |= phases.contrast(network.networks, z, views, push_apart)
    z_mix = rem_latents(z, z_old, mixture(network, choices), choices.seed)
    named |= phases.rem(network.networks, z_mix)
    return {name: float(loss) for name, loss in named.items()}, n


def _squares_alone(network: PadNetwork) -> bool:
    return network.condition.perturbation == ("squares",)


def _perturbation(network: PadNetwork, dream: Dream) -> Perturb:
    """What NREM does to dreams: squares as the viewer chose them, others as in training."""
    if _squares_alone(network):
        return lambda dreams: dreams * _mask(dream)
    return _drawn(network, generator(dream.seed, "perturbation"))


def _views(network: PadNetwork, dream: Dream) -> Perturb:
    """Further draws of the perturbation of training, other ones each time."""
    return _drawn(network, generator(dream.seed, "views"))


def _drawn(network: PadNetwork, random: torch.Generator) -> Perturb:
    condition = network.condition
    kinds, strength = condition.perturbation, condition.perturbation_strength
    return lambda dreams: perturb(dreams, kinds, strength, random)


def _mask(choices: Dream) -> torch.Tensor:
    uniforms = draw_uniforms(1, generator(choices.seed, "occlusion"))
    return masks(uniforms, choices.intensity, choices.size_px)


def _noise(seed: int, n: int) -> torch.Tensor:
    return torch.randn((n, 256), generator=generator(seed, "noise"))
