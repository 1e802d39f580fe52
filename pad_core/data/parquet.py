"""Parquet files of pictures, as the Hugging Face hub and other programs write them.

Names of files tell the splits. Names of columns, then their types, then (for labels) their
values tell which column holds the pictures and which the labels. A file that can be read in two
ways is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from pad_core.data.builtin import CIFAR10
from pad_core.data.imagesets import (
    UNLABELLED,
    Contents,
    ImageSet,
    NothingThereError,
    OnProgress,
    Parts,
    Picture,
    Pictures,
    decode,
    what_is_no_data,
)
from pad_core.data.tree import files_below, readable, split_of
from pad_core.errors import PadError

_IMAGE_NAMES = ("img", "image", "picture", "photo", "jpg", "jpeg", "png", "webp")
_LABEL_NAMES = (
    "label", "labels", "fine_label", "class", "class_label", "class_name", "category", "target",
)  # fmt: skip
# Columns that number or describe rows, and are never labels.
_NO_LABEL = re.compile(
    r"(.*[_ ])?(id|ids|idx|index|uid|uuid|path|file|file_?name|file_?path|url|md5|sha\d*|hash"
    r"|width|height|size|split|date|time|timestamp|caption|text|prompt|description)"
    r"|__index_level_\d+__|unnamed.*"
)
Key = str | int  # identifies a class: its name, or a number if it has none


def load_parquet(name: str, folder: Path, progress: OnProgress | None) -> Parts:
    """Load all parquet files in and below a folder, or one file; test is None without a test split.

    Classes are in the order of the schema, or sorted; classes without an image are left out.

    Raises:
        PadError: no parquet file, a damaged one, several data sets, no column of pictures,
            several columns that could be labels, or images of which only some have a label.
    """
    files, keys, test, notes = _listed(folder)
    train, classes = files["train"], keys["train"].classes()
    image, label = _image_column(train[0]), keys["train"].column
    splits = ["train", *([test] if test else [])]
    labels = {split: keys[split].numbers(classes, split) for split in splits}
    images, scaled = decode(
        {s: Pictures(len(labels[s]), partial(_pictures, files[s], image)) for s in splits},
        progress,
    )
    sets = {split: ImageSet(images[split], labels[split]) for split in splits}
    class_names = [str(key) for key in classes]
    usual = keys["train"].names is None and (image, label) == ("img", "label")
    if usual and "cifar10" in name.lower() and classes == list(range(10)):
        class_names = list(CIFAR10)
    content = next((picture.content for picture in train[0].pictures(image)), b"")
    if isinstance(content, bytes) and content.startswith(b"\xff\xd8"):
        notes.insert(0, _jpeg_note(content))
    note = " ".join(filter(None, [*notes, scaled]))
    return Parts(name, sets["train"], sets[test] if test else None, class_names, note)


def contents_of_parquet(folder: Path) -> Contents:
    """What is in it, by rows and labels alone; errors as of `load_parquet`."""
    _, keys, test, _ = _listed(folder)
    n_test = keys[test].rows if test else 0
    return Contents(keys["train"].rows, n_test, len(keys["train"].classes()))


def is_parquet(name: str) -> bool:
    """Whether a file name is that of a parquet file."""
    return name.lower().endswith(".parquet")


def _listed(
    folder: Path,
) -> tuple[dict[str, list[_File]], dict[str, _Labels], str | None, list[str]]:
    """Files and labels by split, the split to test with, and notes."""
    root = folder if folder.is_dir() else folder.parent
    files = {
        split: [_File(path, root) for path in paths] for split, paths in _splits(folder).items()
    }
    train = files["train"]
    label, notes = _label_column(train, _image_column(train[0]))
    names = next((named for file in train if (named := file.names(label))), None)
    keys = {split: _Labels(of_split, label, names) for split, of_split in files.items()}
    tests = [split for split in ("test", "validation") if split in files]
    test = next((s for s in tests if keys[s].known or not keys["train"].known), None)
    if tests and not test:
        notes.append(f"No labels in {', '.join(tests)}.")
    return files, keys, test, notes


# --- Files ----------------------------------------------------------------------------------------


def _splits(folder: Path) -> dict[str, list[Path]]:
    """The files of each split. If no name tells a split, all files are training images."""
    if not folder.is_dir():
        return {"train": [folder]}
    files = files_below(folder, is_parquet)
    if not files:
        arrow = files_below(folder, lambda name: name.lower().endswith(".arrow"))
        hint = "; convert its Arrow files with Dataset.to_parquet" * bool(arrow)
        raise NothingThereError(f"there is no parquet file in the folder or its sub-folders{hint}.")
    sets: dict[tuple[str, ...], dict[str, list[Path]]] = {}
    for path in files:
        parents = path.relative_to(folder).parts[:-1]
        told = (split_of(part) for part in (path.stem, *reversed(parents)))
        split = next((found.kind for found in told if found), "")
        # Sub-folders for splits or for values of a column ('year=2020') are no other data sets.
        key = tuple(part for part in parents if not split_of(part) and "=" not in part)
        sets.setdefault(key, {}).setdefault(split, []).append(path)
    for found in sets.values():
        if found.keys() == {""}:
            found["train"] = found.pop("")
    trained = {key: found for key, found in sets.items() if "train" in found}
    if not trained:
        raise PadError("there are parquet files, but none of training images (such as train-….)")
    if len(trained) > 1:
        trained = _checked_out(folder, trained)
    if len(trained) > 1:
        raise PadError(_several(folder, trained))
    (found,) = trained.values()
    found.pop("", None)
    return found


def _checked_out(
    folder: Path, sets: dict[tuple[str, ...], dict[str, list[Path]]]
) -> dict[tuple[str, ...], dict[str, list[Path]]]:
    """Of the snapshots in the hub's cache folder, the one in use, if a note there tells it."""
    kept = {}
    for key, found in sets.items():
        if "snapshots" in key:
            place = key.index("snapshots")
            with suppress(OSError, IndexError):
                main = folder.joinpath(*key[:place], "refs", "main").read_text("utf-8").strip()
                if key[place + 1] != main:
                    continue
        kept[key] = found
    return kept or sets


def _several(folder: Path, sets: dict[tuple[str, ...], dict[str, list[Path]]]) -> str:
    """A sentence that names the readable data sets below a folder."""
    names = []
    for key, found in sets.items():
        with suppress(PadError):
            file = _File(found["train"][0], folder)
            if _label_column([file], _image_column(file))[0]:
                names.append(f"parquet:{folder.joinpath(*key)}")
    names = names or [f"parquet:{folder.joinpath(*key)}" for key in sets]
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return f"it holds several data sets; name one: {', '.join(names[:6])}{more}."


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        with suppress(OSError), path.open("rb") as file:
            reason = what_is_no_data(file.read(100)) or reason
        raise PadError(
            f"the parquet file {readable(str(path))} cannot be read ({reason})."
        ) from error


class _File:
    """One parquet file: its schema, its class names and its pictures."""

    def __init__(self, path: Path, root: Path) -> None:
        import pyarrow.parquet

        self.path, self.root = path, root
        self.name = readable(str(path.relative_to(root)))
        with _reading(path):
            self.file = pyarrow.parquet.ParquetFile(path)
            self.schema = self.file.schema_arrow
        self.features: dict[str, Any] = {}
        with suppress(TypeError, KeyError, ValueError, RecursionError):  # no or foreign metadata
            features = json.loads(self.schema.metadata[b"huggingface"])["info"]["features"]
            self.features = {str(name): value for name, value in features.items()}

    def names(self, column: str | None) -> list[str] | None:
        """Class names of a column of numbers, from the schema."""
        feature = self.features.get(column or "")
        names = feature.get("names") if isinstance(feature, dict) else None
        if not isinstance(names, list) or not names:
            return None
        texts = [readable(str(name)).strip() or str(i) for i, name in enumerate(names)]
        return [t if texts.index(t) == i else f"{t} ({i})" for i, t in enumerate(texts)]

    def marked(self, kind: str) -> list[str]:
        """Columns that the schema calls 'Image' or 'ClassLabel'."""
        return [
            name
            for name, feature in self.features.items()
            if isinstance(feature, dict)
            and feature.get("_type") == kind
            and name in self.schema.names
        ]

    def columns(self) -> str:
        """All columns with their types, for messages."""
        return ", ".join(f"{field.name} ({str(field.type)[:24]})" for field in self.schema)

    def values(self, column: str) -> tuple[list[Any], np.ndarray]:
        """A column's distinct values, and which of them each row has; −1 is null."""
        import pyarrow as pa
        import pyarrow.compute as pc

        with _reading(self.path):
            values = self.file.read(columns=[column]).column(0)
            if pa.types.is_dictionary(values.type):
                values = pc.dictionary_decode(values)
            if _is_text(values.type):  # as bytes: some of it may not be UTF-8
                values = values.cast(pa.large_string()).cast(pa.large_binary())
            encoded = values.combine_chunks().dictionary_encode()
            numbers = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            return encoded.dictionary.to_pylist(), numbers.astype(np.int64)

    def pictures(self, column: str) -> Iterator[Picture]:
        """Each row's picture."""
        if column not in self.schema.names:
            raise PadError(f"{self.name} has no column {column}; it has {self.columns()}.")
        row = 0
        batches = self.file.iter_batches(1000, columns=[column])
        while True:
            with _reading(self.path):
                batch = next(batches, None)
            if batch is None:
                return
            for value in batch.column(0).to_pylist():
                yield self._picture(f"row {row} of {self.name}", value)
                row += 1

    def _picture(self, name: str, value: Any) -> Picture:
        if isinstance(value, dict):
            content, path = value.get("bytes"), value.get("path")
            value = content if content is not None else path
        if not isinstance(value, str):
            return Picture(name, value)
        places = [base / value for base in (self.path.parent, self.root)]  # or absolute already
        place = next((place for place in places if place.is_file()), places[0])
        return Picture(f"{name}, {readable(value)},", place)


def _pictures(files: Sequence[_File], column: str) -> Iterable[Picture]:
    return chain.from_iterable(file.pictures(column) for file in files)


# --- Columns --------------------------------------------------------------------------------------


def _image_column(file: _File) -> str:
    """The column of encoded pictures or of their paths."""
    from pyarrow.types import is_struct

    types = {field.name: field.type for field in file.schema}

    def holds_pictures(name: str, path_will_do: bool) -> bool:
        kind = types[name]
        if is_struct(kind):
            parts = {kind.field(i).name for i in range(kind.num_fields)}
            return bool(parts & {"bytes", "path"})
        return _is_binary(kind) or (path_will_do and _is_text(kind))

    named = [name for usual in _IMAGE_NAMES for name in types if name.lower() == usual]
    usable = [name for name in [*named, *file.marked("Image")] if holds_pictures(name, True)]
    others = [name for name in types if holds_pictures(name, False)]
    structs = [name for name in others if is_struct(types[name])]
    for found in (usable[:1], structs, others):
        if len(found) == 1:
            return found[0]
    raise PadError(
        f"{file.name} has no column img or image with encoded bytes; it has {file.columns()}."
    )


def _label_column(files: Sequence[_File], image: str) -> tuple[str | None, list[str]]:
    """The column of labels, None if there is none, and notes on how it was found."""
    schema = files[0].schema
    types = {field.name: field.type for field in schema if field.name != image}
    usable = [name for name, kind in types.items() if _can_label(kind)]
    named = [name for usual in _LABEL_NAMES for name in usable if name.lower() == usual]
    if named:
        return named[0], []
    marked = [name for name in files[0].marked("ClassLabel") if name in usable]
    likely = marked or [
        name
        for name in usable
        if not (_NO_LABEL.fullmatch(name.lower()) or _is_weak(types[name]))
        and _repeats(files, name)
    ]
    if len(likely) > 1:
        raise PadError(
            f"{files[0].name} has several columns that could be labels ({', '.join(likely)}); "
            "rename the right one to 'label'."
        )
    if likely:
        return likely[0], [f"Classes are those of column '{readable(likely[0])}'."]
    others = ", ".join(f"{readable(name)} ({str(kind)[:24]})" for name, kind in types.items())
    return None, [f"No labels in columns {others}."] if others else []


def _repeats(files: Sequence[_File], column: str) -> bool:
    """Whether values recur, as labels do and row numbers don't."""
    found = [file.values(column) for file in files if column in file.schema.names]
    different = {value for values, _ in found for value in values}
    rows = sum(len(numbers) for _, numbers in found)
    return 1 < len(different) <= rows / 2


def _can_label(kind: Any) -> bool:
    from pyarrow.types import is_boolean, is_dictionary, is_floating, is_integer

    if is_dictionary(kind):
        kind = kind.value_type
    return (
        is_integer(kind) or is_boolean(kind) or is_floating(kind) or _is_text(kind)
        or _is_binary(kind)
    )  # fmt: skip


def _is_weak(kind: Any) -> bool:
    """Whether values of that type are labels only if the column's name says so."""
    from pyarrow.types import is_floating

    return bool(is_floating(kind)) or _is_binary(kind)


def _is_text(kind: Any) -> bool:
    from pyarrow.types import is_large_string, is_string, is_string_view

    return bool(is_string(kind) or is_large_string(kind) or is_string_view(kind))


def _is_binary(kind: Any) -> bool:
    from pyarrow.types import is_binary, is_binary_view, is_fixed_size_binary, is_large_binary

    checks = (is_binary, is_large_binary, is_binary_view, is_fixed_size_binary)
    return any(check(kind) for check in checks)


# --- Labels ---------------------------------------------------------------------------------------


class _Labels:
    """The labels of a split: the class key of each row, None for a row without a label.

    names: class names, for files that record none. known: whether any row has a label.
    """

    def __init__(
        self, files: Sequence[_File], column: str | None, names: Sequence[str] | None
    ) -> None:
        self.rows = sum(file.file.metadata.num_rows for file in files)
        self.column, self.files, self.names = column, files, names
        self.order: list[Key] = []
        self.found: list[tuple[list[Key | None], np.ndarray]] = []
        for file in files:
            if column is None:
                break
            if column not in file.schema.names:
                raise PadError(f"{file.name} has no column {column}; it has {file.columns()}.")
            own = file.names(column) or names
            values, numbers = file.values(column)
            keys = [_key(value, own, file) for value in values]
            self.order += own or []
            self.found.append((keys, numbers))
        every = {key for keys, _ in self.found for key in keys}
        if every - {None} != {-1, 1}:  # those are two classes; otherwise −1 means no label
            self.found = [([None if k == -1 else k for k in ks], n) for ks, n in self.found]
        self.known = any(
            keys[number] is not None
            for keys, numbers in self.found
            for number in np.unique(numbers)
            if number >= 0
        )

    def classes(self) -> list[Key]:
        """The keys that occur, in the schema's order or sorted; a single one without labels."""
        if not self.known:
            return [UNLABELLED]
        present = {keys[i] for keys, numbers in self.found for i in np.unique(numbers) if i >= 0}
        present.discard(None)
        kinds = {type(key) for key in present}
        if len(kinds) > 1:
            raise PadError(f"some labels in column {self.column} are numbers, others are texts.")
        if self.order:
            known = [key for key in dict.fromkeys(self.order) if key in present]
            return [*known, *sorted(present - set(known), key=str)]
        numeric = all(isinstance(key, int) or key.isdecimal() for key in present if key is not None)
        return sorted(present, key=int if numeric else str)  # type: ignore[arg-type]

    def numbers(self, classes: Sequence[Key], split: str) -> torch.Tensor:
        """Labels (N,) in 0..K−1; PadError for a row without a label or of another class."""
        if list(classes) == [UNLABELLED]:
            return torch.zeros(self.rows, dtype=torch.int64)
        place: dict[Key | None, int] = {key: i for i, key in enumerate(classes)}
        labels = []
        for keys, numbers in self.found:
            table = np.array([place.get(key, -2) for key in keys] + [-2])  # the last one for null
            labels.append(table[numbers])
            lacking = np.array([key is None for key in keys] + [True])[numbers]
            if lacking.any():
                raise PadError(
                    f"{int(lacking.sum()):,} {split} image(s) have no label (null or -1); remove "
                    "these images, or the labels of all images."
                )
            for number in np.unique(numbers[table[numbers] == -2]):
                raise PadError(f"class {str(keys[number])!r} is in {split} but not in train.")
        return torch.from_numpy(np.concatenate(labels).astype(np.int64))


def _key(value: Any, names: Sequence[str] | None, file: _File) -> Key | None:
    """The key of a label's class, a name or a number; None for no label."""
    if value is None or value != value:  # NaN differs from itself
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("cp1252", "replace")
        return readable(text).strip() or None
    if isinstance(value, float):
        if not value.is_integer():
            raise PadError(f"{file.name} has label {value:g}; labels are whole numbers or texts.")
        value = int(value)
    if names is not None and value != -1:
        if not 0 <= value < len(names):
            raise PadError(
                f"{file.name} has label {value}, but its schema names the classes 0 to "
                f"{len(names) - 1}."
            )
        return names[value]
    return int(value)


def _jpeg_note(encoded: bytes) -> str:
    """A note that JPEG shifts numbers; with its quality, if the first image has standard tables."""

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
