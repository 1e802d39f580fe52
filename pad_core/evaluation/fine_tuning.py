"""Fine-tuning: a trained encoder learns on with labels."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from pad_core.data.images import as_unit
from pad_core.errors import PadError
from pad_core.model.networks import LATENT_SIZE, Encoder, encode_all
from pad_core.system.randomness import generator

BATCH_SIZE = 64
LEARNING_RATE = 2e-4  # of the encoder's own training


def fine_tune(
    encoder: Encoder,
    images: torch.Tensor,
    labels: torch.Tensor,
    test_images: torch.Tensor,
    test_labels: torch.Tensor,
    n_classes: int,
    epochs: int,
    seed: int = 0,
    on_step: Callable[[float], None] = lambda share: None,
) -> list[float]:
    """Accuracy in percent on the test images after each epoch of fine-tuning on all labels.

    A copy of the encoder and a linear layer on z, initially 0, minimise the cross-entropy by Adam
    (2e-4, mini-batches of 64, the last partial one dropped), without augmentation. An untrained
    encoder, trained so, is the supervised network to compare with.

    Args:
        images, test_images: uint8 or float in [−1, 1], (N, 3, 32, 32), on any device.
        labels, test_labels: (N,) in 0..n_classes − 1.
        seed: of the order of images.
        on_step: called with the share that is done, four times an epoch.

    Raises:
        PadError: no epoch, or no images.
    """
    if epochs < 1 or len(images) == 0:
        raise PadError(f"Fine-tuning needs images and 1 epoch or more, not {epochs}.")
    device = encoder.conv1.weight.device
    tuned = copy.deepcopy(encoder).requires_grad_(True)
    head = nn.Linear(LATENT_SIZE, n_classes).to(device)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    learning = [
        p for name, p in tuned.named_parameters() if not name.startswith("dis")
    ]  # d has no part in this
    optimiser = torch.optim.Adam([*learning, *head.parameters()], lr=LEARNING_RATE)
    random = generator(seed, "fine-tuning")
    truth, test_truth = labels.to(device), test_labels.to(device)
    batch_size = min(BATCH_SIZE, len(images))
    steps = len(images) // batch_size
    accuracies = []
    for epoch in range(epochs):
        order = torch.randperm(len(images), generator=random)[: steps * batch_size]
        for step, chosen in enumerate(order.split(batch_size)):
            seen = as_unit(images[chosen.to(images.device)].to(device))
            loss = F.cross_entropy(head(tuned.latents(seen)), truth[chosen.to(device)])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if step % max(1, steps // 4) == 0:
                on_step((epoch + step / steps) / epochs)
        with torch.inference_mode():
            predicted = head(encode_all(tuned, test_images)).argmax(dim=1)
        accuracies.append(100 * (predicted == test_truth).double().mean().item())
    return accuracies
