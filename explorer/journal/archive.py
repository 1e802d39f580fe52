"""A journal as one zip: files of its dreams, a README, and a manifest that makes it again."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypedDict

from explorer.journal.entry import Kept, Source, versions
from explorer.journal.exports import (
    FORMAT,
    FORMAT_VERSION,
    Export,
    Made,
    check_format,
    checked,
    make,
    manifest_of,
    slug,
)
from pad_core.checkpoint.file import PadNetwork
from pad_core.errors import PadError

NAME = "dream-journal.zip"
_MANIFEST = "manifest.json"
_MAX_MANIFEST_BYTES = 50_000_000  # 5,000 dreams with two files each
_MAX_FILES = 50_000
_SAME_TIME = (1980, 1, 1, 0, 0, 0)  # a zip's earliest: the bytes don't depend on the clock
_README = """\
Dreams of PAD networks (perturbed and adversarial dreaming, Deperrois et al., eLife 2022),
kept in the journal of the PAD dream explorer.

manifest.json says how each file was made: the network's SHA-256, what was chosen in the
explorer, and with which versions. The explorer's Journal page opens this zip, and this command,
in the explorer's folder, makes it again, with the same bytes where versions and CPU are of
the same kind:

    {command}

Pictures have a row each of memories, NREM dreams, what is recovered from them, second
memories, REM dreams. Walks lead from the first memories to the second (lam), from noise to
memories (lam_prime), or along a principal component of the memories (pc1 ...), and back.
Tables hold latents and scores; their first line is the manifest, as a comment.

{contents}
"""
Find = Callable[[Source], PadNetwork]
Progress = Callable[[int], None]


class _File(TypedDict):
    manifest: dict[str, Any]


class _Archive(Made):
    """What an archive says of itself; its dreams, and what its files say, check themselves."""

    dreams: list[dict[str, Any]]
    files: list[_File]


def pack(
    dreams: Sequence[Kept],
    exports: Iterable[Export],
    find: Find,
    made_with: dict[str, str] | None = None,
    progress: Progress = lambda done: None,
) -> bytes:
    """Make a zip of dreams.

    Args:
        dreams: all that stand in the manifest, and can be opened again.
        exports: the files, each of one of the dreams whose network ``find`` finds.
        made_with: what the archive says it was made with; the versions at hand unless told.
        progress: told how many files are done.

    Raises:
        PadError: a network can't be had.
    """
    files: dict[str, bytes] = {}
    entries = []
    places = {kept.id: f"{i:03d}-{slug(kept.heading)}" for i, kept in enumerate(dreams, start=1)}
    for export in exports:
        name = f"{places[export.kept.id]}/{export.file_name}"
        files[name] = make(export, find(export.kept.source))
        sha256 = hashlib.sha256(files[name]).hexdigest()
        entries.append({"name": name, "sha256": sha256, "manifest": export.manifest()})
        progress(len(files))
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "kind": "archive",
        "dreams": [kept.to_dict() for kept in dreams],
        "files": entries,
        "versions": made_with or versions(),
        "command": f"python -m explorer rebuild {NAME} --out again-{NAME}",
    }
    contents = "\n".join(f"{places[kept.id]}: {kept.source.name}" for kept in dreams)
    readme = _README.format(command=manifest["command"], contents=contents)
    text = json.dumps(manifest, indent=1, sort_keys=True)
    if len(text) > _MAX_MANIFEST_BYTES or len(files) > _MAX_FILES - 2:
        raise PadError(
            f"{len(dreams):,} dreams with {len(files):,} files are more than one archive holds; "
            "choose fewer kinds of files."
        )
    files = {"README.txt": readme.encode(), _MANIFEST: text.encode(), **files}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            # Pictures are packed already; unpacked, the rest doesn't depend on zlib's version.
            member = zipfile.ZipInfo(name, _SAME_TIME)
            member.external_attr = 0o644 << 16
            member.create_system = 3  # else the bytes would say which system made them
            archive.writestr(member, content)
    return file.getvalue()


def unpack(content: bytes) -> dict[str, Any]:
    """The manifest of a zip that ``pack`` made; PadError where it is none."""
    if content.count(b"PK\x01\x02") > _MAX_FILES:  # what each file's entry begins with
        raise PadError(f"The zip holds more than {_MAX_FILES:,} files.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            info = archive.getinfo(_MANIFEST)
            # Text is packed to a tenth; a thousandth is a bomb.
            if info.file_size > min(_MAX_MANIFEST_BYTES, 100 * info.compress_size):
                raise PadError(f"The zip's {_MANIFEST} is too large.")
            with archive.open(info) as file:
                manifest = manifest_of(file.read(_MAX_MANIFEST_BYTES + 1), _MAX_MANIFEST_BYTES)
            if manifest is None:
                raise ValueError
    except KeyError:
        raise PadError(f"The zip holds no {_MANIFEST} of the PAD dream explorer.") from None
    except (zipfile.BadZipFile, ValueError, RecursionError, NotImplementedError, OSError,
            RuntimeError, EOFError):  # fmt: skip
        raise PadError("The zip is damaged; fetch or make it again.") from None
    check_format(manifest)
    return manifest  # type: ignore[no-any-return]


def dreams_of(manifest: dict[str, Any]) -> list[Kept]:
    """The dreams that a manifest, of an archive or of one file, tells of."""
    if manifest.get("kind") != "archive":
        return [Export.from_manifest(manifest).kept]
    return [Kept.from_dict(given) for given in checked(manifest, _Archive)["dreams"]]


def remake(manifest: dict[str, Any], find: Find) -> bytes:
    """The file, or the archive, that a manifest tells of, made again."""
    if manifest.get("kind") != "archive":
        export = Export.from_manifest(manifest)
        return make(export, find(export.kept.source))
    dreams = dreams_of(manifest)
    declared = checked(manifest, _Archive)
    exports = [Export.from_manifest(file["manifest"]) for file in declared["files"]]
    known = {kept.id for kept in dreams}
    if not all(export.kept.id in known for export in exports):
        raise PadError("The manifest is damaged: a file is of none of its dreams.")
    return pack(dreams, exports, find, declared["versions"])


def differing_versions(manifest: dict[str, Any]) -> list[str]:
    """What was another version when the manifest's file was made: 'torch 2.6.0, here 2.7.1'."""
    then = checked(manifest, Made)["versions"]
    return [
        f"{name} {then.get(name, '?')[:60]}, here {version}"
        for name, version in versions().items()
        if then.get(name) != version
    ]
