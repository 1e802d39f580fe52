"""Image data sets as 32×32 RGB tensors.

A data set is named by a short text, its spec: one of :data:`BUILT_IN`, or a folder in a known
format, ``parquet:DIR``, ``folder:DIR`` or ``idx:DIR``. However it is stored, it becomes two
:class:`ImageSet` of uint8 pixels, held once; training scales them batch by batch.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from pad_core.data import builtin as published
from pad_core.data.folders import load_folder, load_parquet
from pad_core.data.imagesets import ImageSet, Parts, Progress
from pad_core.errors import PadError

BUILT_IN = tuple(published.KNOWN)


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
    return published.is_here(spec, Path(root))


def _load(spec: str, root: Path, progress: Progress | None) -> Parts:
    kind, colon, directory = spec.partition(":")
    if spec in BUILT_IN:
        return published.load(spec, root, progress)
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
        return load_parquet(name, folder, progress)
    if kind == "folder":
        return load_folder(name, folder, progress)
    return published.load_idx(name, folder, progress)


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
