"""A user's own pictures in folders: one folder a class, or one folder without labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch

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
)
from pad_core.data.tree import files_below, readable, split_of, sub_folders
from pad_core.errors import PadError

PICTURES = {
    ".avif", ".bmp", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png",
    ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp",
}  # fmt: skip
Labelled = list[tuple[Path, str]]  # pictures with their class names


def load_folder(name: str, folder: Path, progress: OnProgress | None) -> Parts:
    """Load pictures in one folder a class, perhaps under folders named after splits; or in one.

    Without a labelled test split, a validation split takes its place. Its classes may stand in a
    file of annotations, as in tiny-imagenet.

    Raises:
        PadError: no picture, a class without one, a class that only the test split has, or
            pictures that can't be read.
    """
    files, class_names, notes = _listed(folder)
    each = {s: Pictures(len(found), partial(_each, found, folder)) for s, found in files.items()}
    images, scaled = decode(each, progress)
    place = {class_name: label for label, class_name in enumerate(class_names)}
    sets = {}
    for split, pictures in files.items():
        labels = torch.tensor([place[name] for _, name in pictures], dtype=torch.int64)
        sets[split] = ImageSet(images[split], labels)
    note = " ".join(filter(None, [*notes, scaled]))
    return Parts(name, sets["train"], sets.get("test"), class_names, note)


def contents_of_folder(folder: Path) -> Contents:
    """What is in it, by names alone; errors as of `load_folder`."""
    files, class_names, _ = _listed(folder)
    return Contents(len(files["train"]), len(files.get("test", ())), len(class_names))


def is_annotations(name: str) -> bool:
    """Whether a file name is that of a file with the classes of pictures."""
    return name.lower().endswith("annotations.txt")


def is_picture(name: str) -> bool:
    """Whether a file name is that of a picture."""
    return Path(name).suffix.lower() in PICTURES


def _listed(folder: Path) -> tuple[dict[str, Labelled], list[str], list[str]]:
    """The pictures of each split, the names of the classes, and notes."""
    splits = _splits(folder)
    train = _of_classes(splits["train"])
    class_names = sorted({class_name for _, class_name in train})
    files, notes = {"train": train}, []
    for split in ("test", "validation"):
        if split in splits and "test" not in files:
            found = _of_split(splits[split], class_names)
            if found is None:
                notes.append(f"No labels in {readable(splits[split].name)}.")
            else:
                files["test"] = found
    return files, class_names, notes


def _each(pictures: Labelled, folder: Path) -> Iterator[Picture]:
    for path, _ in pictures:
        yield Picture(readable(path.relative_to(folder).as_posix()), path)


def _splits(folder: Path) -> Mapping[str, Path]:
    """The folder of each split; without split folders, the folder itself is the training split.

    Folders such as 'train' and 'test', 'Training' and 'Testing' or 'seg_train' and 'seg_test' are
    splits. One that has no sub-folder and stands among other folders is a class.
    """
    folder = _unpacked(folder)
    inside = sub_folders(folder)
    by_rest: dict[str, dict[str, list[Path]]] = {}
    for sub in inside:
        if told := split_of(readable(sub.name)):
            by_rest.setdefault(told.rest, {}).setdefault(told.kind, []).append(sub)
    only_splits = all(split_of(readable(sub.name)) for sub in inside)
    for _, found in sorted(by_rest.items()):
        if "train" in found and (only_splits or sub_folders(found["train"][0])):
            for kind, folders in found.items():
                if len(folders) > 1:
                    names = " and ".join(readable(one.name) for one in folders)
                    raise PadError(f"{names} are both the {kind} split; leave one out.")
            return {kind: _unpacked(folders[0], kind) for kind, folders in found.items()}
    return {"train": folder}


def _unpacked(folder: Path, kind: str = "") -> Path:
    """The folder that holds the content of an unpacked archive, which may be one level deeper.

    kind: of a split; only a sub-folder named after the same split counts then.
    """
    inside = sub_folders(folder)
    while len(inside) == 1 and not _has_pictures(folder) and not _has_pictures(inside[0]):
        told = split_of(readable(inside[0].name))
        if not sub_folders(inside[0]) or (kind and (told is None or told.kind != kind)):
            break
        folder, inside = inside[0], sub_folders(inside[0])
    return folder


def _of_classes(folder: Path) -> Labelled:
    """The training pictures. Classes take turns, so that the first n pictures mix them."""
    folders = sub_folders(folder)
    if len(folders) < 2 and _has_pictures(folder):
        return [(path, UNLABELLED) for path in files_below(folder, is_picture)]
    if not folders:
        raise NothingThereError(f"{readable(str(folder))} holds no picture{_others(folder)}.")
    return _in_turns(folders)


def _of_split(folder: Path, class_names: Sequence[str]) -> Labelled | None:
    """A test split's pictures; None if they have no labels.

    Raises:
        PadError: a class that is not in ``class_names``.
    """
    if class_names == [UNLABELLED]:
        found = files_below(folder, is_picture)
        return [(path, UNLABELLED) for path in found] or None
    noted = _annotated(folder)
    folders = sub_folders(folder)
    names = {readable(sub.name) for sub in folders}
    if not noted and len(names - set(class_names)) == len(names) <= 1:
        return None  # no folder, or one that is no class, such as 'images'
    pictures = noted or _in_turns(folders)
    unknown = {class_name for _, class_name in pictures} - set(class_names)
    if unknown:
        raise PadError(f"class {min(unknown)!r} is in {readable(folder.name)} but not in train.")
    return pictures


def _annotated(folder: Path) -> Labelled:
    """Pictures whose classes stand in a file such as val_annotations.txt; none without one."""
    noted: dict[str, str] = {}
    for path in files_below(folder, is_annotations):
        for line in path.read_text("utf-8", errors="replace").splitlines():
            parts = re.split(r"[\t,;]", line)
            if len(parts) > 1:
                noted[parts[0].strip()] = readable(parts[1].strip())
    found = [(path, noted.get(path.name, "")) for path in files_below(folder, is_picture) if noted]
    lacking = [path for path, class_name in found if not class_name]
    if lacking and len(lacking) < len(found):
        raise PadError(f"{readable(str(lacking[0]))} is not in the file of annotations.")
    return [] if lacking else found


def _in_turns(folders: Sequence[Path]) -> Labelled:
    """Pictures of class folders in turns: the first of each class, then the second of each."""
    by_class: dict[str, list[Path]] = {}
    for folder in folders:
        paths = files_below(folder, is_picture)
        if not paths:
            raise NothingThereError(
                f"the class folder {readable(str(folder))} holds no picture{_others(folder)}."
            )
        by_class.setdefault(readable(folder.name), []).extend(paths)
    turns = [
        (turn, class_name, path)
        for class_name, paths in by_class.items()
        for turn, path in enumerate(sorted(paths))
    ]
    return [(path, class_name) for _, class_name, path in sorted(turns)]


def _has_pictures(folder: Path) -> bool:
    return any(is_picture(path.name) and not path.name.startswith(".") for path in folder.iterdir())


def _others(folder: Path) -> str:
    """In words, the files that are there instead of pictures."""
    suffixes = Counter(path.suffix.lower() for path in files_below(folder, lambda name: True))
    if not suffixes:
        return ""
    (suffix, n), *_ = suffixes.most_common(1)
    return f" that can be read, but {n} {suffix or 'other'} file{'s' * (n > 1)}"
