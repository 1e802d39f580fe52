"""Make an exported file again from what it says of itself, and compare the bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from explorer.journal.archive import Find, differing_versions, remake, unpack
from explorer.journal.entry import Source
from explorer.journal.exports import read_manifest
from pad_core.checkpoint.file import PadNetwork, load, load_header
from pad_core.errors import PadError
from pad_core.system.files import file_sha256, read_bytes, write_atomically

SAME, DIFFERENT = 0, 1
_MOST = 1_000_000_000  # bytes of an archive


def rebuild(source: Path, out: Path, places: Sequence[Path]) -> tuple[int, str]:
    """Write ``out`` anew from the manifest in ``source``.

    Args:
        source: a PNG, GIF, CSV or zip that the explorer exported, or a manifest as JSON.
        places: checkpoints, or folders of them, to look for the networks in.

    Returns:
        Exit status and a sentence: 0 where the bytes are the source's (or the source is a
        manifest alone), 1 where they differ.

    Raises:
        PadError: there is no manifest in it, or a network can't be found.
    """
    torch.set_num_threads(1)  # as in the explorer: sums are rounded in the same order
    content = read(source)
    if out.exists() and (out.is_dir() or out.samefile(source)):
        raise PadError(f"--out {out} is a folder, or the file itself; give another name.")
    manifest = unpack(content) if content[:4] == b"PK\x03\x04" else read_manifest(content)
    made = remake(manifest, finder(places))
    write_atomically(out, made)
    size = f"{out}: {len(made):,} bytes"
    if content[:1] == b"{":
        return SAME, f"{size}, made from the manifest."
    if made == content:
        return SAME, f"{size}, the same as in {source}."
    others = differing_versions(manifest)
    why = f"made with {'; '.join(others)}" if others else "though all versions are the same"
    return DIFFERENT, f"{size}, not the same as in {source}: {why}."


def read(path: Path) -> bytes:
    """The file's bytes; PadError says why it can't be read."""
    return read_bytes(path, _MOST)


def finder(places: Sequence[Path]) -> Find:
    """A function that finds and loads networks among files and below folders, each once."""
    loaded: dict[str, PadNetwork] = {}

    def find(source: Source) -> PadNetwork:
        if source.sha256 not in loaded:
            loaded[source.sha256] = _find(source, places)
        return loaded[source.sha256]

    return find


def _find(source: Source, places: Sequence[Path]) -> PadNetwork:
    alike = [path for path in _files(places) if _weights(path) == source.weights_sha256]
    # The very file if it is here, else one with the same weights and memories.
    for path in sorted(alike, key=lambda path: file_sha256(path) != source.sha256):
        network = load(path)
        if source.is_in(network):
            return network
    looked = ", ".join(map(str, places))
    raise PadError(
        f"The network {source.name} (file sha256 {source.sha256[:12]}…) is not in {looked}; "
        f"give its file or folder with --checkpoint."
    )


def _files(places: Sequence[Path]) -> list[Path]:
    files = []
    for place in places:
        files += sorted(place.rglob("*.safetensors")) if place.is_dir() else [place]
    return files


def _weights(path: Path) -> str | None:
    try:
        return load_header(path).weights_sha256
    except PadError:  # another program's, or a run's own state: not what is looked for
        return None
