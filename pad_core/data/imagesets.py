"""Labelled images, 32×32 RGB, and the rules that turn pictures of any size and mode into them."""

import io
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from pad_core.data.images import CHANNELS, as_tensor
from pad_core.errors import PadError

SIZE = 32  # pixels a side of every image
UNLABELLED = "unlabelled"  # the one class of pictures without labels
_MOST_PIXELS = 50_000_000  # of a single picture from a user; data sets may have larger ones
_NAMED = 12  # pictures that one message names
_DEPTHS = (8, 10, 12, 14, 16)  # bits that may be in use in a 16-bit file
_GIT_LFS = b"version https://git-lfs"
# Pillow warns of damaged EXIF data and of large pictures; both are read.
warnings.filterwarnings("ignore", module=r"PIL\.")
# Pillow refuses text chunks above 1 MB, which some editors write; its limit of 64 MB in sum stays.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY

OnProgress = Callable[[str, float], None]
"""Called with the name of the step and the fraction of it that is done, from 0 to 1."""


@dataclass(frozen=True, eq=False)  # eq=False: == on tensors has no single truth value
class ImageSet:
    """N labelled images.

    images: uint8, (N, 3, 32, 32), RGB in 0..255, contiguous.
    labels: int64, (N,), in 0..K-1 for K classes; all 0 where there are no labels.
    """

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device | str) -> "ImageSet":
        """The same images on `device`."""
        return ImageSet(self.images.to(device), self.labels.to(device))

    def first(self, n: int) -> "ImageSet":
        """The first n images in stored order, or all if there are fewer; shares memory."""
        return ImageSet(self.images[:n], self.labels[:n])


class NothingThereError(PadError):
    """A folder has no file of the wanted kind."""


class Parts(NamedTuple):
    """What a loader found; test is None if there is none; class_names may be UNLABELLED alone."""

    name: str
    train: ImageSet
    test: ImageSet | None
    class_names: Sequence[str]
    note: str


class Contents(NamedTuple):
    """How many images a data set has, told without decoding any.

    n_test: 0 where there is no labelled test split, and some of the training images are held out.
    n_classes: 1 without labels.
    """

    n_train: int
    n_test: int
    n_classes: int


class Picture(NamedTuple):
    """An encoded picture (None for a row without one) and its name for messages."""

    name: str
    content: Path | bytes | None


class Pictures(NamedTuple):
    """The number of pictures in a split, and a function that iterates over them anew."""

    n: int
    each: Callable[[], Iterable[Picture]]


def read_picture(name: str, content: bytes) -> torch.Tensor:
    """Decode one picture to 32×32 RGB by the rules of `load_dataset`: uint8 (3, 32, 32).

    Args:
        name: of the file, for messages.

    Raises:
        PadError: a file that Pillow can't read, damaged, or of more than 50 million pixels.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            pixels = image.width * image.height
    except Image.DecompressionBombError as error:
        pixels = _pixels(error)
    except Exception:  # on damaged data Pillow raises errors of many kinds
        pixels = 0
    if pixels > _MOST_PIXELS:
        raise PadError(f"{name} has {pixels / 1e6:.0f} million pixels; 50 million are the most.")
    images, _ = decode({"": Pictures(1, lambda: [Picture(name, content)])}, None)
    return images[""][0]


Images = torch.Tensor | np.ndarray | Image.Image | Sequence[Image.Image]


def as_batch(images: Images) -> torch.Tensor:
    """Images in any of these forms as one tensor (B, 3, 32, 32); values stay as they are.

    Args:
        images: a tensor or an array, (B, 3, 32, 32) or (B, 32, 32, 3); a Pillow picture or
            several, made 32×32 RGB by the rules of `load_dataset`.

    Raises:
        PadError: no numbers, or a picture that can't be made RGB.
    """
    pictures = [images] if isinstance(images, Image.Image) else images
    if isinstance(pictures, Sequence) and not isinstance(pictures, str | bytes) and pictures:
        if not all(isinstance(picture, Image.Image) for picture in pictures):
            raise PadError("A list of images must hold Pillow pictures; stack arrays first.")
        try:
            bits = _bits_in_use(max((_brightest(p) for p in pictures if _is_deep(p)), default=0))
            stacked = np.stack([to_rgb32(picture, bits) for picture in pictures])
        except (OSError, ValueError) as error:
            raise PadError(f"A picture can't be used: {error}.") from None
        return torch.from_numpy(stacked).permute(0, 3, 1, 2)
    batch = as_tensor(pictures)  # type: ignore[arg-type]
    channels_last = batch.ndim == 4 and batch.shape[1] != CHANNELS and batch.shape[3] == CHANNELS
    return batch.permute(0, 3, 1, 2) if channels_last else batch


def counter(progress: OnProgress | None, stage: str, total: int) -> Callable[[int], None]:
    """A function that adds to the work done and reports its share of `total` by the percent."""
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


class _UnsuitableError(ValueError):
    """Says why a picture can't be made RGB."""


def to_rgb32(image: Image.Image, bits: int = 16) -> np.ndarray:
    """Convert a picture of any size and mode to uint8 (32, 32, 3) by the rules of load_dataset.

    Args:
        bits: in use in a 16-bit picture; the largest number of that many bits is white.
    """
    if image.size not in ((28, 28), (SIZE, SIZE)):  # only photographs are turned upright
        image = ImageOps.exif_transpose(image)
    if 0 in image.size:
        raise _UnsuitableError("it has no pixels")
    if image.mode == "F":
        raise _UnsuitableError("its pixels are floats of an unknown range")
    if _is_deep(image):  # Pillow would clip at 255 instead of scaling
        white = 2**bits - 1
        grey = (np.asarray(image, np.int64) * 255 + white // 2) // white
        image = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        over = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), over)
    image = image.convert("RGB")
    if image.size == (28, 28):
        image = ImageOps.expand(image, 2)
    elif image.size != (SIZE, SIZE):
        side = min(image.size)  # crop first: ImageOps.fit lets pixels beyond the crop bleed in
        left, top = (image.width - side) // 2, (image.height - side) // 2
        square = image.crop((left, top, left + side, top + side))
        image = square.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return np.asarray(image)


def decode(
    splits: Mapping[str, Pictures], progress: OnProgress | None
) -> tuple[dict[str, torch.Tensor], str]:
    """Decode the encoded pictures of a data set's splits: uint8 (N, 3, 32, 32) each, and a note.

    16-bit pictures are scaled by the number of bits that their largest pixel takes; the note
    says so if it is below 16.

    This uses one thread: on small pictures, Pillow's threads lose more to Python's lock than
    they gain.

    Raises:
        PadError: some pictures can't be read; it names them.
    """
    total = sum(pictures.n for pictures in splits.values())
    advance = counter(progress, "decoding images", max(total, 1))
    images = {
        split: np.empty((pictures.n, 3, SIZE, SIZE), np.uint8) for split, pictures in splits.items()
    }
    unreadable: list[tuple[str, str]] = []
    deep: set[tuple[str, int]] = set()
    brightest = 0
    for split, pictures in splits.items():
        for index, (name, content) in enumerate(pictures.each()):
            try:
                with _open(content) as image:
                    if _is_deep(image):
                        deep.add((split, index))
                        brightest = max(brightest, _brightest(image))
                    images[split][index] = to_rgb32(image).transpose(2, 0, 1)
            except Exception as error:  # on damaged data Pillow's decoders raise many kinds
                unreadable.append((name, _reason(content, error)))
            advance(1)
    if unreadable:
        raise PadError(_sentence(unreadable, total))
    bits = _bits_in_use(brightest)
    if not deep or bits == 16:
        note = ""
    else:
        for split, index, content in _again(splits, deep):
            with _open(content) as image:
                images[split][index] = to_rgb32(image, bits).transpose(2, 0, 1)
        note = f"16-bit pictures were scaled as {bits}-bit ones: none is above {brightest:,}."
    return {split: torch.from_numpy(array) for split, array in images.items()}, note


def what_is_no_data(head: bytes) -> str:
    """What a file without data is, by its first bytes, such as a Git LFS pointer; '' if unknown."""
    if not head:
        return "empty"
    if head.startswith(_GIT_LFS):
        return "a Git LFS pointer: 'git lfs pull' fetches the file"
    if head.startswith((b"/annex/objects", b"../.git/annex")):
        return "a git-annex pointer: 'git annex get' fetches the file"
    if head.lstrip()[:9].lower().startswith((b"<!doctype", b"<html")):
        return "a web page"
    return ""


def _again(
    splits: Mapping[str, Pictures], chosen: set[tuple[str, int]]
) -> Iterable[tuple[str, int, Path | bytes | None]]:
    for split, pictures in splits.items():
        for index, (_, content) in enumerate(pictures.each()):
            if (split, index) in chosen:
                yield split, index, content


def _open(content: Path | bytes | None) -> Image.Image:
    if content is None:
        raise _UnsuitableError("null")
    return Image.open(io.BytesIO(content) if isinstance(content, bytes) else content)


def _is_deep(image: Image.Image) -> bool:
    """Whether it is 16-bit grey."""
    return image.mode.startswith("I")


def _brightest(deep: Image.Image) -> int:
    return int(np.asarray(deep).max(initial=0))


def _bits_in_use(brightest: int) -> int:
    """Of 16-bit pictures, by their largest pixel."""
    return next((depth for depth in _DEPTHS if brightest < 2**depth), 16)


def _reason(content: Path | bytes | None, error: Exception) -> str:
    """In a few words, why a picture can't be read."""
    if isinstance(error, _UnsuitableError):
        return str(error)
    if isinstance(error, Image.DecompressionBombError):
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        return f"{_pixels(error) / 1e6:.0f} million pixels, {most:.0f} million are the most"
    head = b"?"
    if isinstance(content, bytes):
        head = content[:100]
    elif content is not None:
        if not content.exists():
            return "a link to nothing" if content.is_symlink() else "not there"
        if isinstance(error, PermissionError):
            return "you may not read it"
        with suppress(OSError), content.open("rb") as file:
            head = file.read(100)
    known = what_is_no_data(head)
    if not known and not isinstance(error, UnidentifiedImageError):
        known = "damaged or cut off"
    return known or "of no known format"


def _pixels(error: Image.DecompressionBombError) -> int:
    found = re.search(r"\((\d+) pixels\)", str(error))
    return int(found[1]) if found else 0


def _sentence(unreadable: Sequence[tuple[str, str]], count: int) -> str:
    """One sentence: which pictures can't be read, why, and what to do."""
    (name, reason), n = unreadable[0], len(unreadable)
    if count == 1:
        return f"{name} is no readable picture: {reason}."
    reasons = {reason for _, reason in unreadable}
    each = [name if len(reasons) == 1 else f"{name} ({why})" for name, why in unreadable[:_NAMED]]
    names = ", ".join(each) + (f" and {n - _NAMED} more" if n > _NAMED else "")
    if reasons == {"null"}:
        return f"{n} of {count} rows have no picture (null): {names}; leave them out."
    alike = f" ({reason})" if len(reasons) == 1 else ""
    return f"{n} of {count} pictures cannot be read{alike}: {names}; remove or replace them."
