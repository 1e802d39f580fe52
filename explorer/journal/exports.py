"""Files that leave the explorer, each with the proof of how it was made.

A file carries a manifest: the network's hashes, the dream's choices, the versions, and the
command that makes the file again. ``make`` turns a manifest and its network into bytes, the
same bytes on the same versions and the same kind of CPU. (Elsewhere sums may be rounded
otherwise; pixels have 256 steps, so that this seldom shows, but it can.)
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import torch
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from explorer.dreaming.dreams import mix, perturb
from explorer.dreaming.walks import ALONG, frames, table
from explorer.journal.entry import Kept, versions
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX, picture_grid
from pad_core.errors import PadError
from pad_core.system.declared import check
from pad_core.system.files import plain

FORMAT, FORMAT_VERSION = "pad-dream-explorer", 1
_CHUNK = "pad-dream-explorer"  # the PNG's text chunk
_MAX_MANIFEST = 200_000  # bytes of one file's; with two pictures and long notes it has 30,000
_WALK_COLUMNS = 4
_MARK, _TRACK = (68, 83, 196), (200, 202, 214)

# What can be set of each kind of file: what it is unless told, and what it may be.
Settings = Mapping[str, Any]
SETTINGS: dict[str, dict[str, tuple[Any, Any]]] = {
    "picture": {"scale": (4, range(1, 17)), "gap_px": (2, range(9))},
    "walk": {
        "along": ("lam", ALONG),
        "steps": (25, range(2, 121)),
        "step_ms": (80, range(20, 1001, 10)),  # GIF counts in hundredths
        "scale": (4, range(1, 17)),
    },
    "table": {"provenance": ("last column", ("last column",))},
}
# Tables of earlier versions have no settings: their manifest is a comment in the first line.
_FORMER: dict[str, Settings] = {"table": {}}
_PROVENANCE = "provenance"  # the column whose first cell holds a table's manifest
ENDINGS = {"picture": "png", "walk": "gif", "table": "csv"}


class Made(TypedDict):
    """What every manifest says: with which versions its file was made."""

    versions: dict[str, str]


class _Manifest(Made):
    """What a single file says of itself beside its kind; a dream checks itself."""

    settings: dict[str, Any]
    dream: dict[str, Any]


@dataclass(frozen=True)
class Export:
    """One file of one dream, to be made or made.

    kind: 'picture', 'walk' or 'table'; settings: those of ``SETTINGS``; versions: of what it
    is made with.
    """

    kind: str
    kept: Kept
    settings: Settings
    versions: Mapping[str, str]

    @classmethod
    def of(cls, kind: str, kept: Kept, **settings: Any) -> Export:
        """A file to be made now; settings that aren't given are the usual ones."""
        usual = {name: value for name, (value, _) in SETTINGS[kind].items()}
        return cls(kind, kept, usual | settings, versions())

    @property
    def file_name(self) -> str:
        """What the file is called unless someone calls it otherwise."""
        what = f"walk-{self.settings['along']}" if self.kind == "walk" else self.kind
        return f"{slug(self.kept.heading)}-{what}.{ENDINGS[self.kind]}"

    def manifest(self) -> dict[str, Any]:
        """What the file says of itself."""
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "kind": self.kind,
            "settings": dict(self.settings),
            "dream": self.kept.to_dict(),
            "versions": dict(self.versions),
            "command": f"python -m explorer rebuild {self.file_name} --out again-{self.file_name}",
        }

    @classmethod
    def from_manifest(cls, given: Any) -> Export:
        """Check a manifest that came with a file; PadError names what is wrong with it."""
        check_format(given)
        kind = given.get("kind")
        if not isinstance(kind, str) or kind not in SETTINGS:
            raise PadError(f"The manifest is of an unknown kind, {str(kind)[:40]!r}.")
        manifest = checked(given, _Manifest)
        settings = manifest["settings"]
        if settings != _FORMER.get(kind) and set(settings) != set(SETTINGS[kind]):
            raise PadError(f"The manifest is damaged: its settings are not those of a {kind}.")
        for name, value in settings.items():
            usual, allowed = SETTINGS[kind][name]
            if type(value) is not type(usual) or value not in allowed:
                raise PadError(f"The manifest's {name} = {str(value)[:40]} is out of range.")
        return cls(kind, Kept.from_dict(manifest["dream"]), settings, manifest["versions"])


def check_format(given: Any) -> None:
    """Refuse what isn't a manifest, or is one of a newer version of the explorer."""
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        raise PadError("This is no manifest of the PAD dream explorer.")
    version = given.get("format_version")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise PadError(
            f"The manifest has format version {str(version)[:20]}, this program reads up to "
            f"{FORMAT_VERSION}; update it."
        )


def checked(manifest: Any, declared: type) -> Any:
    """What a manifest says as a ``Made`` or more, its versions printable; PadError where not."""
    try:
        found = check("", manifest, declared)
        return found | {"versions": plain(found["versions"])}
    except PadError as error:
        raise PadError(f"The manifest is damaged: {error}") from None


def make(export: Export, network: PadNetwork) -> bytes:
    """The file; the same bytes whenever and wherever it is made, as far as floats allow.

    Raises:
        PadError: the network is another one than the dream's.
    """
    kept = export.kept
    if not kept.source.is_in(network):
        raise PadError(f"{network.path} is not the network of this dream, {kept.source.name}.")
    text = canonical(export.manifest())
    if export.kind == "picture":
        return _png(picture(network, kept, **export.settings), text)
    if export.kind == "walk":
        return _gif(network, export, text)
    return _csv(network, kept, text, former=export.settings == _FORMER["table"])


def picture(network: PadNetwork, kept: Kept, scale: int, gap_px: int) -> Image.Image:
    """Memories, NREM dreams, what is recovered, second memories, REM dreams: a row each."""
    recalled = kept.recall(network)
    rows = [
        recalled.picture,
        perturb(network, recalled, kept.dream).picture,
        mix(network, recalled, kept.dream).picture,
    ]
    grid = picture_grid(_tiles(np.concatenate(rows)), len(recalled), gap_px, background=255)
    return _enlarged(Image.fromarray(grid), scale)


def read_manifest(content: bytes) -> dict[str, Any]:
    """The manifest that a PNG, a GIF or a CSV carries, or that a JSON file is.

    Raises:
        PadError: there is none in it.
    """
    if content[:1] == b"{":
        text = content
    elif content[:1] == b"#":
        text = content[: _MAX_MANIFEST + 3].split(b"\n", 1)[0].lstrip(b"# ")
    elif content.startswith(b"picture,"):
        text = _provenance(content)
    else:
        text = _embedded(content)
    manifest = manifest_of(text, _MAX_MANIFEST)
    if manifest is None:
        raise PadError("The file carries no manifest of the PAD dream explorer.")
    check_format(manifest)
    return manifest  # type: ignore[no-any-return]


def manifest_of(text: bytes, most: int) -> Any:
    """A manifest as its text says; None where it is no JSON.

    JSON of nothing but brackets takes some 30 times its size in memory, and a server's time: real
    manifests have one in 100 characters.

    Raises:
        PadError: the text is larger than ``most`` bytes, or almost all brackets.
    """
    if len(text) > most or text.count(b"[") + text.count(b"{") > 100 + len(text) // 20:
        raise PadError(f"The manifest is damaged: it is larger than {most / 1e6:g} MB, or empty.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def canonical(manifest: Mapping[str, Any]) -> str:
    """A manifest as text in ASCII, the same for the same content."""
    return json.dumps(manifest, sort_keys=True, separators=(",", ":"))


def slug(text: str) -> str:
    """A title as part of a file's name on any system."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "dream"


def _embedded(content: bytes) -> bytes:
    """What stands in a picture's head; its pixels are not looked at."""
    head = io.BytesIO(content[: 2 * _MAX_MANIFEST])
    try:
        with Image.open(head, formats=("PNG", "GIF")) as image:
            found = image.info.get(_CHUNK) or image.info.get("comment") or b""
    except Image.DecompressionBombError:
        raise PadError("The picture has more pixels than any that the explorer makes.") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise PadError("The file is neither PNG, GIF, CSV, zip nor a manifest.") from None
    return found.encode("utf-8", "replace") if isinstance(found, str) else bytes(found)


def _tiles(atlas: np.ndarray) -> torch.Tensor:
    """An atlas without gaps (32·rows, 32·columns, 3) → uint8 images (N, 3, 32, 32)."""
    height, width, channels = atlas.shape
    tiles = atlas.reshape(height // SIDE_PX, SIDE_PX, width // SIDE_PX, SIDE_PX, channels)
    tiles = tiles.transpose(0, 2, 4, 1, 3).reshape(-1, channels, SIDE_PX, SIDE_PX)
    return torch.from_numpy(tiles.copy())


def _enlarged(image: Image.Image, scale: int) -> Image.Image:
    size = (image.width * scale, image.height * scale)
    return image.resize(size, Image.Resampling.NEAREST)


def _png(image: Image.Image, text: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text(_CHUNK, text)
    file = io.BytesIO()
    image.save(file, format="PNG", pnginfo=info)
    return file.getvalue()


def _gif(network: PadNetwork, export: Export, text: str) -> bytes:
    """There and back, so that it goes round without a jump; a mark below says where it is."""
    settings = export.settings
    steps = settings["steps"]
    there = []
    recalled, dream = export.kept.recall(network), export.kept.dream
    walk = frames(network, recalled, dream, settings["along"], steps)
    for i, images in enumerate(walk):
        grid = picture_grid(images, _WALK_COLUMNS, gap_px=1, background=255)
        grid = np.concatenate([grid, _mark(grid.shape[1], i / (steps - 1))])
        # Colours are chosen at native size, for each step anew; no dithering blurs a pixel.
        small = Image.fromarray(grid).quantize(256, dither=Image.Dither.NONE)
        there.append(_enlarged(small, settings["scale"]))
    first, *others = there + there[-2:0:-1]
    file = io.BytesIO()
    first.save(
        file,
        format="GIF",
        save_all=True,
        append_images=others,
        duration=settings["step_ms"],
        loop=0,
        comment=text.encode("ascii"),
    )
    return file.getvalue()


def _mark(width: int, share: float) -> np.ndarray:
    """A line with a mark at ``share`` of its length: uint8 (4, width, 3)."""
    line = np.full((4, width, 3), 255, np.uint8)
    line[2] = _TRACK
    start = round(share * (width - 6))
    line[1:4, start : start + 6] = _MARK
    return line


def _csv(network: PadNetwork, kept: Kept, text: str, former: bool) -> bytes:
    """The table, with its manifest in the first row's last cell: any spreadsheet opens it."""
    file = io.StringIO()
    if former:
        file.write(f"# {text}\n")
    writer: csv.DictWriter[str] | None = None
    for row in table(network, kept.recall(network), kept.dream):
        cells = row if former else row | {_PROVENANCE: "" if writer else text}
        if writer is None:
            writer = csv.DictWriter(file, cells.keys(), lineterminator="\n")
            writer.writeheader()
        writer.writerow(cells)
    return file.getvalue().encode()


def _provenance(content: bytes) -> bytes:
    """The last cell of a table's first row, if that column is the provenance's."""
    names, _, rows = content.partition(b"\n")
    first = rows[: 2 * _MAX_MANIFEST].split(b"\n", 1)[0].decode("utf-8", "replace")
    try:
        cells = next(csv.reader([first]), [])
    except csv.Error:  # longer than any manifest
        cells = []
    return cells[-1].encode() if cells and names.endswith(f",{_PROVENANCE}".encode()) else b""
