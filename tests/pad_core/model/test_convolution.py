"""The fast convolutions against torch's own, at every layer shape of the two networks."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pad_core.model.convolution import Conv4x4, ConvTranspose4x4, conv4x4, conv_transpose4x4

# in channels, out channels, input size, padding
DOWN = [(3, 64, 32, 1), (64, 128, 16, 1), (128, 256, 8, 1), (256, 256, 4, 0), (256, 1, 4, 0)]
UP = [(256, 256, 1, 0), (256, 128, 4, 1), (128, 64, 8, 1), (64, 3, 16, 1)]
LAYERS = [(True, *shape) for shape in DOWN] + [(False, *shape) for shape in UP]
# relative to the largest element: rounding is to 2**-8 in bfloat16, 2**-24 in float32
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2e-2}

layers = pytest.mark.parametrize(("down", "c_in", "c_out", "size", "padding"), LAYERS)
dtypes = pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)


def tensors(down: bool, c_in: int, c_out: int, size: int, batch: int = 4) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, c_in, size, size, generator=generator)
    ends = (c_out, c_in) if down else (c_in, c_out)
    weight = torch.randn(*ends, 4, 4, generator=generator) / (4 * c_in**0.5)
    return [x, weight, torch.randn(c_out, generator=generator)]


def run(operation: Callable[..., Tensor], inputs: list[Tensor], **options: int) -> list[Tensor]:
    """The output and the gradients for the input, the weight and the bias."""
    leaves = [value.detach().requires_grad_() for value in inputs]
    y = operation(*leaves, **options)
    g = torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).to(y.dtype)
    return [y.detach(), *torch.autograd.grad(y, leaves, g)]


def fast(down: bool) -> Callable[..., Tensor]:
    return conv4x4 if down else conv_transpose4x4


def expect(down: bool, inputs: list[Tensor], padding: int) -> list[Tensor]:
    """torch's own result in float64."""
    operation = F.conv2d if down else F.conv_transpose2d
    return run(operation, [v.double() for v in inputs], stride=2, padding=padding)


def check(actual: list[Tensor], expected: list[Tensor], tolerance: float) -> None:
    for a, e in zip(actual, expected, strict=True):
        assert a.shape == e.shape
        assert (a.double() - e).abs().max() <= tolerance * e.abs().max()


@layers
@dtypes
@pytest.mark.parametrize("batch", [1, 3, 8])
def test_output_and_gradients(
    dtype: torch.dtype, batch: int, down: bool, c_in: int, c_out: int, size: int, padding: int
) -> None:
    x, weight, bias = tensors(down, c_in, c_out, size, batch)
    actual = run(fast(down), [x.to(dtype), weight, bias], padding=padding)
    assert [a.dtype for a in actual] == [dtype, dtype, torch.float32, torch.float32]
    check(actual, expect(down, [x, weight, bias], padding), TOLERANCE[dtype])


@layers
@dtypes
def test_memory_formats_agree(
    dtype: torch.dtype, down: bool, c_in: int, c_out: int, size: int, padding: int
) -> None:
    x, weight, bias = tensors(down, c_in, c_out, size)
    expected = expect(down, [x, weight, bias], padding)
    last = torch.channels_last
    strided = torch.stack([x, x], dim=-1)[..., 0]
    for image, kernel in [
        (x.contiguous(memory_format=last), weight.contiguous(memory_format=last)),
        (x.contiguous(memory_format=last), weight),
        (strided, weight),
        (x.transpose(2, 3).contiguous().transpose(2, 3), weight),
    ]:
        actual = run(fast(down), [image.to(dtype), kernel, bias], padding=padding)
        check(actual, expected, TOLERANCE[dtype])


@layers
@dtypes
def test_repeats_to_the_bit(
    dtype: torch.dtype, down: bool, c_in: int, c_out: int, size: int, padding: int
) -> None:
    x, *rest = tensors(down, c_in, c_out, size, batch=64)
    inputs = [x.to(dtype), *rest]
    once, again = (run(fast(down), inputs, padding=padding) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))


@layers
def test_modules_share_state_with_torch(
    down: bool, c_in: int, c_out: int, size: int, padding: int
) -> None:
    ours = (Conv4x4 if down else ConvTranspose4x4)(c_in, c_out, padding)
    theirs = (nn.Conv2d if down else nn.ConvTranspose2d)(c_in, c_out, 4, 2, padding)
    theirs.load_state_dict(ours.state_dict())
    x = tensors(down, c_in, c_out, size)[0]
    with torch.inference_mode():
        check([ours(x)], [theirs(x).double()], TOLERANCE[torch.float32])
        with torch.autocast("cpu", torch.bfloat16):
            assert ours(x).dtype == torch.bfloat16


def test_rejects_other_sizes() -> None:
    x, weight, bias = torch.zeros(1, 3, 5, 5), torch.zeros(2, 3, 4, 4), torch.zeros(2)
    for padding in (0, 1, 2):
        with pytest.raises(ValueError, match="expected"):
            conv4x4(x, weight, bias, padding=padding)
    with pytest.raises(ValueError, match="expected 1, or 0 of 1x1"):
        conv_transpose4x4(x, weight.transpose(0, 1), bias, padding=0)
