"""Image data sets as 32×32 RGB tensors.

A short text, its spec, names a data set: one of :data:`BUILT_IN`, or a folder in a known format,
``parquet:DIR``, ``folder:DIR`` or ``idx:DIR``. Each becomes two :class:`ImageSet` of uint8
pixels, held in memory once; training scales them batch by batch.
"""

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch

from pad_core.data import builtin as published
from pad_core.data.folders import contents_of_folder, is_annotations, is_picture, load_folder
from pad_core.data.imagesets import (
    UNLABELLED,
    Contents,
    ImageSet,
    NothingThereError,
    OnProgress,
    Parts,
)
from pad_core.data.parquet import contents_of_parquet, is_parquet, load_parquet
from pad_core.data.tree import files_below, readable
from pad_core.errors import PadError

BUILT_IN = tuple(published.KNOWN)
Loader = Callable[[str, Path, OnProgress | None], Parts]
_LOADERS: dict[str, Loader] = {
    "parquet": load_parquet,
    "folder": load_folder,
    "idx": published.load_idx,
}
_CONTENTS: dict[str, Callable[[Path], Contents]] = {
    "parquet": contents_of_parquet,
    "folder": contents_of_folder,
    "idx": published.contents_of_idx,
}
# Files that tell a folder's kind, most telling first: pictures may lie beside parquet files.
_KINDS: dict[str, Callable[[str], bool]] = {
    "parquet": is_parquet,
    "idx": published.is_idx,
    "folder": is_picture,
}


class Place(NamedTuple):
    """Where a spec leads: the format, and the folder or the single parquet file.

    typed: the path as the spec has it, without quotes.
    """

    kind: str
    path: Path
    typed: str


@dataclass(frozen=True, eq=False, repr=False)
class DataSet:
    """A training and a test set over the same classes.

    name: short, safe in file names. spec: what the user typed, with its kind in front.
    class_names: K names by label; one name for pictures without labels. note: where the images
    come from and how they were read, in a few sentences; may be ''.
    """

    name: str
    spec: str
    train: ImageSet
    test: ImageSet
    class_names: tuple[str, ...]
    note: str

    def __repr__(self) -> str:
        return (
            f"<DataSet {self.name}: {len(self.train):,} + {len(self.test):,} images of "
            f"{len(self.class_names)} classes>"
        )

    @property
    def has_classes(self) -> bool:
        """Whether there are two classes or more to tell apart."""
        return len(self.class_names) > 1


def checked(dataset: DataSet) -> DataSet:
    """The data set that a caller gave; PadError for anything else."""
    if not isinstance(dataset, DataSet):
        raise PadError(f"Data are a DataSet that load_dataset gives, not {dataset!r}.")
    return dataset


def load_dataset(
    spec: str | Path, root: Path | str = "data", progress: OnProgress | None = None
) -> DataSet:
    """Load the data set that `spec` names.

    Built in: ``cifar10``, ``svhn``, ``mnist`` and ``fashion-mnist`` are read from `root` in
    torchvision's layout and downloaded there if absent (``fashion-mnist`` also from Debian's
    package dataset-fashion-mnist); ``fashion-mini`` comes with this package.

    - ``parquet:DIR``: files as the Hugging Face hub serves them, or a single file. File or folder
      names tell the splits; labels may be numbers, texts or booleans.
    - ``folder:DIR``: one sub-folder of images a class, optionally under train/ and test/ (or val/);
      or images without labels, which form one class.
    - ``idx:DIR``: the four IDX files of MNIST's format, gzipped or not.

    The path of a folder alone is enough: its files tell the kind. Without a labelled test split,
    a validation split takes its place; without that, a sixth of each class is held out, always
    the same images, and the note says so. 32×32 images stay bit-exact, 28×28 images get a border
    of 2 black pixels, others are cropped to their central square and resized (bicubic,
    antialiased). Grey becomes three equal channels; transparency is laid over white.

    Raises:
        PadError: an unknown spec, missing or damaged files, no network, labels that some images
            lack, or a class with too few images.
    """
    spec = str(spec).strip()
    shown = readable(spec)
    try:
        if spec in BUILT_IN:
            parts = published.load(spec, Path(root), progress)
        else:
            place = _place(spec)
            if shown != spec:  # files record the spec, and it must lead back to the folder
                raise PadError("the name of the folder is not UTF-8; rename it.")
            spec = f"{place.kind}:{place.typed}"
            parts = _load(place, progress)
        return _finish(spec, *parts)
    except (PadError, OSError) as error:  # OSError: no permission, or a file that has just gone
        raise PadError(f"{shown or repr(spec)}: {error}") from error


def is_local(spec: str, root: Path | str = "data") -> bool:
    """Whether `load_dataset` would find the images on this machine, without a download."""
    spec = spec.strip()
    if spec in BUILT_IN:
        return published.is_here(spec, Path(root))
    try:
        _place(spec)
    except PadError:
        return False
    return True


def contents(spec: str, base: Path = Path()) -> Contents:
    """How many images and classes a data set has, told without decoding its pictures.

    Relative paths start from ``base``; errors as of `load_dataset`.
    """
    spec = spec.strip()
    if spec in BUILT_IN:
        known = published.KNOWN[spec]
        return Contents(known.n_train, known.n_test, len(known.class_names))
    try:
        place = _place(spec, base)
        return _CONTENTS[place.kind](place.path)
    except (PadError, OSError) as error:
        raise PadError(f"{readable(spec)}: {error}") from error


def is_data(name: str) -> bool:
    """Whether a file name is one of those that a data set consists of."""
    return is_annotations(name) or any(wanted(name) for wanted in _KINDS.values())


def check_spec(spec: str, base: Path) -> None:
    """PadError unless a spec names a data set; relative paths start from ``base``."""
    if spec.strip() not in BUILT_IN:
        _place(spec.strip(), base)


def _place(spec: str, base: Path = Path()) -> Place:
    """Where a spec outside BUILT_IN leads; PadError if it leads nowhere."""
    kind, colon, directory = spec.partition(":")
    if kind in _LOADERS and colon:
        found = _existing(directory, base)
        if found is None:
            shown = readable(directory[:200])
            raise PadError(f"there is no folder {shown!r}; name an existing one.")
    else:
        found = _existing(spec, base)
        if found is None:
            choices = (*BUILT_IN, *(f"{kind}:DIR" for kind in _LOADERS))
            meant = difflib.get_close_matches(f"{kind}:DIR" if colon else kind, choices, n=1)
            hint = f" (did you mean {meant[0]}?)" if meant else ""
            raise PadError(f"no such data set{hint}; choose one of {', '.join(choices)}.")
        kind = kind_of(found[0])
    path = found[0]
    if not path.is_dir() and not (kind == "parquet" and is_parquet(path.name)):
        advice = "unpack it and name the folder" if _is_archive(path) else "name its folder"
        raise PadError(f"{readable(path.name)!r} is a file; {advice}.")
    return Place(kind, *found)


def _existing(text: str, base: Path) -> tuple[Path, str] | None:
    """The existing folder or file of that path, and the path without quotes around it."""
    bare = text.strip()
    quoted = len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'"
    for typed in (text, bare, bare[1:-1] if quoted else bare):
        try:
            if typed.strip() and (path := base / Path(typed).expanduser()).exists():
                return path, typed
        except (OSError, RuntimeError, ValueError):  # too long, unknown ~user, a null byte
            continue
    return None


def kind_of(path: Path) -> str:
    """The format of a folder, by the files in it and below; 'folder' if they tell nothing."""
    if path.is_file():
        return "parquet" if is_parquet(path.name) else "folder"
    return next((kind for kind, wanted in _KINDS.items() if files_below(path, wanted)), "folder")


def _is_archive(path: Path) -> bool:
    return path.suffix.lower() in (".zip", ".gz", ".tgz", ".tar", ".xz", ".bz2", ".7z", ".rar")


def _load(place: Place, progress: OnProgress | None) -> Parts:
    kind, path, _ = place
    stem = path.resolve()
    name = re.sub(r"[^\w.-]+", "-", stem.stem if path.is_file() else stem.name) or kind
    try:
        return _LOADERS[kind](name, path, progress)
    except NothingThereError as error:
        other = kind_of(path)
        if other == kind or not files_below(path, _KINDS[other]):
            raise
        reason = str(error).removesuffix(".")
        raise PadError(f"{reason}; it looks like {other}:{place.typed}.") from None


def _finish(
    spec: str,
    name: str,
    train: ImageSet,
    test: ImageSet | None,
    class_names: Sequence[str],
    note: str,
) -> DataSet:
    """Check the labels, and hold out a test set if there is none; the note says so."""
    count = len(class_names)
    for split, images in (("training", train), ("test", test)):
        if images is not None:
            _check_labels(split, images, count)
    per_class = torch.bincount(train.labels, minlength=count)
    fewest = int(per_class.min())
    needed = 2 if test is None else 1
    if fewest < needed:
        raise PadError(
            f"class {class_names[int(per_class.argmin())]!r} has {fewest} training image(s); "
            f"it needs at least {needed}{', one to hold out for testing' * (needed - 1)}."
        )
    notes = [note] if note else []
    if count == 1:
        what = "Without labels" if class_names[0] == UNLABELLED else "With one class"
        notes.append(f"{what}; measures by class are left out.")
    if test is None:
        train, test = _hold_out(train, count)
        of = "the images" if count == 1 else "each class"
        notes.append(f"No test split, so a sixth of {of} ({len(test):,} images) was held out.")
    names = tuple(given if given.strip() else f"({i})" for i, given in enumerate(class_names))
    return DataSet(name, spec, train, test, names, " ".join(notes))


def _check_labels(split: str, images: ImageSet, count: int) -> None:
    labels = set(images.labels.tolist())
    if len(images.images) != len(images.labels):
        raise PadError(f"{len(images.images)} {split} images but {len(images.labels)} labels.")
    if not labels:
        raise PadError(f"there are no {split} images.")
    if wrong := labels - set(range(count)):
        raise PadError(
            f"a {split} image has label {min(wrong)}; labels must be 0..{count - 1} without gaps."
        )


def _hold_out(images: ImageSet, count: int) -> tuple[ImageSet, ImageSet]:
    """Split off a sixth of each class, at least one image, by a fixed seed; the order stays."""
    generator = torch.Generator().manual_seed(0)
    held = torch.zeros(len(images), dtype=torch.bool)
    for label in range(count):
        members = (images.labels == label).nonzero().flatten()
        order = torch.randperm(len(members), generator=generator)
        held[members[order[: max(1, round(len(members) / 6))]]] = True
    train, test = (ImageSet(images.images[i], images.labels[i]) for i in (~held, held))
    return train, test
