"""Pixel ranges and pictures: the only module that knows how pixels are stored.

Stored images are uint8, 0 to 255; networks see float32 in [−1, 1], where 0 is grey.
"""

from __future__ import annotations

import io
from numbers import Integral

import numpy as np
import torch
from PIL import Image

from pad_core.errors import PadError

SIDE_PX = 32
CHANNELS = 3


def to_unit(images: torch.Tensor) -> torch.Tensor:
    """uint8 images (..., C, H, W) → float32 in [−1, 1]."""
    return images.to(torch.float32).div_(127.5).sub_(1.0)


def as_unit(images: torch.Tensor) -> torch.Tensor:
    """uint8 images (..., C, H, W) as float32 in [−1, 1]; floats, which are so already, as given."""
    return to_unit(images) if images.dtype == torch.uint8 else images


def to_uint8(images: torch.Tensor) -> torch.Tensor:
    """Float images in [−1, 1] (values outside are clipped) → uint8, rounded to nearest."""
    return images.detach().float().add(1.0).mul(127.5).round().clamp(0, 255).to(torch.uint8)


def as_tensor(values: torch.Tensor | np.ndarray) -> torch.Tensor:
    """A copy of an array as a tensor, or the tensor itself; PadError if it holds no numbers."""
    if isinstance(values, torch.Tensor):
        if values.layout != torch.strided or values.is_meta:
            raise PadError("A tensor has to hold its numbers: neither sparse ones nor 'meta'.")
        return values
    try:
        array = np.ascontiguousarray(values)
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        return torch.tensor(native)  # a copy: the array may be read-only
    except (TypeError, ValueError, RuntimeError):
        kind = getattr(values, "dtype", type(values).__name__)
        raise PadError(f"Numbers come as a tensor or an array, not as {kind}.") from None


def whole_number(name: str, value: int, low: int, high: int | None = None) -> int:
    """A whole number of Python or NumPy in that range; PadError for any other value."""
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if is_whole and low <= value <= (value if high is None else high):
        return int(value)
    span = f"from {low}" if high is None else f"from {low} to {high}"
    raise PadError(f"{name} is a whole number {span}, not {value!r}.")


def as_network_input(images: torch.Tensor) -> torch.Tensor:
    """Check a user's batch of images and convert it to float32 in [−1, 1].

    Args:
        images: (B, 3, 32, 32), uint8 in 0..255 or float in [−1, 1].

    Raises:
        PadError: other shapes or types, values outside the range, or NaN.
    """
    expected = (CHANNELS, SIDE_PX, SIDE_PX)
    if images.ndim != 4 or tuple(images.shape[1:]) != expected:
        raise PadError(
            f"Images must have shape (B, {CHANNELS}, {SIDE_PX}, {SIDE_PX}), "
            f"not {tuple(images.shape)}; resize them or add the batch axis."
        )
    if images.dtype == torch.uint8:
        return to_unit(images)
    if not images.dtype.is_floating_point:
        raise PadError(f"Images must be uint8 or float, not {images.dtype}.")
    if images.numel() and not bool((images.abs() <= 1.0 + 1e-4).all()):
        raise PadError(
            "Float images must lie in [−1, 1]; for pixels from 0 to 255 hand over uint8, "
            "for pixels from 0 to 1 use 2·x − 1."
        )
    return images.float()


def picture_grid(
    images: torch.Tensor, columns: int, gap_px: int = 0, background: int = 128
) -> np.ndarray:
    """Lay images out row by row in one picture, each at its native size.

    Args:
        images: (N, 3, H, W), uint8 or float in [−1, 1].
        columns: images in a row; the last row is filled with background.
        gap_px: pixels between images, in ``background`` grey (0–255).

    Returns:
        uint8 array (rows·H + gaps, columns·W + gaps, 3).

    Raises:
        PadError: images of another shape or type, none, or a number out of range.
    """
    images = as_tensor(images)
    if images.ndim != 4 or images.shape[1] != CHANNELS or 0 in images.shape:
        raise PadError(
            f"A grid takes images (N, {CHANNELS}, H, W), one or more, not {tuple(images.shape)}."
        )
    if images.dtype != torch.uint8 and not images.dtype.is_floating_point:
        raise PadError(f"Images must be uint8 or float, not {images.dtype}.")
    columns = whole_number("columns", columns, 1)
    gap_px = whole_number("gap_px", gap_px, 0)
    background = whole_number("background", background, 0, 255)
    pixels = images if images.dtype == torch.uint8 else to_uint8(images)
    array = pixels.cpu().permute(0, 2, 3, 1).numpy()
    n, height, width, channels = array.shape
    rows = -(-n // columns)
    step_y, step_x = height + gap_px, width + gap_px
    shape = (rows * step_y - gap_px, columns * step_x - gap_px, channels)
    canvas = np.full(shape, background, np.uint8)
    for i, image in enumerate(array):
        y, x = (i // columns) * step_y, (i % columns) * step_x
        canvas[y : y + height, x : x + width] = image
    return canvas


def png_bytes(picture: np.ndarray, scale: int = 1, level: int = 6) -> bytes:
    """Encode a uint8 picture (H, W, 3) as PNG, each pixel enlarged to scale×scale.

    Args:
        scale: 1 to 64.
        level: of compression, 0 (fastest) to 9.

    Raises:
        PadError: another shape or type, or a number out of range.
    """
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.ndim != 3:
        raise PadError("A picture is a uint8 array (H, W, 3), such as picture_grid makes.")
    if picture.shape[2] != CHANNELS or picture.size == 0:
        raise PadError(f"A picture has shape (H, W, {CHANNELS}), not {picture.shape}.")
    scale, level = whole_number("scale", scale, 1, 64), whole_number("level", level, 0, 9)
    image = Image.fromarray(picture)
    if scale != 1:
        size = (image.width * scale, image.height * scale)
        image = image.resize(size, Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=level)
    return buffer.getvalue()
