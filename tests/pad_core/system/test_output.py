"""Commands whose output goes to a file of another encoding, as on Windows."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from pad_core.system.output import print_json
from tests.helpers import ROOT
from tests.pictures import folder

NAMES = ("猫 → 犬", "🐇", "café")


def run(encoding, *arguments, cwd=None):
    """A command of its own whose output is no terminal; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)},
        cwd=cwd,
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert b"Traceback" not in done.stderr
    return done.stdout.decode(encoding.partition(":")[0])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    home = tmp_path_factory.mktemp("夢")
    pictures = folder(home / "絵", dict.fromkeys(NAMES, 6))
    printed = run("cp1252", "pad_core", "train", "--dataset", f"folder:{pictures}", "--epochs", "1",
                  "--batch-size", "8", "--run", str(home / "走"), "--device", "cpu")  # fmt: skip
    assert "epoch   1" in printed
    return home / "走" / "latest.safetensors"


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp932", "utf-16"])
def test_what_a_checkpoint_holds_is_printed_in_every_encoding(encoding, trained):
    assert "memories" in run(encoding, "pad_core", "info", str(trained))
    found = json.loads(run(encoding, "pad_core", "info", str(trained), "--json"))
    assert tuple(found["class_names"]) == tuple(sorted(NAMES))


@pytest.mark.slow
def test_errors_and_help_are_printed_in_every_encoding(tmp_path):
    for module in ("pad_core", "explorer"):
        assert "usage" in run("ascii", module, "--help")
    done = subprocess.run(
        [sys.executable, "-m", "pad_core", "info", str(tmp_path / "猫 → 🐇")],
        env=os.environ | {"PYTHONIOENCODING": "cp1252:strict"}, cwd=ROOT, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1 and b"Traceback" not in done.stderr


def test_half_a_character_is_no_crash(capsys):
    print_json({"name": "caf\udce9", "犬": 1})
    assert json.loads(capsys.readouterr().out) == {"name": "caf\udce9", "犬": 1}
