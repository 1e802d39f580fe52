"""Image data sets as 32×32 RGB tensors.

A data set is named by a short text, its spec: one of :data:`BUILT_IN`, or a folder in a known
format, ``parquet:DIR``, ``folder:DIR`` or ``idx:DIR``. However it is stored, it becomes two
:class:`ImageSet` of uint8 pixels, held once; training scales them batch by batch.
"""

import difflib
import gzip
import io
import json
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps

from pad_core.errors import PadError

SIZE = 32  # pixels a side of every image
_MOST_PIXELS = 50_000_000  # of a picture that somebody hands over; a data set is trusted more

BUILT_IN: tuple[str, ...] = ("cifar10", "svhn", "mnist", "fashion-mnist", "fashion-mini")

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


@dataclass(frozen=True, eq=False)
class DataSet:
    """A training and a test set over the same classes.

    name: short, safe in file names. spec: what the user typed. class_names: K names by label.
    note: provenance in one sentence, '' where unknown.
    """

    name: str
    spec: str
    train: ImageSet
    test: ImageSet
    class_names: tuple[str, ...]
    note: str


def load_dataset(spec: str, root: Path | str = "data", progress: Progress | None = None) -> DataSet:
    """Load the data set that `spec` names.

    Built in: ``cifar10``, ``svhn``, ``mnist`` and ``fashion-mnist`` are read from `root` in
    torchvision's layout and downloaded there if absent (``fashion-mnist`` also from Debian's
    package dataset-fashion-mnist); ``fashion-mini`` comes with this package.

    - ``parquet:DIR``: train-*.parquet and test-*.parquet as the Hugging Face hub serves them.
    - ``folder:DIR``: one sub-folder of images a class, optionally under train/ and test/ (or val/).
    - ``idx:DIR``: the four IDX files of MNIST's format, gzipped or not.

    Where a parquet or picture folder has no test split, a sixth of each class is held out,
    always the same one, and the note says so. 32×32 images stay bit-exact, 28×28 ones are padded
    by 2 black pixels, others are cropped to their central square and resized (bicubic,
    antialiased). Grey becomes three equal channels; transparency is laid over white.

    Raises PadError, in one sentence, for an unknown spec, missing or damaged files, no network,
    fewer than two classes, or labels other than 0..K-1.
    """
    spec = spec.strip()
    try:
        return _finish(spec, *_load(spec, Path(root), progress))
    except (PadError, OSError) as error:  # OSError: no permission, or a file has just gone
        raise PadError(f"{spec or repr(spec)}: {error}") from error


def is_local(spec: str, root: Path | str = "data") -> bool:
    """Whether `load_dataset` would find the images here, without a download."""
    spec = spec.strip()
    _, colon, directory = spec.partition(":")
    if colon:
        try:
            return Path(directory).expanduser().is_dir()
        except (OSError, RuntimeError, ValueError):  # too long; a home of nobody; a null byte
            return False
    if spec == "fashion-mini" or (spec == "fashion-mnist" and DEBIAN.exists()):
        return True
    known = _KNOWN.get(spec)
    return known is not None and any(Path(root).glob(known.files))


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
    return _decode([(name, content)], 1, lambda _: None)[0]


class _Parts(NamedTuple):
    """What a loader found; test and class_names are None where it has none."""

    name: str
    train: ImageSet
    test: ImageSet | None
    class_names: Sequence[str] | None
    note: str


def _load(spec: str, root: Path, progress: Progress | None) -> _Parts:
    kind, colon, directory = spec.partition(":")
    if known := _KNOWN.get(spec):
        read: Callable[[str], ImageSet] = partial(_read_torchvision, spec, root)
        if spec == "fashion-mini":
            read = _read_fashion_mini
        elif spec == "fashion-mnist" and DEBIAN.exists() and not any(root.glob(known.files)):
            read = partial(_read_idx_split, DEBIAN)
        return _load_splits(spec, read, known, progress)
    if not colon or kind not in ("parquet", "folder", "idx"):
        choices = (*BUILT_IN, "parquet:DIR", "folder:DIR", "idx:DIR")
        meant = difflib.get_close_matches(f"{kind}:DIR" if colon else kind, choices, n=1)
        hint = f" (did you mean {meant[0]}?)" if meant else ""
        raise PadError(f"no such data set{hint}; choose one of {', '.join(choices)}.")
    folder = Path(directory).expanduser()
    if not directory or not folder.is_dir():
        raise PadError(f"there is no folder {directory!r}; name an existing one.")
    name = re.sub(r"[^\w.-]+", "-", folder.resolve().name) or kind
    if kind == "parquet":
        return _load_parquet(name, folder, progress)
    if kind == "folder":
        return _load_folder(name, folder, progress)
    return _load_splits(name, partial(_read_idx_split, folder), None, progress)


# --- What the sets have in common ---------------------------------------------------------------


def _finish(
    spec: str,
    name: str,
    train: ImageSet,
    test: ImageSet | None,
    class_names: Sequence[str] | None,
    note: str,
) -> DataSet:
    """Check the labels, hold out a test set if there is none, name the classes by number if not."""
    if class_names is None:
        class_names = [str(label) for label in range(len(set(train.labels.tolist())))]
    count = len(class_names)
    for split, images in (("training", train), ("test", test)):
        if images is not None:
            _check_labels(split, images, count)
    per_class = torch.bincount(train.labels, minlength=count)
    fewest = int(per_class.min())
    needed = 2 if test is None else 1
    if fewest < needed:
        raise PadError(
            f"class {class_names[int(per_class.argmin())]!r} has {fewest} training image(s), "
            f"but at least {needed} must be there{' to hold one out for testing' * (needed - 1)}."
        )
    if test is None:
        train, test = _hold_out(train, count)
        held = f"no test split, so a sixth of each class ({len(test):,} images) was held out."
        note = f"{note.removesuffix('.')}; {held}" if note else held.capitalize()
    return DataSet(name, spec, train, test, tuple(class_names), note)


def _check_labels(split: str, images: ImageSet, count: int) -> None:
    labels = set(images.labels.tolist())
    if len(images.images) != len(images.labels):
        raise PadError(f"{len(images.images)} {split} images but {len(images.labels)} labels.")
    if not labels:
        raise PadError(f"there are no {split} images.")
    if -1 in labels:
        raise PadError(
            f"{int((images.labels == -1).sum())} {split} image(s) have label -1, which stands for "
            "no label; leave out the split or the images that have none."
        )
    if wrong := labels - set(range(count)):
        raise PadError(
            f"a {split} image has label {min(wrong)}; labels must be 0..{count - 1} without gaps."
        )
    if len(labels) < 2:
        raise PadError(f"the {split} images are of fewer than two classes.")


def _hold_out(images: ImageSet, count: int) -> tuple[ImageSet, ImageSet]:
    """Split off a sixth of each class, at least one image, by a fixed seed; order is kept."""
    generator = torch.Generator().manual_seed(0)
    held = torch.zeros(len(images), dtype=torch.bool)
    for label in range(count):
        members = (images.labels == label).nonzero().flatten()
        order = torch.randperm(len(members), generator=generator)
        held[members[order[: max(1, round(len(members) / 6))]]] = True
    train, test = (ImageSet(images.images[i], images.labels[i]) for i in (~held, held))
    return train, test


def _counter(progress: Progress | None, stage: str, total: int) -> Callable[[int], None]:
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


def _grey_to_rgb(grey: np.ndarray) -> torch.Tensor:
    """uint8 (N, H, W) → (N, 3, 32, 32)."""
    if grey.shape[1:] not in ((SIZE, SIZE), (28, 28)):
        grey = np.stack([_to_rgb32(Image.fromarray(image))[..., 0] for image in grey])
    margin = (SIZE - grey.shape[1]) // 2
    padded = np.pad(grey, ((0, 0), (margin, margin), (margin, margin)))
    return torch.from_numpy(padded)[:, None].expand(-1, 3, -1, -1).contiguous()


def _to_rgb32(image: Image.Image) -> np.ndarray:
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


def _decode(
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
                images[index] = _to_rgb32(image).transpose(2, 0, 1)
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


# --- Built-in sets ------------------------------------------------------------------------------


class _Known(NamedTuple):
    """A published set: its files in torchvision's layout, its classes, where it comes from."""

    files: str
    class_names: tuple[str, ...]
    note: str


CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
DIGITS = tuple("0123456789")
FASHION = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
_FASHION_MNIST = "Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, Zalando SE, MIT licence)"
_SVHN = "SVHN, cropped digits (Netzer et al. 2011), for non-commercial use only."
_MINI = "5,000 training and 1,000 test images, as many of each class, drawn from the two splits of "
_KNOWN = {
    "cifar10": _Known("cifar-10-batches-py/*", CIFAR10, "CIFAR-10 (Krizhevsky 2009)."),
    "svhn": _Known("*_32x32.mat", DIGITS, _SVHN),
    "mnist": _Known("MNIST/raw/*-ubyte", DIGITS, "MNIST (LeCun et al. 1998)."),
    "fashion-mnist": _Known("FashionMNIST/raw/*-ubyte", FASHION, f"{_FASHION_MNIST}."),
    "fashion-mini": _Known("", FASHION, f"{_MINI}{_FASHION_MNIST}."),
}
DEBIAN = Path("/usr/share/datasets/fashion-mnist")  # package dataset-fashion-mnist


def _load_splits(
    name: str, read: Callable[[str], ImageSet], known: _Known | None, progress: Progress | None
) -> _Parts:
    advance = _counter(progress, f"loading {name}", 2)
    train = read("train")
    advance(1)
    test = read("test")
    advance(1)
    return _Parts(name, train, test, known and known.class_names, known.note if known else "")


def _read_torchvision(name: str, root: Path, split: str) -> ImageSet:
    known = _KNOWN[name]
    present = any(root.glob(known.files))
    try:
        from torchvision import datasets

        if name == "svhn":
            svhn = datasets.SVHN(root, split=split, download=True)
            return ImageSet(
                torch.from_numpy(np.ascontiguousarray(svhn.data)), torch.from_numpy(svhn.labels)
            )
        sources = {"cifar10": datasets.CIFAR10, "mnist": datasets.MNIST}
        stored = sources.get(name, datasets.FashionMNIST)(root, split == "train", download=True)
    except Exception as error:  # torchvision wraps none of network, archive, pickle and IDX errors
        problem = f"it is not in {root} and cannot be downloaded"
        advice = "check the network"
        if present:
            problem = f"the copy in {root / known.files} is damaged or incomplete"
            advice = "remove it to download it again"
        reason = " ".join(str(error).split())[:150] or type(error).__name__
        raise PadError(
            f"{problem} ({reason}); {advice}, or use --dataset fashion-mini, which needs no "
            "download, or parquet:DIR."
        ) from error
    labels = torch.as_tensor(stored.targets, dtype=torch.int64)
    if name == "cifar10":
        return ImageSet(torch.from_numpy(stored.data).permute(0, 3, 1, 2).contiguous(), labels)
    return ImageSet(_grey_to_rgb(stored.data.numpy()), labels)


def _read_fashion_mini(split: str) -> ImageSet:
    """A PNG sheet: 50 tiles of 28×28 a row, the i-th of class i mod 10."""
    with Image.open(Path(__file__).parent / "data" / f"fashion-mini-{split}.png") as sheet:
        rows = np.asarray(sheet).reshape(-1, 28, 50, 28)
    tiles = rows.transpose(0, 2, 1, 3).reshape(-1, 28, 28)
    return ImageSet(_grey_to_rgb(tiles), torch.arange(len(tiles)) % 10)


def _read_idx_split(folder: Path, split: str) -> ImageSet:
    stem = folder / ("train" if split == "train" else "t10k")
    labels = _read_idx(Path(f"{stem}-labels-idx1-ubyte"), 1)
    images = _read_idx(Path(f"{stem}-images-idx3-ubyte"), 3)
    return ImageSet(_grey_to_rgb(images), torch.from_numpy(labels.astype(np.int64)))


def _read_idx(path: Path, dimensions: int) -> np.ndarray:
    """A uint8 array in the IDX format of LeCun's MNIST page: magic number, sizes, values."""
    zipped = Path(f"{path}.gz")
    if not path.exists() and not zipped.exists():
        raise PadError(f"{path} is missing, with or without .gz.")
    try:
        data = path.read_bytes() if path.exists() else gzip.decompress(zipped.read_bytes())
        magic, *shape = struct.unpack_from(f">{1 + dimensions}I", data)
        if magic >> 8 != 0x08:  # unsigned bytes
            raise ValueError(f"its values are of type 0x{magic >> 8:02x}, not 0x08, bytes")
        if magic != 0x0800 + dimensions:
            raise ValueError(f"it has {magic & 0xFF} dimensions, not {dimensions}")
        if 0 in shape:
            raise ValueError(f"it is empty: {' × '.join(map(str, shape))}")
        return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise PadError(f"{path} is damaged or no IDX file ({error}).") from error


# --- Parquet ------------------------------------------------------------------------------------


def _load_parquet(name: str, folder: Path, progress: Progress | None) -> _Parts:
    sets: dict[str, ImageSet] = {}
    files = {
        split: [_ParquetFile(path) for path in sorted(folder.rglob(f"{split}-*.parquet"))]
        for split in ("train", "test")
    }
    if not files["train"]:
        raise PadError("there is no train-*.parquet in the folder or its sub-folders.")
    total = sum(len(file.labels) for split in files.values() for file in split)
    advance = _counter(progress, "decoding images", max(total, 1))
    for split, parts in files.items():
        if parts:
            labels = torch.cat([part.labels for part in parts])
            rows = (row for part in parts for row in part.rows())
            sets[split] = ImageSet(_decode(rows, len(labels), advance), labels)
    first = files["train"][0]
    class_names = first.class_names
    if class_names is None and "cifar10" in name.lower() and first.columns == ("img", "label"):
        ten = set(sets["train"].labels.tolist()) == set(range(10))
        class_names = CIFAR10 if ten else None
    _, encoded = next(first.rows(), ("", b""))
    jpeg = "JPEG-compressed images, so numbers can differ from those on the originals."
    note = jpeg if encoded.startswith(b"\xff\xd8") else ""
    return _Parts(name, sets["train"], sets.get("test"), class_names, note)


@contextmanager
def _reading_parquet(path: Path) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise PadError(f"the parquet file {path} cannot be read ({reason}).") from error


class _ParquetFile:
    """One file: the names of its image and label columns, its labels, its class names if any."""

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet
        from pyarrow.types import is_integer, is_struct

        self.path = path
        with _reading_parquet(path):
            self.file = pyarrow.parquet.ParquetFile(path)
            schema = self.file.schema_arrow
        structs = [field.name for field in schema if is_struct(field.type)]
        integers = [field.name for field in schema if is_integer(field.type)]
        image = next((column for column in ("img", "image") if column in structs), None)
        only = integers[0] if len(integers) == 1 else None
        usual = ("label", "labels", "fine_label")
        label = next((column for column in usual if column in integers), only)
        if image is None or label is None:
            lacking = "img or image with encoded bytes" if image is None else "label of integers"
            raise PadError(f"{path} has no column {lacking}; it has {', '.join(schema.names)}.")
        self.columns = (image, label)
        with _reading_parquet(path):
            values = self.file.read(columns=[label]).column(0)
        if values.null_count:
            raise PadError(f"{values.null_count} label(s) in {path} are null.")
        self.labels = torch.from_numpy(values.to_numpy().astype(np.int64))
        self.class_names: tuple[str, ...] | None = None
        with suppress(TypeError, KeyError, ValueError):  # no such metadata, or no ClassLabel
            features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
            self.class_names = tuple(features[label]["names"])

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Each row's name for messages, and its encoded picture."""
        row = 0
        batches = self.file.iter_batches(1000, columns=[self.columns[0]])
        while True:
            with _reading_parquet(self.path):
                batch = next(batches, None)
            if batch is None:
                return
            for image in batch.column(0).to_pylist():
                yield f"row {row} of {self.path}", (image or {}).get("bytes") or b""
                row += 1


# --- Folders of pictures ------------------------------------------------------------------------

PICTURES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}


def _load_folder(name: str, folder: Path, progress: Progress | None) -> _Parts:
    train_folder, test_folder = folder, None
    if (folder / "train").is_dir():
        train_folder = folder / "train"
        splits = (folder / "test", folder / "val")
        test_folder = next((split for split in splits if split.is_dir()), None)
    class_names = _sub_folders(train_folder)
    if len(class_names) < 2:
        raise PadError(
            f"{train_folder} has {len(class_names)} sub-folder(s); put each class's "
            "pictures into a sub-folder of its own, at least two."
        )
    files = {"train": _pictures(train_folder, class_names)}
    if test_folder:
        unknown = set(_sub_folders(test_folder)) - set(class_names)
        if unknown:
            raise PadError(f"class {min(unknown)!r} is in {test_folder.name} but not in train.")
        files["test"] = _pictures(test_folder, _sub_folders(test_folder))
    advance = _counter(progress, "decoding images", sum(map(len, files.values())))
    sets = {}
    for split, pictures in files.items():
        sources = ((str(path), path) for path, _ in pictures)
        labels = torch.tensor([class_names.index(c) for _, c in pictures], dtype=torch.int64)
        sets[split] = ImageSet(_decode(sources, len(pictures), advance), labels)
    return _Parts(name, sets["train"], sets.get("test"), class_names, "")


def _sub_folders(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _pictures(folder: Path, class_names: Sequence[str]) -> list[tuple[Path, str]]:
    """Picture files with their class, the classes taking turns so that the first n mix them."""
    turns = []
    for class_name in class_names:
        paths = sorted((folder / class_name).rglob("*"))
        paths = [p for p in paths if p.suffix.lower() in PICTURES and not p.name.startswith(".")]
        if not paths:
            raise PadError(f"the class folder {folder / class_name} holds no picture.")
        turns += [(turn, class_name, path) for turn, path in enumerate(paths)]
    return [(path, class_name) for _, class_name, path in sorted(turns)]
