"""Deep dreams: pictures that drive a unit, a component, a class of the probe, or d.

In pixels, as the known tools do (Mordvintsev and others 2015; Olah and others 2017), and through
G, whose pictures are PAD's own: there it is latents that climb (``lucid.steer``). The former is
others' method; the latter is ours for PAD, after Nguyen and others 2016.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from pad_core.dreaming.ascent import See, State, Step, ascend
from pad_core.dreaming.canvas import JITTER_PX, Canvas, Palette, jitter, look
from pad_core.dreaming.goals import Objective, Seen
from pad_core.dreaming.lucid import steer
from pad_core.dreaming.reader import Reader
from pad_core.model.networks import LATENT_SIZE
from pad_core.system.randomness import generator

RATE = 0.05  # of Adam, on parameters of a canvas
CONTRAST = 0.2  # of the noise that pictures begin with
STARTS = ("noise", "memory")
_RECALLED = 128  # memories whose pictures give a palette where there are no photographs


def palette_of(reader: Reader, images: torch.Tensor | None = None) -> Palette:
    """The colours of photographs (N, 3, 32, 32) in [−1, 1], or of what the network recalls."""
    if images is None:
        memories = reader.memories
        images = reader.network.generate(memories[:: max(1, len(memories) // _RECALLED)])
    return Palette.of(images)


def in_pixels(
    reader: Reader,
    canvas: Canvas,
    parameters: torch.Tensor,
    wanted: Objective,
    seed: int,
    rate: float = RATE,
    jitter_px: int = JITTER_PX,
) -> Iterator[Step]:
    """Pictures on a canvas climb, for ever; the start comes first.

    Args:
        parameters: of the canvas, of B pictures.
        seed: of the jitter, which the gradient sees and what is told of a step does not.
        jitter_px: 0 for none.
    """
    encoder = reader.network.networks.encoder
    shift = jitter(seed, jitter_px)

    def see(parameters: torch.Tensor) -> Seen:
        return look(encoder, canvas.paint(parameters))

    def glance(number: int) -> See:
        return lambda parameters: look(encoder, shift(number)(canvas.paint(parameters)))

    state = State.start(parameters)
    return ascend(state, see, wanted, rate, glance=glance if jitter_px else None)


def through_generator(
    reader: Reader, latents: torch.Tensor, wanted: Objective, weight: float = 0.0
) -> Iterator[Step]:
    """Latents (B, Z) climb, for ever: the picture stays one of G's."""
    return steer(reader, State.start(latents), wanted, weight)


def noise_latents(n: int, seed: int) -> torch.Tensor:
    """Draws of the prior N(0, 1): the same for every network, (n, Z)."""
    return torch.randn((n, LATENT_SIZE), generator=generator(seed, "deep dream"))
