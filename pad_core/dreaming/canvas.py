"""Pictures as an ascent paints them: frequencies and a data set's own colours, at any size.

Ascent on plain pixels ends in noise that means nothing to people. Known remedies (Olah and others
2017, 'Feature visualization') are a Fourier basis in which low frequencies move as easily as in
photographs, colours that are independent in the data, and jitter. Theirs takes ImageNet's
colours; here they come from the images at hand, so that grey garments stay grey.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from pad_core.data.images import CHANNELS, SIDE_PX
from pad_core.dreaming.goals import Seen
from pad_core.errors import PadError
from pad_core.model.networks import Encoder
from pad_core.system.randomness import generator

SIDES_PX = (32, 64, 96)
JITTER_PX = 3
_LARGEST = 0.98  # of a pixel, where its inverse tanh ends
_FLOOR = 1e-3  # of the least variance of a colour, as a share of the greatest


@dataclass(frozen=True)
class Palette:
    """The colours of a set of images: mean (3,) and symmetric root of the covariance (3, 3) of
    its pixels, before the tanh that ends every picture."""

    mean: torch.Tensor
    root: torch.Tensor

    @classmethod
    def of(cls, images: torch.Tensor) -> Palette:
        """Of images (N, 3, H, W) in [−1, 1]."""
        pixels = _before_tanh(images).transpose(0, 1).flatten(1).double()
        values, vectors = torch.linalg.eigh(torch.cov(pixels))
        values = values.clamp_min(max(_FLOOR * float(values[-1]), 1e-6))
        root = (vectors * values.sqrt()) @ vectors.T
        return cls(pixels.mean(dim=1).float(), root.float())


@dataclass(frozen=True)
class Canvas:
    """From parameters (B, 3, S, S // 2 + 1, 2) to pictures (B, 3, S, S) in (−1, 1) and back.

    side_px: one of SIDES_PX. decay: 1 for amplitudes that fall as in photographs, in proportion
    to 1/f; 0 for all frequencies alike, which is as good as plain pixels. Parameters that are
    independent and of variance 1 give pixels of the palette's variance.
    """

    palette: Palette
    side_px: int = SIDE_PX
    decay: float = 1.0

    def __post_init__(self) -> None:
        if self.side_px not in SIDES_PX:
            raise PadError(f"A canvas has a side of {SIDES_PX} pixels, not {self.side_px}.")

    def paint(self, parameters: torch.Tensor) -> torch.Tensor:
        """The pictures."""
        spectrum = torch.view_as_complex(parameters.contiguous()) * self._scale()
        fields = torch.fft.irfft2(spectrum, s=(self.side_px, self.side_px), norm="ortho")
        colours = torch.einsum("ij,bjhw->bihw", self.palette.root, fields)
        return torch.tanh(colours + self.palette.mean[:, None, None])

    def parameters(self, images: torch.Tensor) -> torch.Tensor:
        """Those that paint given pictures (B, 3, h, w), enlarged or reduced to the canvas."""
        if images.shape[-1] != self.side_px:
            size = (self.side_px, self.side_px)
            images = F.interpolate(images, size, mode="bicubic", antialias=True)
        colours = _before_tanh(images) - self.palette.mean[:, None, None]
        inverse = torch.linalg.inv(self.palette.root)
        fields = torch.einsum("ij,bjhw->bihw", inverse, colours)
        return torch.view_as_real(torch.fft.rfft2(fields, norm="ortho") / self._scale())

    def noise(self, n: int, contrast: float, seed: int) -> torch.Tensor:
        """Parameters of n pictures of noise; contrast 1 is the palette's own."""
        shape = (n, CHANNELS, self.side_px, self.side_px // 2 + 1, 2)
        # A complex number of variance 1 has parts of variance ½.
        drawn = torch.randn(shape, generator=generator(seed, "canvas", self.side_px))
        return drawn * (contrast * 0.5**0.5)

    def _scale(self) -> torch.Tensor:
        rows, columns = torch.fft.fftfreq(self.side_px), torch.fft.rfftfreq(self.side_px)
        frequency = (rows[:, None].square() + columns.square()).sqrt()
        scale = frequency.clamp_min(1.0 / self.side_px) ** -self.decay
        twice = torch.full_like(scale, 2.0)  # most columns stand for two frequencies, ±f
        twice[:, 0] = twice[:, -1] = 1.0
        return scale / ((twice * scale.square()).sum() / self.side_px**2).sqrt()


def look(encoder: Encoder, images: torch.Tensor) -> Seen:
    """What the encoder sees in pictures (B, 3, S, S) of any size that 16 divides, from 32 on.

    Its last layer passes over a larger picture with its own stride, 16 pixels: P = (S/16 − 1)²
    places. Only at the picture's border are there zeros around a place, as there are around a
    whole picture of 32×32.
    """
    features = encoder.trunk(images)
    heads = [
        F.conv2d(features, layer.weight, layer.bias, stride=2)
        for layer in (encoder.conv4, encoder.dis)
    ]
    codes, logits = (head.flatten(2).transpose(1, 2).flatten(0, 1) for head in heads)
    return Seen(images, codes, logits.flatten())


def jitter(seed: int, most_px: int = JITTER_PX) -> Callable[[int], Callable]:
    """By a step's number, a shift of pictures by up to ``most_px`` pixels along both axes.

    What leaves at one side comes in at the other: the Fourier basis is periodic, too.
    """

    def shift(number: int) -> Callable[[torch.Tensor], torch.Tensor]:
        random = generator(seed, "jitter", number)
        by = torch.randint(-most_px, most_px + 1, (2,), generator=random).tolist()
        return lambda images: images.roll(by, dims=(-2, -1))

    return shift


def _before_tanh(images: torch.Tensor) -> torch.Tensor:
    return images.clamp(-_LARGEST, _LARGEST).atanh()
