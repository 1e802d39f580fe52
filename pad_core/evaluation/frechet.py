"""Fréchet distances between images and dreams (paper §4.4.5, Figure 3d).

FID proper compares pool3 features of an Inception-v3 trained on ImageNet; torch-fidelity computes
those. Its weights have to be downloaded, and it is slow without a GPU, so a small classifier that
ships with this code can stand in. That is another quantity on another scale: it bears the name of
its features wherever it is shown, and is never called FID.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from pad_core.data.images import as_unit, to_uint8
from pad_core.errors import PadError
from pad_core.evaluation.formulas import Moments, frechet_distance, moments
from pad_core.system.tensors import read_tensors

CLASSIFIER_FILE = Path(__file__).with_name("features.safetensors")
INCEPTION = "FID (Inception-v3 pool3)"
CLASSIFIER = "Fréchet distance, classifier features"
N_FEATURES = 128


@dataclass(frozen=True)
class Features:
    """A named function from images to feature vectors.

    name: of the resulting distance. extract: images (B, 3, 32, 32), float in [−1, 1] →
    features (B, F).
    """

    name: str
    extract: Callable[[torch.Tensor], torch.Tensor]

    @torch.inference_mode()
    def of(self, batches: Iterable[torch.Tensor]) -> torch.Tensor:
        """Features (N, F) of batches of images (B, 3, 32, 32), uint8 or float in [−1, 1].

        Raises:
            PadError: no images.
        """
        seen = [self.extract(as_unit(b)).float() for b in batches]
        if not seen:
            raise PadError("Features need at least one image.")
        return torch.cat(seen)

    def moments(self, batches: Iterable[torch.Tensor]) -> Moments:
        """Mean and covariance of the features of batches of images (B, 3, 32, 32), uint8 or
        float in [−1, 1]; PadError for fewer than two images."""
        return moments_of(self.of(batches))


def moments_of(features: torch.Tensor) -> Moments:
    """Mean and covariance of features (N, F); PadError for fewer than two."""
    if len(features) < 2:
        raise PadError("A Fréchet distance needs at least two images on each side.")
    return moments(features.cpu().numpy())


class FeatureNetwork(nn.Module):
    """A small classifier of CIFAR-10, SVHN and Fashion-MNIST: one trunk, one head for each.

    ``forward`` gives the trunk's 128 features, after their ReLU. It has 429,000 parameters, which
    tools/train_feature_classifier.py trains.
    """

    DATASETS = ("cifar10", "svhn", "fashion-mnist")

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs, padding in ((3, 32, 1), (32, 64, 1), (64, 128, 1), (128, 128, 0)):
            convolution = nn.Conv2d(inputs, outputs, 4, stride=2, padding=padding, bias=False)
            layers += [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]
        self.trunk = nn.Sequential(*layers, nn.Flatten())
        self.heads = nn.ModuleList([nn.Linear(N_FEATURES, 10) for _ in self.DATASETS])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, 3, 32, 32) in [−1, 1], on any device → features (B, 128) on the network's."""
        device = next(self.parameters()).device
        features: torch.Tensor = self.trunk(images.to(device))
        return features


def classifier_features(device: torch.device | str = "cpu") -> Features:
    """The shipped classifier's features."""
    tensors, _ = read_tensors(CLASSIFIER_FILE)
    network = FeatureNetwork()
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    network.eval().requires_grad_(False).to(device)
    return Features(CLASSIFIER, network)


def inception_features(weights: Path | None = None, device: torch.device | str = "cpu") -> Features:
    """Inception-v3's pool3 features, as torch-fidelity computes them for FID.

    Args:
        weights: a file with the weights; by default torch-fidelity downloads them once.

    Raises:
        PadError: torch-fidelity is not installed, or the weights cannot be had.
    """
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ImportError:
        raise PadError("FID needs the package torch-fidelity: pip install -e '.[fid]'.") from None
    path = None if weights is None else str(weights)
    try:
        if path is not None:  # torch-fidelity would run any code that a pickle holds
            torch.load(path, map_location="cpu", weights_only=True)
        network = FeatureExtractorInceptionV3("inception", ["2048"], path)
    except Exception as error:  # downloading or unpickling weights can fail in many ways
        where = f"be read from {weights}" if weights else "be downloaded"
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise PadError(f"The weights of Inception-v3 cannot {where} ({reason}).") from None
    network.eval().to(device)

    def extract(images: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = network(to_uint8(images).to(device))[0]
        return features

    return Features(INCEPTION, extract)


def distance(
    features: Features, one: Iterable[torch.Tensor], other: Iterable[torch.Tensor]
) -> float:
    """Fréchet distance between two sets of images, each in batches (B, 3, 32, 32)."""
    return frechet_distance(features.moments(one), features.moments(other))
