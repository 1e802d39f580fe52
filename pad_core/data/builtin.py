"""Published data sets, as torchvision, Debian, MNIST's own page and this package store them."""

import gzip
import re
import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from pad_core.data.imagesets import (
    UNLABELLED,
    Contents,
    ImageSet,
    NothingThereError,
    OnProgress,
    Parts,
    counter,
    grey_to_rgb,
    what_is_no_data,
)
from pad_core.data.tree import files_below
from pad_core.errors import PadError


class _Known(NamedTuple):
    """A published data set.

    files: in torchvision's layout; note: its source.
    """

    files: str
    n_train: int
    n_test: int
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
KNOWN = {
    "cifar10": _Known(
        "cifar-10-batches-py/*", 50_000, 10_000, CIFAR10, "CIFAR-10 (Krizhevsky 2009)."
    ),
    "svhn": _Known("*_32x32.mat", 73_257, 26_032, DIGITS, _SVHN),
    "mnist": _Known("MNIST/raw/*-ubyte", 60_000, 10_000, DIGITS, "MNIST (LeCun et al. 1998)."),
    "fashion-mnist": _Known(
        "FashionMNIST/raw/*-ubyte", 60_000, 10_000, FASHION, f"{_FASHION_MNIST}."
    ),
    "fashion-mini": _Known("", 5_000, 1_000, FASHION, f"{_MINI}{_FASHION_MNIST}."),
}
DEBIAN = Path("/usr/share/datasets/fashion-mnist")  # package dataset-fashion-mnist


def is_here(name: str, root: Path) -> bool:
    """Whether `load` would find the images without a download; False for an unknown name."""
    return name == "fashion-mini" or (name in KNOWN and _folder(name, root) is not None)


def load(name: str, root: Path, progress: OnProgress | None) -> Parts:
    """Load one of KNOWN from `root` in torchvision's layout; download it there if it is missing."""
    known = KNOWN[name]
    read: Callable[[str], ImageSet] = partial(_read_torchvision, name, root)
    if name == "fashion-mini":
        read = _read_fashion_mini
    elif _folder(name, root) == DEBIAN:
        read = partial(_read_idx_split, DEBIAN)
    return Parts(name, *_read_both(name, read, progress), known.class_names, known.note)


def load_idx(name: str, folder: Path, progress: OnProgress | None) -> Parts:
    """Load images and labels in MNIST's format, gzipped or not.

    Classes are named by their numbers; without label files there are none. The test split is
    called 't10k' or 'test'; it is None if it is missing or has no labels.
    """
    found = _idx_files(folder)
    labelled = ("train", "labels") in found
    splits = [split for split in ("train", "test") if (split, "images") in found]
    note = ""
    if labelled and "test" in splits and ("test", "labels") not in found:
        splits, note = ["train"], "No labels in the test split."
    advance = counter(progress, f"loading {name}", len(splits))
    images, numbers = {}, {}
    for split in splits:
        grey = _read_idx(found[split, "images"], 3)
        unlabelled = np.zeros(len(grey), np.uint8)
        numbers[split] = _read_idx(found[split, "labels"], 1) if labelled else unlabelled
        images[split] = grey_to_rgb(grey)
        advance(1)
    present = np.unique(numbers["train"])
    sets = {}
    for split in splits:
        for unknown in np.setdiff1d(numbers[split], present):
            raise PadError(f"class '{unknown}' is in {split} but not in train.")
        labels = torch.from_numpy(np.searchsorted(present, numbers[split]).astype(np.int64))
        sets[split] = ImageSet(images[split], labels)
    class_names = [str(number) for number in present] if labelled else [UNLABELLED]
    return Parts(name, sets["train"], sets.get("test"), class_names, note)


def contents_of_idx(folder: Path) -> Contents:
    """What is in it; all of it is read, which takes a moment. Errors as of `load_idx`."""
    _, train, test, class_names, _ = load_idx("", folder, None)
    return Contents(len(train), 0 if test is None else len(test), len(class_names))


# 'train-images-idx3-ubyte.gz', 't10k-labels.idx1-ubyte', 'emnist-letters-test-images-idx3-ubyte'
_IDX = re.compile(
    r"(?P<set>.*?)(?P<split>train|t10k|test)[-_.](?P<kind>images|labels)[-_.]idx[13][-_.]ubyte"
    r"(\.gz)?",
    re.IGNORECASE,
)


def is_idx(name: str) -> bool:
    """Whether a file name is one of images or labels in MNIST's format."""
    return _IDX.fullmatch(name) is not None


def _idx_files(folder: Path) -> dict[tuple[str, str], Path]:
    """(split, 'images' or 'labels') → file: the least deep one, unpacked before packed."""
    sets: dict[str, dict[tuple[str, str], Path]] = {}
    paths = files_below(folder, is_idx)
    for path in sorted(paths, key=lambda p: (len(p.parts), p.suffix.lower() == ".gz", p)):
        told = _IDX.fullmatch(path.name)
        assert told is not None
        split = "train" if told["split"].lower() == "train" else "test"
        sets.setdefault(told["set"], {}).setdefault((split, told["kind"].lower()), path)
    if not sets:
        raise NothingThereError(
            f"{folder / 'train-images-idx3-ubyte'} is missing, with or without .gz."
        )
    if len(sets) > 1:
        names = ", ".join(repr(name.rstrip("-_.")) for name in sets)
        raise PadError(
            f"it holds several data sets ({names}); put the files of one into a folder of its own."
        )
    (files,) = sets.values()
    needed = [("train", "images"), *(("train", kind) for _, kind in files)]
    needed += [(split, "images") for split, _ in files]
    for split, kind in needed:
        if (split, kind) not in files:
            stem, number = ("train" if split == "train" else "t10k"), 3 if kind == "images" else 1
            path = folder / f"{stem}-{kind}-idx{number}-ubyte"
            raise PadError(f"{path} is missing, with or without .gz.")
    return files


def _folder(name: str, root: Path) -> Path | None:
    """The folder with the files of one of KNOWN: `root`, Debian's folder, or None."""
    if any(root.glob(KNOWN[name].files)):
        return root
    return DEBIAN if name == "fashion-mnist" and DEBIAN.exists() else None


def _read_both(
    name: str, read: Callable[[str], ImageSet], progress: OnProgress | None
) -> tuple[ImageSet, ImageSet]:
    advance = counter(progress, f"loading {name}", 2)
    train = read("train")
    advance(1)
    test = read("test")
    advance(1)
    return train, test


def _read_torchvision(name: str, root: Path, split: str) -> ImageSet:
    present = _folder(name, root) == root
    try:
        from torchvision import datasets

        if name == "svhn":
            svhn = datasets.SVHN(root, split=split, download=True)
            return ImageSet(
                torch.from_numpy(np.ascontiguousarray(svhn.data)), torch.from_numpy(svhn.labels)
            )
        sources = {"cifar10": datasets.CIFAR10, "mnist": datasets.MNIST}
        stored = sources.get(name, datasets.FashionMNIST)(root, split == "train", download=True)
    except Exception as error:  # torchvision wraps no error of network, archive, pickle or IDX
        problem = f"it is not in {root} and cannot be downloaded"
        advice = "check the network"
        if present:
            problem = f"the copy in {root / KNOWN[name].files} is damaged or incomplete"
            advice = "remove it to download it again"
        reason = " ".join(str(error).split())[:150] or type(error).__name__
        raise PadError(
            f"{problem} ({reason}); {advice}, or use --dataset fashion-mini, which needs no "
            "download, or parquet:DIR."
        ) from error
    labels = torch.as_tensor(stored.targets, dtype=torch.int64)
    if name == "cifar10":
        return ImageSet(torch.from_numpy(stored.data).permute(0, 3, 1, 2).contiguous(), labels)
    return ImageSet(grey_to_rgb(stored.data.numpy()), labels)


def _read_fashion_mini(split: str) -> ImageSet:
    """Read a PNG sheet: 50 images of 28×28 a row, the i-th of class i mod 10."""
    with Image.open(Path(__file__).parent / "fashion_mini" / f"fashion-mini-{split}.png") as sheet:
        rows = np.asarray(sheet).reshape(-1, 28, 50, 28)
    tiles = rows.transpose(0, 2, 1, 3).reshape(-1, 28, 28)
    return ImageSet(grey_to_rgb(tiles), torch.arange(len(tiles)) % 10)


def _read_idx_split(folder: Path, split: str) -> ImageSet:
    stem = folder / ("train" if split == "train" else "t10k")
    labels = _read_idx(Path(f"{stem}-labels-idx1-ubyte"), 1)
    images = _read_idx(Path(f"{stem}-images-idx3-ubyte"), 3)
    return ImageSet(grey_to_rgb(images), torch.from_numpy(labels.astype(np.int64)))


def _read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Read a uint8 array in the IDX format of MNIST's page: magic number, sizes, values."""
    if not path.exists():
        path = Path(f"{path}.gz")
    if not path.exists():
        raise PadError(f"{path.with_suffix('')} is missing, with or without .gz.")
    data = path.read_bytes()
    if what := what_is_no_data(data[:100]):
        raise PadError(f"{path} is damaged or no IDX file ({what}).")
    try:
        if path.suffix.lower() == ".gz":
            data = gzip.decompress(data)
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
