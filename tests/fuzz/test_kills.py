"""Processes that are killed at any moment: PAD_KILLS=50 tries so many moments."""

import os
import random
import subprocess
import sys
import time

import pytest

from pad_core.checkpoint.file import load
from pad_core.system.tensors import read_tensors, tensors_sha256
from tests.helpers import ROOT

KILLS = int(os.environ.get("PAD_KILLS", "1"))


def training(folder, images, *options):
    command = [sys.executable, "-m", "pad_core", "train", "--dataset", f"folder:{images}",
               "--epochs", "2", "--batch-size", "16", "--device", "cpu", "--precision", "fp32",
               "--run", str(folder), *options]  # fmt: skip
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process):
    said, _ = process.communicate(timeout=500)
    assert process.returncode == 0, said


@pytest.mark.slow
def test_a_training_that_is_killed_ends_with_the_same_weights(tmp_path, image_folder):
    started = time.monotonic()
    finish(training(tmp_path / "whole", image_folder))
    seconds = time.monotonic() - started
    whole = tensors_sha256(read_tensors(tmp_path / "whole/state.safetensors")[0])
    moment = random.Random(KILLS)
    for kill in range(KILLS):
        folder = tmp_path / f"{kill}"
        process = training(folder, image_folder)
        try:
            process.wait(moment.uniform(0.3, 1.0) * seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        left = folder / "latest.safetensors"
        if left.exists():  # whole, or not there
            load(left)
        options = ["--resume"] if (folder / "run.json").exists() else []
        finish(training(folder, image_folder, *options))
        assert tensors_sha256(read_tensors(folder / "state.safetensors")[0]) == whole
