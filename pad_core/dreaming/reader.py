"""What a network makes of a picture: how real it looks, of which class, how like a memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from pad_core.checkpoint.file import PadNetwork
from pad_core.evaluation.formulas import spacing
from pad_core.evaluation.linear_probe import LinearProbe, fit_converged


@dataclass(frozen=True)
class Readings:
    """Of N pictures; arrays of length N, or (N, K) for K classes.

    realness: d, 0 to 1; probabilities: of each class; distance: from the picture's latent to
    the nearest memory's, in units of ``Reader.spacing``; nearest: that memory's place, training
    memories before test ones.
    """

    realness: np.ndarray
    probabilities: np.ndarray
    distance: np.ndarray
    nearest: np.ndarray

    def top(self, class_names: tuple[str, ...]) -> list[tuple[str, float]]:
        """The likeliest class of each picture, and its probability."""
        best = self.probabilities.argmax(axis=1)
        shares = self.probabilities.max(axis=1)
        return [(class_names[k], float(p)) for k, p in zip(best, shares, strict=True)]

    @property
    def entropy(self) -> np.ndarray:
        """Of the class probabilities, in bits: 0 for a picture without any doubt, (N,)."""
        p = self.probabilities.clip(1e-12)
        return -(p * np.log2(p)).sum(axis=1)


@dataclass(frozen=True)
class Reader:
    """A network's own view of pictures, by what its checkpoint remembers.

    probe: converged logistic regression on the stored training latents; accuracy: of it on
    the stored test latents, in percent, NaN without any; memories: all stored latents, (M, Z),
    training ones first; labels: their classes, (M,); spacing: median distance from a memory to
    its nearest neighbour, the unit of distances.
    """

    network: PadNetwork
    probe: LinearProbe
    accuracy: float
    memories: torch.Tensor
    labels: torch.Tensor
    spacing: float

    @classmethod
    def fit(cls, network: PadNetwork) -> Reader:
        """Learn to read a network's latents; takes some tenths of a second.

        Raises:
            PadError: no training memories, or latents that aren't finite.
        """
        train, test = network.memories["train"], network.memories["test"]
        probe = fit_converged(train.latents, train.labels, len(network.class_names))
        accuracy = probe.accuracy(test.latents, test.labels) if len(test) else float("nan")
        memories = torch.cat([train.latents, test.latents])
        labels = torch.cat([train.labels, test.labels])
        unit = spacing(memories)
        # One memory has no neighbour; memories that coincide lie no distance apart.
        usable = 0 < unit < float("inf")
        return cls(network, probe, accuracy, memories, labels, unit if usable else 1.0)

    @torch.inference_mode()
    def read(self, images: torch.Tensor) -> Readings:
        """Look at pictures (N, 3, 32, 32), floats in [−1, 1]."""
        codes, logits = self.network.networks.encoder(images)
        return self.interpret(codes, logits.sigmoid().numpy())

    @torch.inference_mode()
    def interpret(self, codes: torch.Tensor, realness: np.ndarray) -> Readings:
        """The same of pictures that the encoder has seen: codes (N, Z) and d (N,)."""
        near = torch.cdist(codes, self.memories).min(dim=1)
        return Readings(
            realness,
            self.probe.probabilities(codes).numpy(),
            (near.values / self.spacing).numpy(),
            near.indices.numpy(),
        )
