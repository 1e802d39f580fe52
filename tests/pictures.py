"""Small pictures whose colours tell their classes, in the forms in which people have them."""

from __future__ import annotations

import gzip
import io
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

COLOURS = [(220, 40, 40), (40, 200, 60), (50, 80, 220), (220, 200, 40)]


def picture(label: int = 0, number: int = 0, size: int = 32) -> Image.Image:
    """A noisy patch; another one for each number."""
    random = np.random.default_rng(1000 * label + number)
    noise = random.normal(0, 25, (size, size, 3))
    return Image.fromarray((np.array(COLOURS[label % 4]) + noise).clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def save(path: Path, image: Image.Image) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


def folder(root: Path, classes: Mapping[str, int], first: int = 0, ext: str = ".png") -> Path:
    """One sub-folder a class with so many pictures, numbered from ``first``."""
    for label, (name, n) in enumerate(classes.items()):
        for number in range(first, first + n):
            save(root / name / f"{number:04}{ext}", picture(label, number))
    return root


def structs(labels: Iterable[int], first: int = 0) -> list[dict[str, Any]]:
    """Pictures as the hub's files hold them."""
    return [
        {"bytes": encoded(picture(label, first + i)), "path": None}
        for i, label in enumerate(labels)
    ]


def parquet(
    path: Path, columns: Mapping[str, Any], names: Mapping[str, Sequence[str]] | None = None
) -> Path:
    """A parquet file; names: of the classes of a column, as the hub notes them in the schema."""
    table = pa.table(dict(columns))
    if names is not None:
        features = {
            c: {"names": list(names[c]), "_type": "ClassLabel"}
            if c in names
            else {"_type": "Value"}
            for c in columns
        }
        table = table.replace_schema_metadata(
            {"huggingface": json.dumps({"info": {"features": features}})}
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def idx(path: Path, values: Any) -> Path:
    """Unsigned bytes in MNIST's format, gzipped if the path ends so."""
    array = np.asarray(values, np.uint8)
    sizes = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
    content = sizes + array.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path
