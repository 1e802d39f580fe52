"""The command line, run as a user runs it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

import pad_core
from pad_core.__main__ import main


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "pad_core", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        **options,
    )


def refused(capsys, *arguments):
    """The one line that a user sees when a command can't do what was asked."""
    assert main([str(a) for a in arguments]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    return error


def test_train_stop_resume_export_info(image_folder, tmp_path):
    """One life of a network, with Ctrl-C in its middle."""
    folder, out = tmp_path / "run", tmp_path / "mine.safetensors"
    arguments = [
        "train", "--dataset", f"folder:{image_folder}", "--run", folder, "--batch-size", "4",
        "--condition", "wake_only", "--set", "weight_kl=0.5", "--set", "name=mine", "--epochs", "1",
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "pad_core", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not (folder / "progress.json").exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "Stopped in epoch 1" in output
    assert "Traceback" not in errors

    resumed = run(*arguments, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "epoch   1" in resumed.stdout
    exported = run("export", folder, "--out", out)
    assert exported.returncode == 0, exported.stderr
    assert "converged linear separability" in exported.stdout
    told = run("info", out)
    assert f"{image_folder.name} · mine · seed 0 · epoch 1" in told.stdout
    facts = json.loads(run("info", out, "--json").stdout)
    assert facts["condition"]["weight_kl"] == 0.5
    assert facts["memories"] == {"train": 256, "test": 100}
    assert facts["sha256"] == pad_core.load(out).sha256


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--condition", "wo_ram"], "did you mean 'wo_rem'"),
        (["train", "--set", "lam"], "FIELD=VALUE"),
        (["train", "--set", "lam=2"], "lam is a number from 0 to 1"),
        (["train", "--seed", "-1"], "A seed is a whole number"),
        (["train", "--epochs", "0"], "epochs is a whole number"),
        (["train", "--device", "quantum"], "auto, cpu, cuda or cuda:N, not 'quantum'"),
        (["train", "--device", "meta"], "auto, cpu, cuda or cuda:N, not 'meta'"),
        (["train", "--dataset", "cifar11"], "cifar11"),
        (["train", "--dataset", "parquet:/no/such"], "parquet:/no/such"),
        (["info", "/no/such/file"], "No such file"),
        (["export", "/no/such", "--out", "x"], "not a run folder"),
        (["import", "/no/such.pth", "--dataset", "fashion-mini"], "There is no file"),
    ],
)
def test_wrong_requests_get_one_line(capsys, arguments, message):
    assert message in refused(capsys, *arguments)


def test_a_damaged_file_gets_one_line(capsys, exported, tmp_path):
    path = tmp_path / "half.safetensors"
    path.write_bytes(exported.read_bytes()[:500_000])
    assert "truncated" in refused(capsys, "info", path)


def test_a_reader_that_leaves_early_is_no_error(exported):
    command = f"{sys.executable} -m pad_core info {exported} --json | head -n 1"
    found = subprocess.run(
        command, shell=True, capture_output=True, text=True, timeout=60, env=os.environ
    )
    assert found.stdout == "{\n"
    assert "Traceback" not in found.stderr


def test_help_names_the_commands():
    found = run("--help")
    for command in ("train", "export", "info", "import"):
        assert command in found.stdout
