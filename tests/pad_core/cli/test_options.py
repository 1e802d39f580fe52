"""Parsers that follow from dataclasses, and the commands that have them."""

import argparse
import dataclasses
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
from msgspec import Meta

from pad_core.cli.main import COMMANDS, parse
from pad_core.cli.options import Option, Without, add_options, read_options
from pad_core.errors import PadError
from pad_core.training.request import TrainingRequest


@dataclass(frozen=True)
class Weather:
    wind: Annotated[int, Meta(ge=0, le=12, description="in Beaufort, 100 % of it")] = 3
    rain: bool = False


@dataclass(frozen=True)
class Trip:
    weather: Annotated[Weather, Without("rain")]
    stops: Annotated[tuple[Path, ...], Option(positional=True)]
    out: Annotated[Path, Option("--out", "-o")]
    by: Literal["foot", "boat"] = "foot"
    said: Annotated[tuple[str, ...], Option("--say", repeated=True)] = ()
    camera: Annotated[str | None, Option(alone="small")] = None
    rest_days: tuple[int, ...] = ()


def typed(*arguments):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_options(parser, Trip)
    return read_options(Trip, parser.parse_args(arguments))


def test_options_are_fields_of_their_dataclass():
    assert typed("a", "-o", "x") == Trip(Weather(), (Path("a"),), Path("x"))
    found = typed(
        "a", "b", "--wind", "5", "--out", "x", "--by", "boat", "--say", "yes", "--say", "a=b",
        "--rest-days", "1,3", "--camera",
    )  # fmt: skip
    assert found == Trip(
        Weather(5), (Path("a"), Path("b")), Path("x"), "boat", ("yes", "a=b"), "small", (1, 3)
    )
    assert typed("a", "-o", "x", "--camera", "large").camera == "large"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "x"], "the following arguments are required: stops"),
        (["a"], "the following arguments are required: --out/-o"),
        (["a", "-o", "x", "--wind", "13"], "argument --wind: a whole number from 0 to 12, not"),
        (["a", "-o", "x", "--rain"], "unrecognized arguments: --rain"),
        (["a", "-o", "x", "--ou", "y"], "unrecognized arguments: --ou y"),
        (["a", "-o", "x", "--rest_days", "1"], "unrecognized arguments: --rest_days 1"),
        (["a", "-o", "x", "--by", "car"], "invalid choice: 'car'"),
        (["a", "-o", "x", "--rest-days", "1;3"], "whole numbers with commas between"),
    ],
)
def test_what_no_option_takes_is_named(arguments, message, capsys):
    with pytest.raises(SystemExit):
        typed(*arguments)
    assert message in capsys.readouterr().err


def test_the_help_says_ranges_defaults_and_percents(capsys):
    with pytest.raises(SystemExit):
        typed("--help")
    said = " ".join(capsys.readouterr().out.split())
    assert "--wind N in Beaufort, 100 % of it (default: 3)" in said
    assert "--camera [CAMERA]" in said


@pytest.mark.parametrize("command", ["train", "sweep"])
def test_every_field_of_a_training_is_an_option(command):
    usual = parse([command])
    asked = {field.name for field in dataclasses.fields(TrainingRequest)} - {"condition"}
    asked -= {"seed"} if command == "sweep" else set()
    assert usual.training == TrainingRequest()
    for name in asked - {"keep_epochs", "adam_coasts"}:
        value = getattr(usual.training, name)
        assert parse([command, f"--{name.replace('_', '-')}", str(value)]) == usual
    assert parse([command, "--adam-coasts"]).training.adam_coasts
    assert parse([command, "--keep-epochs", "5,1"]).training.keep_epochs == (5, 1)


def test_options_that_contradict_one_another_get_a_sentence():
    with pytest.raises(PadError, match="Epoch 60 can't be kept"):
        parse(["sweep", "--keep-epochs", "60"])


def test_every_option_of_every_command_says_what_it_is():
    for name, command in COMMANDS.items():
        parser = argparse.ArgumentParser()
        add_options(parser, command.options)
        silent = [action.dest for action in parser._actions if not action.help]
        assert set(silent) <= {"file", "files", "folder", "part"}, name


def test_the_parser_needs_no_pytorch():
    code = (
        "import sys; from pad_core.cli.main import build_parser; build_parser(); "
        "print(sorted({'torch', 'numpy', 'rich'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
