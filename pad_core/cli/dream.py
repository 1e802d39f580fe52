"""``dream``: dreams of a kind as a folder of pictures, and the same folder made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from pad_core.cli.options import Option
from pad_core.cli.shared import as_pairs
from pad_core.errors import PadError, closest

REBUILD = "rebuild"


@dataclass(frozen=True)
class Dream:
    """Make a folder of dreams, with a manifest that makes it again."""

    kind: Annotated[
        str, Option(positional=True), Meta(description="of dreams; 'list' tells all kinds, "
        f"'{REBUILD}' makes the folder or manifest that is named next again")
    ]  # fmt: skip
    files: Annotated[
        tuple[Path, ...],
        Option(positional=True, metavar="CHECKPOINT"),
        Meta(
            description=f"the networks that dream; after '{REBUILD}' and its folder only where "
            "they lie elsewhere than the manifest says"
        ),
    ] = ()
    out: Annotated[
        Path | None, Option("--out", "-o"), Meta(description="new folder for the pictures")
    ] = None
    settings: Annotated[
        tuple[str, ...],
        Option("--set", metavar="FIELD=VALUE", repeated=True),
        Meta(description="change a setting of the kind; may be repeated"),
    ] = ()


def run_dream(options: Dream) -> int:
    """Exit status 0; 1 where a folder that was made again has other pictures."""
    import torch

    from pad_core.checkpoint.file import load
    from pad_core.dreaming.albums import KINDS
    from pad_core.dreaming.albums.album import choose, write

    torch.set_num_threads(1)  # sums are rounded in the same order as in the explorer
    if options.kind == "list":
        if options.files or options.out or options.settings:
            raise PadError("'list' tells all kinds of dreams, and takes nothing else.")
        _list()
        return 0
    if options.kind == REBUILD:
        return _rebuild(options)
    if options.kind not in KINDS:
        raise PadError(
            f"There is no kind of dreams {options.kind[:40]!r}{closest(options.kind, KINDS)}; "
            "'pad dream list' tells all."
        )
    if not options.files:
        raise PadError("Name a checkpoint, such as checkpoints/cifar10-pad-seed0.safetensors.")
    out = _out(options)
    settings = choose(KINDS[options.kind], as_pairs(options.settings, "seed=1"))
    networks = [load(path) for path in options.files]
    manifest = write(options.kind, KINDS[options.kind], networks, settings, out)
    print(f"{out}: {_pictures(manifest)} and manifest.json")
    return 0


def _rebuild(options: Dream) -> int:
    from pad_core.dreaming.albums import KINDS
    from pad_core.dreaming.albums.album import choose, differing, find_networks, read, write

    if not options.files:
        raise PadError("Name the folder of dreams, or its manifest.json, to make again.")
    if options.settings:
        raise PadError("What is made again has the settings of its manifest; leave --set out.")
    out = _out(options)
    before = read(options.files[0])
    kind = KINDS.get(before["kind"])
    if kind is None:
        raise PadError(f"The manifest is of an unknown kind, {before['kind'][:40]!r}.")
    settings = choose(kind, before["settings"])
    after = write(before["kind"], kind, find_networks(before, options.files[1:]), settings, out)
    others = differing(before, after)
    if others:
        print(f"{out}: {_pictures(after)}, of which {len(others)} not the same: "
              f"{', '.join(others)[:400]}.")  # fmt: skip
        return 1
    print(f"{out}: {_pictures(after)}, all the same as in {options.files[0]}.")
    return 0


def _pictures(manifest: Mapping[str, Any]) -> str:
    n = len(manifest["pictures"])
    return f"{n} picture{'' if n == 1 else 's'}"


def _list() -> None:
    from pad_core.dreaming.albums import KINDS
    from pad_core.dreaming.albums.album import told

    for name, kind in KINDS.items():
        print(f"{name}: {kind.about}")
        for field, setting in kind.settings.items():
            may_be = "" if callable(setting.allowed) else f"; {told(setting)}"
            print(f"  {field}={setting.usual}: {setting.about}{may_be}")


def _out(options: Dream) -> Path:
    if options.out is None:
        raise PadError("Name a new folder for the pictures with --out FOLDER.")
    return options.out
