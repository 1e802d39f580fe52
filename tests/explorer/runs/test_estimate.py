"""The time that a training takes, said beforehand."""

from dataclasses import replace

import pytest

from explorer.runs.estimate import estimate
from explorer.runs.orders import Order
from explorer.runs.trainings import Training

ORDER = Order(dataset="fashion-mini", epochs=4, device="cpu")


def training(images_per_s, device="cpu"):
    history = [{"epoch": 1, "images_per_s": images_per_s}]
    return Training(None, "finished", replace(ORDER, device=device), None, history, "", 0.0)


def test_the_last_training_here_tells_the_speed(tmp_path):
    found = estimate(ORDER, tmp_path, [training(200.0), training(50.0)])
    assert not found.machine
    assert found.seconds == pytest.approx(4 * 5000 / 200)


@pytest.mark.parametrize("device", ["cuda", "cuda:3", "mps"])
def test_a_run_folder_of_another_machine_tells_no_speed_of_this_one(tmp_path, device):
    found = estimate(ORDER, tmp_path, [training(30_000.0, device), training(50.0)])
    assert found.images_per_s == 50.0


def test_without_one_another_machines_speed_does(tmp_path):
    slow = estimate(replace(ORDER, precision="fp32"), tmp_path, [])
    fast = estimate(replace(ORDER, precision="bf16"), tmp_path, [])
    assert slow.machine != fast.machine
    assert slow.seconds > fast.seconds > 0


def test_rows_of_parquet_files_are_counted_and_folders_are_not(tmp_path, image_folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pa.table({"image": [b"\xff\xd8"] * 30, "label": [0, 1] * 15})
    pq.write_table(rows, tmp_path / "train-00000.parquet")
    pq.write_table(rows.slice(0, 6), tmp_path / "test-00000.parquet")
    found = estimate(replace(ORDER, dataset=f"parquet:{tmp_path}"), tmp_path, [training(10.0)])
    assert found.seconds == pytest.approx(4 * 30 / 10)
    assert estimate(replace(ORDER, dataset=f"folder:{image_folder}"), tmp_path, []) is None
