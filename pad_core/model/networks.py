"""The two pathways of the cortex: encoder and generator (paper §4.1, Figure 8)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from pad_core.data.images import as_unit
from pad_core.model.convolution import Conv4x4, ConvTranspose4x4
from pad_core.system.randomness import generator as random_generator

LATENT_SIZE = 256
SLOPE = 0.2  # of the LeakyReLU
WEIGHT_STD = 0.02


class Encoder(nn.Module):
    """E(x) = (z, d): images to latents, and to the judgement external/internal.

    A trunk of three convolutions, shared by two heads: ``conv4`` gives z, ``dis`` the
    logit of d. 1,711,809 parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = Conv4x4(3, 64, padding=1)
        self.conv2 = Conv4x4(64, 128, padding=1)
        self.conv3 = Conv4x4(128, 256, padding=1)
        self.conv4 = Conv4x4(256, LATENT_SIZE, padding=0)
        self.dis = Conv4x4(256, 1, padding=0)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Images (B, 3, 32, 32) in [−1, 1] → latents (B, 256), logits (B,)."""
        features = self.trunk(images)
        return self.conv4(features).flatten(1), self.dis(features).flatten()

    def latents(self, images: torch.Tensor) -> torch.Tensor:
        """E_z: images (B, 3, 32, 32) → latents (B, 256)."""
        return self.conv4(self.trunk(images)).flatten(1)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """E_d before its sigmoid: images (B, 3, 32, 32) → logits (B,); > 0 is external."""
        return self.dis(self.trunk(images)).flatten()

    def trunk(self, images: torch.Tensor) -> torch.Tensor:
        """What both heads see: images (B, 3, 32, 32) → features (B, 256, 4, 4)."""
        features = F.leaky_relu(self.conv1(images), SLOPE, inplace=True)
        features = F.leaky_relu(self.conv2(features), SLOPE, inplace=True)
        return F.leaky_relu(self.conv3(features), SLOPE, inplace=True)


class Generator(nn.Module):
    """G(z): latents to images, mirroring the encoder. 1,707,459 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.tconv1 = ConvTranspose4x4(LATENT_SIZE, 256, padding=0)
        self.tconv2 = ConvTranspose4x4(256, 128, padding=1)
        self.tconv3 = ConvTranspose4x4(128, 64, padding=1)
        self.tconv4 = ConvTranspose4x4(64, 3, padding=1)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents (B, 256) → images (B, 3, 32, 32) in (−1, 1)."""
        features = F.leaky_relu(self.tconv1(latents[:, :, None, None]), SLOPE, inplace=True)
        features = F.leaky_relu(self.tconv2(features), SLOPE, inplace=True)
        features = F.leaky_relu(self.tconv3(features), SLOPE, inplace=True)
        return torch.tanh(self.tconv4(features))


class Networks(NamedTuple):
    """The encoder and the generator that sleep and wake together."""

    encoder: Encoder
    generator: Generator


def build_networks(seed: int) -> Networks:
    """Networks before any experience, on the CPU.

    Weights ~ N(0, 0.02²) as in the DCGAN; biases uniform in ±1/√fan_in, as PyTorch
    draws them.
    """
    random = random_generator(seed, "weights")
    networks = Networks(Encoder(), Generator())
    with torch.no_grad():
        for network in networks:
            for layer in network.children():
                assert isinstance(layer, Conv4x4 | ConvTranspose4x4)
                layer.weight.normal_(0.0, WEIGHT_STD, generator=random)
                bound = layer.weight[0].numel() ** -0.5
                assert layer.bias is not None
                layer.bias.uniform_(-bound, bound, generator=random)
    return networks


@torch.inference_mode()
def encode_all(encoder: Encoder, images: torch.Tensor, batch_size: int = 0) -> torch.Tensor:
    """Latents of many images, in batches: (N, 3, 32, 32) → float32 (N, 256).

    The images may lie on another device than the encoder; the latents are on the encoder's.

    Args:
        images: uint8, or float in [−1, 1].
        batch_size: 0 for one that suits the device. It changes no latent; on the CPU each image
            of a batch takes 200 kB of memory.
    """
    device = encoder.conv1.weight.device
    size = batch_size or (512 if device.type == "cuda" else 128)
    # Allocated before the batches: what each batch frees then stays in one piece.
    latents = torch.empty((len(images), LATENT_SIZE), device=device)
    for batch, into in zip(images.split(size), latents.split(size), strict=True):
        into.copy_(encoder.latents(as_unit(batch.to(device))))
    return latents
