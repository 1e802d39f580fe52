"""Labelled images, 32×32 RGB, and how pictures of any size and mode become such."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps

from pad_core.errors import PadError

SIZE = 32  # pixels a side of every image
_MOST_PIXELS = 50_000_000  # of a picture that somebody hands over; a data set is trusted more

Progress = Callable[[str, float], None]
"""Called with what is being done and the fraction done, from 0 up to 1."""


@dataclass(frozen=True, eq=False)  # eq=False: == on tensors has no single truth value
class ImageSet:
    """N labelled images.

    images: uint8, (N, 3, 32, 32), RGB in 0..255, contiguous.
    labels: int64, (N,), in 0..K-1 for K classes.
    """

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device | str) -> "ImageSet":
        """The same images on `device`."""
        return ImageSet(self.images.to(device), self.labels.to(device))

    def first(self, n: int) -> "ImageSet":
        """The first n images in stored order, or all where there are fewer; shares memory."""
        return ImageSet(self.images[:n], self.labels[:n])


class Parts(NamedTuple):
    """What a loader found; test and class_names are None where it has none."""

    name: str
    train: ImageSet
    test: ImageSet | None
    class_names: Sequence[str] | None
    note: str


def read_picture(name: str, content: bytes) -> torch.Tensor:
    """One encoded picture, made 32×32 RGB by the rules of `load_dataset`: uint8 (3, 32, 32).

    Args:
        name: of the file, for messages.

    Raises:
        PadError: not a picture that Pillow reads, damaged, or of more than 50 million pixels.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            pixels = image.width * image.height
    except Exception:  # Pillow raises errors of many kinds on damaged data
        pixels = 0
    if pixels > _MOST_PIXELS:
        raise PadError(f"{name} has {pixels / 1e6:.0f} million pixels; 50 million are the most.")
    return decode([(name, content)], 1, lambda _: None)[0]


def counter(progress: Progress | None, stage: str, total: int) -> Callable[[int], None]:
    """A function that adds to the work done and reports its share of `total`, by the percent."""
    done, reported = 0, -1

    def advance(amount: int) -> None:
        nonlocal done, reported
        done += amount
        if progress and done * 100 // total > reported:
            reported = done * 100 // total
            progress(stage, done / total)

    advance(0)
    return advance


def grey_to_rgb(grey: np.ndarray) -> torch.Tensor:
    """uint8 (N, H, W) → (N, 3, 32, 32)."""
    if grey.shape[1:] not in ((SIZE, SIZE), (28, 28)):
        grey = np.stack([to_rgb32(Image.fromarray(image))[..., 0] for image in grey])
    margin = (SIZE - grey.shape[1]) // 2
    padded = np.pad(grey, ((0, 0), (margin, margin), (margin, margin)))
    return torch.from_numpy(padded)[:, None].expand(-1, 3, -1, -1).contiguous()


def to_rgb32(image: Image.Image) -> np.ndarray:
    """One picture of any size and mode → uint8 (32, 32, 3), by the rules of load_dataset."""
    if image.size not in ((28, 28), (SIZE, SIZE)):  # only a photograph is turned upright
        image = ImageOps.exif_transpose(image)
    if image.mode == "F":
        raise ValueError("float pixels have no known range")
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow would clip at 255, not scale
        grey = (np.asarray(image, np.int64) + 128) // 257
        image = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        over = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), over)
    image = image.convert("RGB")
    if image.size == (28, 28):
        image = ImageOps.expand(image, 2)
    elif image.size != (SIZE, SIZE):
        side = min(image.size)  # cropped first: ImageOps.fit lets pixels beyond the crop bleed in
        left, top = (image.width - side) // 2, (image.height - side) // 2
        square = image.crop((left, top, left + side, top + side))
        image = square.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return np.asarray(image)


def decode(
    sources: Iterable[tuple[str, Path | bytes]], count: int, advance: Callable[[int], None]
) -> torch.Tensor:
    """Decode `count` encoded pictures, each with the name to give if it cannot be read.

    One thread: on small pictures Pillow's threads lose more to Python's lock than they gain.
    """
    images = np.empty((count, 3, SIZE, SIZE), np.uint8)
    unreadable = []
    for index, (name, source) in enumerate(sources):
        try:
            with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
                images[index] = to_rgb32(image).transpose(2, 0, 1)
        except Exception:  # Pillow's decoders raise errors of many kinds on damaged data
            unreadable.append(name)
        advance(1)
    if unreadable and count == 1:
        raise PadError(f"{unreadable[0]} is no readable picture.")
    if unreadable:
        raise PadError(
            f"{unreadable[0]} is no readable picture ({len(unreadable)} such of {count}); "
            "remove or replace them."
        )
    return torch.from_numpy(images)
