"""Convolutions with 4x4 kernels and stride 2 that train fast on a CPU in bfloat16.

Both networks consist of these layers only. On a GPU they are torch's own operations. On a CPU
(measured on two Zen 4 cores, batch 64) oneDNN runs most of them near the speed of a matrix
product, about 340 GFLOP/s in bfloat16. Three computations differ here:

* the weight's gradient in bfloat16 is one matrix product over unfolded windows: oneDNN's own
  reached 140 to 190 GFLOP/s, the product 240 to 360;
* a transposed convolution to the three channels of an image (38 GFLOP/s, 2.7 ms) becomes a
  2x2 convolution that gives each 2x2 block of pixels as 12 channels (146 GFLOP/s, 0.7 ms);
  the backward pass of the encoder's first layer is the same operation;
* layers between 1x1 and 4x4 are plain matrix products.

The layers compute in the dtype of their input, or in autocast's if that is enabled: pass
`x.bfloat16()` and the float32 weights are cast; their gradients arrive in float32. Activations
are kept in channels_last. Keep the weights so, too, with
`network.to(memory_format=torch.channels_last)`: then neither casts nor gradients are permuted.
Weights have the shapes of `nn.Conv2d` and `nn.ConvTranspose2d`, so state dicts interchange.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.grad import conv2d_weight

_FEW_CHANNELS = 8  # up to here, oneDNN's transposed convolution uses a small part of its vectors


def conv4x4(x: Tensor, weight: Tensor, bias: Tensor | None, *, padding: int) -> Tensor:
    """Halve an image, (B, Cin, H, W) -> (B, Cout, H/2, W/2), or with padding 0 4x4 -> 1x1.

    `weight` is (Cout, Cin, 4, 4); H and W are even with padding 1, and 4 with padding 0.
    """
    x, weight, bias = _prepare(x, weight, bias)
    if not x.is_cpu:
        return F.conv2d(x, weight, bias, stride=2, padding=padding)
    if padding == 1:
        if x.shape[2] % 2 or x.shape[3] % 2:
            raise ValueError(f"expected an even height and width, got {tuple(x.shape)}")
        return _Down.apply(x, weight, bias)
    if padding != 0 or x.shape[2:] != (4, 4):
        raise ValueError(f"padding {padding} of {tuple(x.shape)}: expected 1, or 0 of 4x4")
    return F.linear(_nhwc(x).flatten(1), _nhwc(weight).flatten(1), bias)[:, :, None, None]


def conv_transpose4x4(x: Tensor, weight: Tensor, bias: Tensor | None, *, padding: int) -> Tensor:
    """Double an image, (B, Cin, H, W) -> (B, Cout, 2H, 2W), or with padding 0 1x1 -> 4x4.

    `weight` is (Cin, Cout, 4, 4).
    """
    x, weight, bias = _prepare(x, weight, bias)
    if not x.is_cpu:
        return F.conv_transpose2d(x, weight, bias, stride=2, padding=padding)
    if padding == 1:
        return _Up.apply(x, weight, bias)
    if padding != 0 or x.shape[2:] != (1, 1):
        raise ValueError(f"padding {padding} of {tuple(x.shape)}: expected 1, or 0 of 1x1")
    y = (x.flatten(1) @ _nhwc(weight).flatten(1)).unflatten(1, (4, 4, weight.shape[1]))
    return (y if bias is None else y + bias).permute(0, 3, 1, 2)


class Conv4x4(nn.Conv2d):
    """`nn.Conv2d(in_channels, out_channels, 4, 2, padding)` through `conv4x4`."""

    def __init__(self, in_channels: int, out_channels: int, padding: int = 1) -> None:
        super().__init__(in_channels, out_channels, 4, stride=2, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        """See `conv4x4`."""
        return conv4x4(x, self.weight, self.bias, padding=int(self.padding[0]))


class ConvTranspose4x4(nn.ConvTranspose2d):
    """`nn.ConvTranspose2d(in_channels, out_channels, 4, 2, padding)`, `conv_transpose4x4`."""

    def __init__(self, in_channels: int, out_channels: int, padding: int = 1) -> None:
        super().__init__(in_channels, out_channels, 4, stride=2, padding=padding)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """See `conv_transpose4x4`; the output's size follows from the input's."""
        return conv_transpose4x4(x, self.weight, self.bias, padding=int(self.padding[0]))


class _Down(torch.autograd.Function):
    """The strided convolution; its backward pass to the input is `_up` with its weight."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _down(x, weight, bias)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        grad = grad.contiguous(memory_format=torch.channels_last)
        wants_x, wants_weight, wants_bias = ctx.needs_input_grad
        return (
            _up(grad, weight) if wants_x else None,
            _weight_grad(x, grad) if wants_weight else None,
            grad.sum((0, 2, 3)) if wants_bias else None,
        )


class _Up(torch.autograd.Function):
    """The transposed convolution; its backward pass to the input is `_down`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _up(x, weight, bias)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        grad = grad.contiguous(memory_format=torch.channels_last)
        wants_x, wants_weight, wants_bias = ctx.needs_input_grad
        return (
            _down(grad, weight) if wants_x else None,
            _weight_grad(grad, x) if wants_weight else None,
            grad.sum((0, 2, 3)) if wants_bias else None,
        )


def _down(large: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """(B, C, 2H, 2W) with (N, C, 4, 4) -> (B, N, H, W)."""
    return F.conv2d(large, weight, bias, stride=2, padding=1)


def _up(small: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """(B, N, H, W) with (N, C, 4, 4) -> (B, C, 2H, 2W)."""
    n, c = weight.shape[:2]
    if c > _FEW_CHANNELS:
        return F.conv_transpose2d(small, weight, bias, stride=2, padding=1)
    # The padded result is (H+1)x(W+1) blocks of 2x2 pixels. Each block gets its four pixels
    # from the 2x2 small ones around it. The earlier of these reach it with the later half of
    # their kernel, hence the flip.
    halves = weight.reshape(n, c, 2, 2, 2, 2).flip(2, 4)  # n, c, block y, y, block x, x
    taps = halves.permute(3, 5, 1, 0, 2, 4).reshape(4 * c, n, 2, 2)
    taps = taps.contiguous(memory_format=torch.channels_last)
    blocks = F.conv2d(small, taps, None if bias is None else bias.repeat(4), padding=1)
    pixels = _nhwc(blocks).unflatten(3, (2, 2, c)).transpose(2, 3)  # b, block y, y, block x, x, c
    large = pixels.flatten(3, 4).flatten(1, 2)
    return large[:, 1:-1, 1:-1].permute(0, 3, 1, 2)


def _weight_grad(large: Tensor, small: Tensor) -> Tensor:
    """Gradient (N, C, 4, 4) from the large side (B, C, 2H, 2W) and the small (B, N, H, W)."""
    n, c = small.shape[1], large.shape[1]
    if large.dtype != torch.bfloat16:  # in float32 oneDNN's own is as fast or faster
        return conv2d_weight(large, (n, c, 4, 4), small, stride=2, padding=1)
    padded = F.pad(_nhwc(large), (0, 0, 1, 1, 1, 1))
    windows = padded.unfold(1, 4, 2).unfold(2, 4, 2)  # b, h, w, c, y, x
    windows = windows.permute(0, 1, 2, 4, 5, 3).reshape(-1, 16 * c)
    grad = _nhwc(small).reshape(-1, n).t() @ windows
    return grad.view(n, 4, 4, c).permute(0, 3, 1, 2)


def _nhwc(x: Tensor) -> Tensor:
    """A (B, C, H, W) tensor as (B, H, W, C): a view, without a copy where it is channels_last."""
    return x.permute(0, 2, 3, 1)


def _prepare(
    x: Tensor, weight: Tensor, bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Convert all three to the dtype to compute in, and the first two to channels_last."""
    device = x.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
    return (
        x.to(dtype).contiguous(memory_format=torch.channels_last),
        weight.to(dtype).contiguous(memory_format=torch.channels_last),
        None if bias is None else bias.to(dtype),
    )
