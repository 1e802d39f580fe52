"""The map's latents as a table."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from explorer.views.map import axes, clouds, table
from explorer.views.map.table import Table


def test_an_export_reads_back_exactly(network, other, cloud):
    chosen = np.array([4, 90])
    theirs = clouds.stored_cloud(other, ("test",))
    coordinates = axes.space(network, 2).projection.project(cloud.latents)
    tables = [
        Table(network, cloud, coordinates, None),
        Table(other, theirs, coordinates, None),
    ]
    rows = list(csv.DictReader(io.StringIO(table.to_csv(tables, chosen))))
    assert len(rows) == 4
    latents = np.array([[row[f"z{j}"] for j in range(256)] for row in rows], np.float32)
    assert np.array_equal(latents[:2], cloud.latents[chosen].numpy())
    assert np.array_equal(latents[2:], theirs.latents[chosen].numpy())
    assert [int(row["index"]) for row in rows[:2]] == cloud.indices[chosen].tolist()
    assert rows[1]["class"] == network.class_names[cloud.labels[90]]
    assert {row["sha256"] for row in rows} == {network.sha256, other.sha256}
    assert float(rows[0]["pc2"]) == pytest.approx(coordinates[4, 1], rel=1e-6)
    occluded = replace(tables[0], occluded=coordinates + 1)
    row = next(csv.DictReader(io.StringIO(table.to_csv([occluded], chosen))))
    assert float(row["occluded_pc1"]) == pytest.approx(coordinates[4, 0] + 1, rel=1e-6)
