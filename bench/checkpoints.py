"""Copies of the checkpoints that ship, to measure with."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

from pad_core.system.tensors import read_tensors, tensors_sha256, write_tensors

ROOT = Path(__file__).resolve().parents[1]
_BIAS = "generator.tconv4.bias"


def copies(folder: Path, n: int) -> list[Path]:
    """n copies of a checkpoint under different names."""
    shipped = itertools.cycle(sorted((ROOT / "checkpoints").glob("*.safetensors")))
    paths = [folder / f"network-{i}.safetensors" for i in range(n)]
    for path, source in zip(paths, shipped, strict=False):
        shutil.copyfile(source, path)
    return paths


def different(folder: Path, n: int) -> list[Path]:
    """n checkpoints that stand below one another in the list and dream differently.

    Their data set exists nowhere, so that stored memories take its place on every machine.
    """
    (source,) = copies(folder, 1)
    stored, header = read_tensors(source)
    source.unlink()
    paths = [folder / f"{i}.safetensors" for i in range(n)]
    for i, path in enumerate(paths):
        brighter = {_BIAS: stored[_BIAS] + 0.1 * i}
        stored_now = stored | brighter
        weights = {name: t for name, t in stored_now.items() if not name.startswith("memories")}
        own = {
            "seed": 1000 + i,
            "dataset": header["dataset"] | {"name": "benchmark", "spec": "benchmark"},
            "weights_sha256": tensors_sha256(weights),
        }
        write_tensors(path, stored_now, header | own)
    return paths
