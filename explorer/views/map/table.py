"""The latent map's points as a table, for a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from explorer.views.map.clouds import Cloud
from pad_core.checkpoint.file import PadNetwork


@dataclass(frozen=True)
class Table:
    """One network's rows of an export; coordinates, occluded: (N, C), or None for the latter.

    column: the name of the coordinates' columns, before their number.
    """

    network: PadNetwork
    cloud: Cloud
    coordinates: np.ndarray
    occluded: np.ndarray | None
    column: str = "pc"


def to_csv(tables: Iterable[Table], selected: np.ndarray) -> str:
    """The selected places (M,) of each network: origin, class, coordinates, all of z.

    Numbers have nine digits, with which float32 is read back exactly.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for i, table in enumerate(tables):
        cloud, axes = table.cloud, range(1, table.coordinates.shape[1] + 1)
        values = [table.coordinates, cloud.latents.numpy()]
        names = [f"{table.column}{axis}" for axis in axes]
        if table.occluded is not None:
            values.insert(1, table.occluded)
            names += [f"occluded_{table.column}{axis}" for axis in axes]
        if i == 0:
            latent_names = [f"z{j}" for j in range(cloud.latents.shape[1])]
            facts = ["network", "sha256", "split", "index", "label", "class"]
            rows.writerow([*facts, *names, *latent_names])
        numbers = np.concatenate([value[selected] for value in values], axis=1)
        for place, row in zip(selected, numbers, strict=True):
            label = int(cloud.labels[place])
            rows.writerow([
                table.network.name, table.network.sha256, cloud.splits[place],
                int(cloud.indices[place]), label, table.network.class_names[label],
                *(f"{number:.9g}" for number in row),
            ])  # fmt: skip
    return text.getvalue()
