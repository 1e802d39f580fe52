"""The time that a training takes, said beforehand."""

from dataclasses import replace

import pytest

from explorer.runs.estimate import estimate
from explorer.runs.orders import Order
from explorer.runs.trainings import Training
from pad_core.data.imagesets import Contents

DATA = Contents(5000, 1000, 10)
ORDER = Order(dataset="fashion-mini", epochs=4, device="cpu")


def training(images_per_s, device="cpu"):
    history = [{"epoch": 1, "images_per_s": images_per_s}]
    return Training(None, "finished", replace(ORDER, device=device), None, history, "", 0.0)


def test_the_last_training_here_tells_the_speed():
    found = estimate(ORDER, DATA, [training(200.0), training(50.0)])
    assert found.here
    assert found.seconds == pytest.approx(4 * 5000 / 200)


@pytest.mark.parametrize("device", ["cuda", "cuda:3", "mps"])
def test_a_run_folder_of_another_machine_tells_no_speed_of_this_one(device):
    found = estimate(ORDER, DATA, [training(30_000.0, device), training(50.0)])
    assert found.images_per_s == 50.0


def test_without_one_another_machines_speed_does():
    slow = estimate(replace(ORDER, precision="fp32"), DATA, [])
    fast = estimate(replace(ORDER, precision="bf16"), DATA, [])
    assert not slow.here
    assert slow.seconds > fast.seconds > 0


def test_images_that_are_held_out_take_no_time():
    found = estimate(ORDER, Contents(600, 0, 3), [training(10.0)])
    assert found.seconds == pytest.approx(4 * 500 / 10)
