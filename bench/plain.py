"""PAD as research code usually writes it, to compare speed and results with.

Float32 with torch's own layers; a DataLoader that runs torchvision's transforms on one image
at a time; a Python loop over occlusion patches; ``.item()`` on every loss of every step; the
probe trained through a DataLoader, too. It computes the same as ``pad_core``, which
``tests/bench/test_bench.py`` checks.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torchvision.transforms import Compose, Normalize, ToTensor

from pad_core.data.imagesets import ImageSet
from pad_core.evaluation.linear_probe import SGD_BATCH_SIZE, SGD_LEARNING_RATE
from pad_core.model.networks import SLOPE


class Encoder(nn.Module):
    """Images (B, 3, 32, 32) → latents (B, 256), d (B,); state dicts fit ``networks.Encoder``."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 4, 2, 1)
        self.conv2 = nn.Conv2d(64, 128, 4, 2, 1)
        self.conv3 = nn.Conv2d(128, 256, 4, 2, 1)
        self.conv4 = nn.Conv2d(256, 256, 4, 2, 0)
        self.dis = nn.Conv2d(256, 1, 4, 2, 0)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = images
        for layer in (self.conv1, self.conv2, self.conv3):
            features = F.leaky_relu(layer(features), SLOPE)
        return self.conv4(features).flatten(1), self.dis(features).flatten().sigmoid()


class Generator(nn.Module):
    """Latents (B, 256) → images (B, 3, 32, 32); state dicts fit ``networks.Generator``."""

    def __init__(self) -> None:
        super().__init__()
        self.tconv1 = nn.ConvTranspose2d(256, 256, 4, 2, 0)
        self.tconv2 = nn.ConvTranspose2d(256, 128, 4, 2, 1)
        self.tconv3 = nn.ConvTranspose2d(128, 64, 4, 2, 1)
        self.tconv4 = nn.ConvTranspose2d(64, 3, 4, 2, 1)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        features = latents[:, :, None, None]
        for layer in (self.tconv1, self.tconv2, self.tconv3):
            features = F.leaky_relu(layer(features), SLOPE)
        return torch.tanh(self.tconv4(features))


class Pictures(Dataset):
    """PIL images with their labels, each transformed when it is read."""

    def __init__(self, images: ImageSet) -> None:
        self.pictures = [Image.fromarray(i.permute(1, 2, 0).numpy()) for i in images.images]
        self.labels = images.labels.tolist()
        self.transform = Compose([ToTensor(), Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.transform(self.pictures[index]), self.labels[index]


def occlude(images: torch.Tensor, uniforms: list, intensity: float, size_px: int) -> torch.Tensor:
    """Grey out each patch whose uniform number is below the intensity, patch by patch.

    Args:
        images: (B, 3, 32, 32). uniforms: nested lists (B, ≥ patches, ≥ patches) in [0, 1).
    """
    occluded = images.clone()
    for b in range(len(images)):
        for i, y in enumerate(range(0, 32, size_px)):
            for j, x in enumerate(range(0, 32, size_px)):
                if uniforms[b][i][j] < intensity:
                    occluded[b, :, y : y + size_px, x : x + size_px] = 0
    return occluded


class Training:
    """The full model's cycle, phase by phase."""

    def __init__(
        self, images: ImageSet, batch_size: int, device: torch.device, workers: int = 0
    ) -> None:
        self.device = device
        self.encoder, self.generator = Encoder().to(device), Generator().to(device)
        self.optimisers = [
            torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))
            for network in (self.encoder, self.generator)
        ]
        self.loader = DataLoader(
            Pictures(images), batch_size, shuffle=True, drop_last=True, num_workers=workers
        )
        self.previous: torch.Tensor | None = None
        self.losses: dict[str, list[float]] = {}
        self._batches = self._endless()

    def cycles(self, n: int) -> None:
        """Run n cycles with the next mini-batches."""
        for _ in range(n):
            images = next(self._batches)
            latents = self.wake(images)
            size = random.randint(1, 8)
            uniforms = torch.rand(1, 32, 32).tolist()
            mask = occlude(torch.ones(1, 3, 32, 32), uniforms, random.random(), size)
            self.nrem(latents, mask.to(self.device))
            previous = latents if self.previous is None else self.previous
            noise = torch.randn_like(latents)
            self.rem(0.25 * latents + 0.25 * previous + 0.5 * noise)
            self.previous = latents

    def wake(self, images: torch.Tensor) -> torch.Tensor:
        """One Wake step; returns the latents."""
        latents, external = self.encoder(images)
        image = F.mse_loss(self.generator(latents), images)
        mean, std = latents.mean(dim=0), latents.std(dim=0)
        kl = (0.5 * (mean**2 + std**2 - 1 - torch.log(std**2))).mean()
        real = F.binary_cross_entropy(external, torch.ones_like(external))
        self._zero_grad()
        (image + kl + real).backward()
        for optimiser in self.optimisers:
            optimiser.step()
        self._note(image=image, kl=kl, external=real)
        return latents.detach()

    def nrem(self, latents: torch.Tensor, mask: torch.Tensor) -> None:
        """One NREM step: the encoder learns."""
        with torch.no_grad():
            dream = self.generator(latents) * mask
        nrem = F.mse_loss(self.encoder(dream)[0], latents)
        self._zero_grad()
        nrem.backward()
        self.optimisers[0].step()
        self._note(nrem=nrem)

    def rem(self, latents: torch.Tensor) -> None:
        """One REM step: the encoder descends, the generator ascends."""
        external = self.encoder(self.generator(latents))[1]
        internal = F.binary_cross_entropy(external, torch.zeros_like(external))
        self._zero_grad()
        internal.backward()
        for parameter in self.generator.parameters():
            parameter.grad = -parameter.grad
        for optimiser in self.optimisers:
            optimiser.step()
        self._note(internal=internal)

    def _zero_grad(self) -> None:
        for optimiser in self.optimisers:
            optimiser.zero_grad()

    def _note(self, **losses: torch.Tensor) -> None:
        for name, loss in losses.items():
            self.losses.setdefault(name, []).append(loss.item())

    def _endless(self) -> Iterator[torch.Tensor]:
        while True:
            for images, _ in self.loader:
                yield images.to(self.device)


def occluded_accuracy(
    encoder: Encoder, layer: nn.Linear, images: ImageSet, intensity: float, size_px: int = 4
) -> float:
    """Percent right of a probe on occluded images, one point of an occlusion curve."""
    right = 0
    with torch.no_grad():
        # A loader draws a seed; with its own generator it does not draw from the masks' one.
        for batch, labels in DataLoader(Pictures(images), 64, generator=torch.Generator()):
            occluded = occlude(batch, torch.rand(len(batch), 32, 32).tolist(), intensity, size_px)
            scores = layer(encoder(occluded)[0])
            right += (scores.argmax(dim=1) == labels).sum().item()
    return 100 * right / len(images)


def train_probe(
    latents: torch.Tensor, labels: torch.Tensor, n_classes: int, epochs: int
) -> tuple[nn.Linear, list[float]]:
    """The paper's probe by SGD, and its loss at every step."""
    layer = nn.Linear(latents.shape[1], n_classes)
    optimiser = torch.optim.SGD(layer.parameters(), lr=SGD_LEARNING_RATE)
    criterion = nn.CrossEntropyLoss()
    losses = []
    loader = DataLoader(
        TensorDataset(latents, labels), SGD_BATCH_SIZE, shuffle=True, drop_last=True
    )
    for _ in range(epochs):
        for x, t in loader:
            loss = criterion(layer(x), t)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    return layer, losses
