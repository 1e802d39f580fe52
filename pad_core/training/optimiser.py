"""Adam, for networks whose weights lie in memory as channels_last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class ChannelsLastAdam(torch.optim.Adam):
    """torch's fused Adam, given weights and gradients in the order in which memory holds them.

    For tensors that aren't contiguous, its CPU kernel copies to contiguous ones and back. That
    takes 2.8 ms a step instead of 1.5 for the 1.7 million weights of a network (two Zen 4 cores,
    within a training).
    """

    def __init__(
        self, network: nn.Module, learning_rate: float, betas: tuple[float, float]
    ) -> None:
        self._network = network
        weights = [in_memory_order(weight.detach()) for weight in network.parameters()]
        super().__init__(
            weights,
            lr=learning_rate,
            betas=betas,
            fused=True,
            capturable=weights[0].is_cuda,  # counts steps on the GPU, as a graph needs
        )

    @property
    def learning_rate(self) -> float:
        """For the next step; a graph keeps the rate with which it was captured."""
        (group,) = self.param_groups
        return float(group["lr"])

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        (group,) = self.param_groups
        group["lr"] = value

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of the network."""
        self._network.zero_grad(set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the weights that have a gradient; the others stay, and so do their moments."""
        (group,) = self.param_groups
        for weight, learnt in zip(group["params"], self._network.parameters(), strict=True):
            gradient = learnt.grad
            weight.grad = None if gradient is None else in_memory_order(gradient)
        result = super().step(closure)
        for weight in group["params"]:
            weight.grad = None  # otherwise it would outlive the network's gradient
        return result


def in_memory_order(x: Tensor) -> Tensor:
    """(N, C, H, W) in channels_last as a contiguous (N, H, W, C); other shapes stay as they are."""
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


def in_shape_order(x: Tensor) -> Tensor:
    """The inverse of ``in_memory_order``."""
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x
