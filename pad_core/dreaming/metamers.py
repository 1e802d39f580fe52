"""Metamers: other pictures with the same code, which show what a network does not see.

x′ with E(x′) ≈ E(x) is a metamer of x to the network (Freeman & Simoncelli 2011; of trained
networks Feather and others 2023). What it lacks of x, the network did not keep; another network
that tells both apart has kept something else. To ask it of PAD's conditions is ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from pad_core.dreaming.ascent import Step
from pad_core.dreaming.canvas import Canvas
from pad_core.dreaming.deepdream import in_pixels
from pad_core.dreaming.goals import same_encoding
from pad_core.dreaming.reader import Reader

TOLERANCE = 0.1  # of the distance between neighbouring memories, at which codes count as the same
RATE = 0.05  # of Adam, on parameters of a canvas
CONTRAST = 0.5  # of the noise that metamers begin with


@dataclass(frozen=True)
class Judgement:
    """How a network sees N metamers x′ beside the pictures x; tensors (N,).

    distance: between the codes of x and x′, in units of ``Reader.spacing``; same_class: whether
    its probe takes both for the same; passed: the share of its memories that lie farther from
    the code of x than x′ does, 0 to 1.
    """

    distance: torch.Tensor
    same_class: torch.Tensor
    passed: torch.Tensor


def seek(
    reader: Reader, canvas: Canvas, codes: torch.Tensor, start: torch.Tensor, rate: float = RATE
) -> Iterator[Step]:
    """Pictures whose codes come nearer to given ones, for ever; the start comes first.

    A step's ``value`` is minus the distance in units of ``Reader.spacing``.

    Args:
        codes: E(x) of B pictures, (B, Z).
        start: parameters of the canvas, of 32×32 pixels: noise, or other pictures.
    """
    return in_pixels(
        reader, canvas, start, same_encoding(codes, reader.spacing), 0, rate, jitter_px=0
    )


@torch.inference_mode()
def judge(reader: Reader, pictures: torch.Tensor, metamers: torch.Tensor) -> Judgement:
    """How a network sees pictures x and their metamers x′, (N, 3, 32, 32) each in [−1, 1]."""
    encoder = reader.network.networks.encoder
    codes, others = encoder.latents(pictures), encoder.latents(metamers)
    apart = (codes - others).norm(dim=1)
    farther = torch.cdist(codes, reader.memories) > apart[:, None]
    same = reader.probe.predict(codes) == reader.probe.predict(others)
    return Judgement(apart / reader.spacing, same, farther.double().mean(dim=1))


def unlike(pictures: torch.Tensor, metamers: torch.Tensor) -> torch.Tensor:
    """One minus the correlation of pixels of x and x′: 0 for the same, about 1 for others, (N,)."""
    one, other = (
        images.flatten(1) - images.flatten(1).mean(dim=1, keepdim=True)
        for images in (pictures, metamers)
    )
    norms = (one.norm(dim=1) * other.norm(dim=1)).clamp_min(1e-12)
    return 1.0 - (one * other).sum(dim=1) / norms
