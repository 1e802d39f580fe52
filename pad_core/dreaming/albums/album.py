"""A folder of pictures with a manifest that makes it again.

The manifest names the kind, all settings, the networks' hashes, the versions and each picture's
hash. The same versions on the same kind of processor give the same bytes; elsewhere sums may be
rounded otherwise, which seldom shows in a pixel's 256 steps.
"""

from __future__ import annotations

import json
import platform
import shlex
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import torch

from pad_core.checkpoint.file import PadNetwork, load
from pad_core.data.images import picture_grid, png_bytes
from pad_core.errors import PadError
from pad_core.system.files import MAX_JSON_BYTES, parse_json, read_bytes, write_atomically

FORMAT, FORMAT_VERSION = "pad-dreams", 1
MANIFEST = "manifest.json"
_PACKAGES = ("torch", "numpy", "pillow")

Settings = Mapping[str, Any]


class Setting(NamedTuple):
    """What can be set of a kind.

    usual: the value unless another is given, a whole number, a float or a text; allowed: a range
    of whole numbers or those to choose from, lowest and highest float, texts to choose from, or a
    function that raises PadError for a text that won't do; about: what it is, for people.
    """

    usual: int | float | str
    allowed: range | tuple[float, ...] | tuple[str, ...] | Callable[[str], object]
    about: str


class Album(NamedTuple):
    """What a kind makes: PNG files by name, and facts of them that JSON can hold."""

    pictures: dict[str, bytes]
    facts: dict[str, Any]


class Kind(NamedTuple):
    """A kind of dreams: what it is in a line, its settings, and what makes an album of networks.

    many: whether several networks can be given.
    """

    about: str
    settings: Mapping[str, Setting]
    make: Callable[[Sequence[PadNetwork], Settings], Album]
    many: bool = True


def choose(kind: Kind, given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a kind, those that are given as texts or values checked.

    Raises:
        PadError: an unknown setting, or a value out of range.
    """
    unknown = sorted(set(given) - set(kind.settings))
    if unknown:
        raise PadError(
            f"There is no setting {unknown[0][:40]!r}; there are {', '.join(kind.settings)}."
        )
    chosen: dict[str, Any] = {name: setting.usual for name, setting in kind.settings.items()}
    return chosen | {name: _read(name, kind.settings[name], given[name]) for name in given}


def files(
    name: str, kind: Kind, networks: Sequence[PadNetwork], settings: Settings
) -> dict[str, bytes]:
    """Make an album: its PNG files and its manifest, by name.

    Raises:
        PadError: several networks for a kind that dreams of one; what the kind refuses.
    """
    if not kind.many and len(networks) > 1:
        raise PadError(f"'{name}' dreams of one network; give one checkpoint.")
    album = kind.make(networks, settings)
    manifest = _manifest(name, networks, settings, album)
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    return {**album.pictures, MANIFEST: text.encode()}


def write(
    name: str, kind: Kind, networks: Sequence[PadNetwork], settings: Settings, out: Path
) -> dict[str, Any]:
    """Make an album in a folder, which is new or empty; returns its manifest.

    Raises:
        PadError: the folder can't be written or has something in it; what ``files`` refuses.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise PadError(f"--out {out} is there already; name a new or empty folder.")
    made = files(name, kind, networks, settings)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PadError(f"Cannot make the folder {out}: {error.strerror}.") from None
    for file, content in made.items():
        write_atomically(out / file, content)
    return json.loads(made[MANIFEST])  # type: ignore[no-any-return]


def read(path: Path) -> dict[str, Any]:
    """The manifest in a folder, or a manifest's file; PadError where it is none of ours."""
    path = path / MANIFEST if path.is_dir() else path
    try:
        manifest = parse_json(read_bytes(path, MAX_JSON_BYTES))
    except PadError as error:
        raise PadError(f"{path} is no manifest of dreams: {error}") from None
    version = manifest.get("format_version") if isinstance(manifest, dict) else None
    if version is None or manifest.get("format") != FORMAT or not isinstance(version, int):
        raise PadError(f"{path} is no manifest of dreams.")
    if version > FORMAT_VERSION:
        raise PadError(f"{path} was written by a newer version; update this program.")
    parts = {"kind": str, "settings": dict, "networks": list, "pictures": dict}
    wrong = [part for part, kind in parts.items() if not isinstance(manifest.get(part), kind)]
    if wrong:
        raise PadError(f"{path} is damaged: its {wrong[0]} can't be read.")
    return manifest


def find_networks(manifest: Mapping[str, Any], given: Sequence[Path]) -> list[PadNetwork]:
    """The networks of a manifest, from the files given, or from where they were.

    Raises:
        PadError: one is missing, or another one now.
    """
    wanted = manifest["networks"]
    paths = given or [Path(str(one.get("path"))) for one in wanted if isinstance(one, dict)]
    if len(paths) != len(wanted):
        raise PadError(f"The manifest names {len(wanted)} networks; give as many checkpoints.")
    try:
        found = [load(path) for path in paths]
    except PadError as error:
        if given or not isinstance(error.__context__, OSError):
            raise
        raise PadError(
            f"{error} Name the checkpoints that the manifest means after the folder of dreams: "
            "dream rebuild FOLDER CHECKPOINT … --out NEW."
        ) from None
    for one, network in zip(wanted, found, strict=True):
        if one.get("weights_sha256") != network.header.weights_sha256:
            raise PadError(
                f"{network.path} is not the network of these dreams, {str(one.get('name'))[:80]}; "
                "give its checkpoint."
            )
    return found


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Names of pictures that are not the same in two manifests."""
    names = sorted({*one["pictures"], *other["pictures"]})
    return [name for name in names if one["pictures"].get(name) != other["pictures"].get(name)]


def _read(name: str, setting: Setting, given: Any) -> Any:
    usual, allowed, _ = setting
    refused = PadError(f"The setting {name} is {told(setting)}, not {str(given)[:60]!r}.")
    if callable(allowed):
        allowed(str(given))
        return str(given)
    try:
        value = type(usual)(given)
    except (TypeError, ValueError):
        raise refused from None
    if isinstance(value, float):
        low, high = (float(bound) for bound in allowed)  # NaN lies between no two numbers
        right = low <= value <= high
    else:
        right = value in allowed
    if not right:
        raise refused
    return value


def told(setting: Setting) -> str:
    """What a setting may be, for people."""
    if callable(setting.allowed):
        return "a text"
    if isinstance(setting.allowed, range):
        return f"a whole number from {setting.allowed[0]} to {setting.allowed[-1]}"
    if isinstance(setting.usual, float):
        return "from {:g} to {:g}".format(*setting.allowed)
    return f"one of {', '.join(map(str, setting.allowed))}"


def _manifest(
    name: str, networks: Sequence[PadNetwork], settings: Settings, album: Album
) -> dict[str, Any]:
    files = [str(network.path) for network in networks]
    command = ["python", "-m", "pad_core", "dream", name, *files, "--out", "FOLDER"]
    for setting, value in settings.items():
        command += ["--set", f"{setting}={value}"]
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "kind": name,
        "settings": dict(settings),
        "networks": [
            {
                "path": str(network.path),
                "name": network.name,
                "sha256": network.sha256,
                "weights_sha256": network.header.weights_sha256,
            }
            for network in networks
        ],
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in _PACKAGES},
        },
        "command": shlex.join(command),
        "facts": album.facts,
        "pictures": {file: sha256(content).hexdigest() for file, content in album.pictures.items()},
    }


def tiles(images: torch.Tensor, columns: int, scale: int = 4) -> bytes:
    """Images (N, 3, H, W), uint8 or float in [−1, 1], row by row as a PNG, pixels enlarged."""
    return png_bytes(picture_grid(images, columns, gap_px=2, background=255), scale)


def rounded(values: torch.Tensor) -> list[float]:
    """Numbers of each picture for a manifest."""
    return [round(value, 4) for value in values.tolist()]
