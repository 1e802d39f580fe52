"""A user's own images: parquet files as the Hugging Face hub serves them, folders of pictures."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from pad_core.data.builtin import CIFAR10
from pad_core.data.imagesets import ImageSet, Parts, Progress, counter, decode
from pad_core.errors import PadError

PICTURES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}


def load_parquet(name: str, folder: Path, progress: Progress | None) -> Parts:
    """All train-*.parquet and test-*.parquet in a folder or below it; test is None without any."""
    sets: dict[str, ImageSet] = {}
    files = {
        split: [_ParquetFile(path) for path in sorted(folder.rglob(f"{split}-*.parquet"))]
        for split in ("train", "test")
    }
    if not files["train"]:
        raise PadError("there is no train-*.parquet in the folder or its sub-folders.")
    total = sum(len(file.labels) for split in files.values() for file in split)
    advance = counter(progress, "decoding images", max(total, 1))
    for split, parts in files.items():
        if parts:
            labels = torch.cat([part.labels for part in parts])
            rows = (row for part in parts for row in part.rows())
            sets[split] = ImageSet(decode(rows, len(labels), advance), labels)
    first = files["train"][0]
    class_names = first.class_names
    if class_names is None and "cifar10" in name.lower() and first.columns == ("img", "label"):
        ten = set(sets["train"].labels.tolist()) == set(range(10))
        class_names = CIFAR10 if ten else None
    _, encoded = next(first.rows(), ("", b""))
    note = _jpeg_note(encoded) if encoded.startswith(b"\xff\xd8") else ""
    return Parts(name, sets["train"], sets.get("test"), class_names, note)


def _jpeg_note(encoded: bytes) -> str:
    """What JPEG does to numbers; with its quality, where the first image has usual tables."""

    def tables(file: BytesIO) -> list[list[int]]:
        with Image.open(file) as image:
            assert isinstance(image, JpegImageFile)
            return list(image.quantization.values())

    def saved(quality: int) -> BytesIO:
        file = BytesIO()
        Image.new("RGB", (8, 8)).save(file, "JPEG", quality=quality)
        return BytesIO(file.getvalue())

    found = tables(BytesIO(encoded))
    quality = next((f" (quality {q})" for q in range(100, 0, -1) if tables(saved(q)) == found), "")
    return f"JPEG-compressed images{quality}, so numbers can differ from those on the originals."


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


def load_folder(name: str, folder: Path, progress: Progress | None) -> Parts:
    """Pictures in one folder a class, maybe under train/ and test/ (or val/)."""
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
    advance = counter(progress, "decoding images", sum(map(len, files.values())))
    sets = {}
    for split, pictures in files.items():
        sources = ((str(path), path) for path, _ in pictures)
        labels = torch.tensor([class_names.index(c) for _, c in pictures], dtype=torch.int64)
        sets[split] = ImageSet(decode(sources, len(pictures), advance), labels)
    return Parts(name, sets["train"], sets.get("test"), class_names, "")


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
