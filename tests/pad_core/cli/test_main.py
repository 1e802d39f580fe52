"""The command line, run as a user runs it."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest

import pad_core
from pad_core.cli.main import COMMANDS, main, parse
from tests.helpers import FULL


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


@pytest.mark.slow
def test_train_stop_resume_export_info(image_folder, tmp_path):
    """One life of a network, with Ctrl-C in its middle."""
    folder, out = tmp_path / "run", tmp_path / "mine.safetensors"
    arguments = [
        "train", "--dataset", f"folder:{image_folder}", "--run", folder, "--batch-size", "2",
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
    assert facts["memories"] == {"train": 64, "test": 40}
    assert facts["sha256"] == pad_core.load(out).sha256


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--condition", "wo_ram"], "did you mean 'wo_rem'"),
        (["train", "--set", "lam"], "FIELD=VALUE"),
        (["train", "--set", "lam=2"], "lam is a number from 0 to 1"),
        (["train", "--set", "lam=.7."], "lam is a number from 0 to 1, not '.7.'"),
        (["train", "--set", "lam=.1", "--set", "lam=0.2"], "--set gives lam twice: .1 and 0.2"),
        (["train", "--device", "quantum"], "auto, cpu, mps, cuda or cuda:N, not 'quantum'"),
        (["train", "--device", "meta"], "auto, cpu, mps, cuda or cuda:N, not 'meta'"),
        (["train", "--dataset", "cifar11"], "cifar11"),
        (["train", "--dataset", ""], "'': no such data set; choose one of cifar10"),
        (["train", "--epochs", "3", "--keep-epochs", "4"], "Epoch 4 can't be kept"),
        (["train", "--set", "name=pad", "--set", "lam=0.2"], "name of a built-in condition"),
        (["import", "/no/such.pth", "--epoch", "-1"], "not -1"),
        (["train", "--dataset", "parquet:/no/such"], "parquet:/no/such"),
        (["info", "/no/such/file"], "No such file"),
        (["export", "/no/such", "--out", "x"], "not a run folder"),
        (["import", "/no/such.pth"], "There is no file"),
        (["import", "/no/such.pth", "--out", "x.pth"], "ends in .safetensors, not x.pth"),
        (["import", "/"], "There is no file"),
    ],
)
def test_wrong_requests_get_one_line(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)  # where a run folder would be made
    if arguments[0] == "import":
        arguments = [*arguments, "--dataset", "fashion-mini"]
    assert message in refused(capsys, *arguments)


def test_a_damaged_file_gets_one_line(capsys, exported, tmp_path):
    path = tmp_path / "half.safetensors"
    path.write_bytes(exported.read_bytes()[:500_000])
    assert "truncated" in refused(capsys, "info", path)


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_error(exported):
    command = f"{sys.executable} -m pad_core info {exported} --json | head -n 1"
    found = subprocess.run(
        command, shell=True, capture_output=True, text=True, timeout=60, env=os.environ
    )
    assert found.stdout == "{\n"
    assert "Traceback" not in found.stderr


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_output_that_is_full_takes_one_line(exported, form):
    with FULL.open("w") as full:
        found = subprocess.run(
            [sys.executable, "-m", "pad_core", "info", exported, *form],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert found.returncode == 1
    assert found.stderr.startswith("pad_core info: Cannot write the output: No space left")
    assert found.stderr.count("\n") == 1


@pytest.fixture
def no_signals(monkeypatch):
    """'train' in this process, whose own Ctrl-C stays as it is."""
    monkeypatch.setattr("pad_core.cli.training._stop_on_signals", lambda: lambda: False)


def test_a_run_goes_on_at_its_own_precision_and_knows_when_it_is_done(
    image_folder, tmp_path, capsys, monkeypatch, no_signals
):
    folder = tmp_path / "a run"
    command = [
        "train", "--dataset", f"folder:{image_folder}", "--run", str(folder), "--batch-size",
        "32", "--condition", "wake_only", "--device", "cpu",
    ]  # fmt: skip
    monkeypatch.setattr("pad_core.system.hardware.choose_precision", lambda device: "fp32")
    assert main([*command, "--resume", "--epochs", "2"]) == 0
    shown = capsys.readouterr()
    assert f"{folder} holds no run yet: a new one begins.\n" in shown.err
    assert shown.out.startswith(f"{folder}: condition wake_only, seed 0, cpu")
    (export,) = re.findall("To make it a checkpoint: python -m pad_core (.*)", shown.out)
    assert parse(shlex.split(export)).source == folder
    monkeypatch.setattr("pad_core.system.hardware.choose_precision", lambda device: "bf16")
    before = (folder / "run.json").read_bytes()
    assert main([*command, "--resume", "--epochs", "1"]) == 0
    shown = capsys.readouterr()
    assert "already had 2 epochs" in shown.out
    assert "holds no run" not in shown.err
    assert main([*command, "--epochs", "2"]) == 2
    shown = capsys.readouterr()
    assert "already holds a run" in shown.err
    assert shown.out == ""
    assert (folder / "run.json").read_bytes() == before
    assert main([*command, "--resume", "--epochs", "3"]) == 0
    assert json.loads((folder / "run.json").read_text())["precision"] == "fp32"
    message = "precision was 'fp32', now 'bf16'"
    again = [*command, "--resume", "--epochs", "3", "--precision", "bf16"]
    assert message in refused(capsys, *again)


def test_ctrl_c_anywhere_takes_one_line(capsys, monkeypatch, exported):
    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("pad_core.checkpoint.file.load", interrupted)
    assert main(["info", str(exported)]) == 130
    assert capsys.readouterr().err == "Stopped.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--epoch", "1"], "unrecognized arguments: --epoch 1"),
        (
            ["train", "--seed", "-1"],
            "argument --seed: a whole number from 0 to 4294967295, not '-1'",
        ),
        (["train", "--epochs", "0"], "argument --epochs: a whole number from 1 to 100000, not '0'"),
        (["train", "--epochs", "ten"], "--epochs: a whole number from 1 to 100000, not 'ten'"),
        (["train", "--learning-rate", "1"], "--learning-rate: a number between 0 and 1, not '1'"),
        (["train", "--learning-rate", "1e-"], "a number between 0 and 1, not '1e-'"),
        (["train", "--precision", "fp8"], "invalid choice: 'fp8' (choose from"),
        (["train", "--keep-epochs", "1;5"], "whole numbers from 1 with commas between, such as"),
        (["train", "--keep-epochs", "0,5"], "whole numbers from 1"),
        (["train", "--keep-epochs", ""], "whole numbers from 1"),
        (["train", "--probe-every", "-1"], "a whole number from 0 to 100000, not '-1'"),
        (["train", "--run", ""], "argument --run: the name of a file or folder, not ''"),
        (["info", ""], "argument file: the name of a file or folder, not ''"),
    ],
)
def test_wrong_options_are_named(capsys, arguments, message):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_a_run_folder_that_is_a_file(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        assert "a file has that name" in refused(capsys, "train", "--run", folder)


def test_messages_hold_nothing_that_a_terminal_obeys(capsys):
    assert "\x1b" not in refused(capsys, "info", "/no/\x1b[31m")


def helped(capsys, *arguments):
    """What --help says."""
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"pad {pad_core.__version__}\n"


def test_help_names_all_commands_and_no_other(capsys):
    named = re.findall(r"^    (\w+)", helped(capsys), re.MULTILINE)
    assert sorted(named) == sorted(COMMANDS)


@pytest.mark.parametrize("command", list(COMMANDS))
def test_each_command_has_a_help_that_says_more_than_its_name(capsys, command):
    said = helped(capsys, command)
    assert said.startswith(f"usage: python -m pad_core {command} ")
    assert len(said.splitlines()) > 5


def test_the_help_of_the_installed_command_goes_by_its_name(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/pad", "--help"])
    assert helped(capsys).startswith("usage: pad ")
