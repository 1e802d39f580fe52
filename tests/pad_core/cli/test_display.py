"""What the command line shows, rendered for a narrow terminal."""

import io
import re

import pytest
import torch
from rich.console import Console
from rich.table import Table

import pad_core
from pad_core.checkpoint.training_config import Recipe
from pad_core.cli.display import TrainingDisplay, checkpoint_summary, print_table
from pad_core.model.condition import PAD
from pad_core.training.run_folder import Progress

LOSSES = {"image": 0.058538, "kl": 0.02, "external": 0.659, "nrem": 0.259, "internal": 12.65}


@pytest.fixture
def terminal():
    return Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)


def test_the_bar_fits_80_columns(terminal, tmp_path):
    display = TrainingDisplay(tmp_path, Recipe("x", PAD, epochs=100), torch.device("cpu"), terminal)
    display.on_progress(Progress(12, 100, 390, 781, 12345.6, 38_000.0, LOSSES))
    terminal.file.truncate(0)
    terminal.file.seek(0)
    terminal.print(display._live.get_renderable())
    lines = [line.rstrip() for line in terminal.file.getvalue().splitlines()]
    assert len(lines) == 2
    assert all(len(line) <= 80 for line in lines)
    bar, losses = lines
    assert "epoch 12/100" in bar
    assert "━" in bar
    assert "50%" in bar
    assert "10 h 33 min left" in bar
    assert "12,346 images/s" in bar
    assert losses.strip() == "img 0.059 kl 0.020 real 0.659 nrem 0.259 rem 12.650"


def test_a_finished_epoch_fits_80_columns(terminal, tmp_path):
    display = TrainingDisplay(tmp_path, Recipe("x", PAD, epochs=100), torch.device("cpu"), terminal)
    terminal.file.truncate(0)
    terminal.file.seek(0)
    display.on_epoch(
        {"epoch": 100, "images_per_s": 1234.5, "losses": LOSSES,
         "linear_separability": 52.891, "converged_separability": 57.044}
    )  # fmt: skip
    epoch, probe = terminal.file.getvalue().splitlines()
    assert max(len(epoch), len(probe)) <= 80
    assert epoch.startswith("epoch 100")
    assert "52.89 % (paper's protocol), 57.04 % (converged)" in probe


def test_info_says_what_rounding_cost(exported, tmp_path):
    assert "rounding cost" not in checkpoint_summary(pad_core.load(exported))
    network = pad_core.load(exported)
    network.header.export.update(
        bits=8, converged_separability_full_precision=57.06, converged_separability=57.1,
        rounding_cost_points=-0.04,
    )  # fmt: skip
    assert "57.06 % before rounding, 57.10 % as stored: rounding cost -0.04" in checkpoint_summary(
        network
    )


def test_a_table_in_a_file_is_whole_and_a_narrow_terminal_says_what_it_lacks(capsys, monkeypatch):
    table = Table()
    for number in range(40):
        table.add_column(str(number))
    table.add_row(*(f"{number / 7:.4f}" for number in range(40)))
    print_table(table)
    seen = capsys.readouterr()
    assert all(f"{number / 7:.4f}" in seen.out for number in range(40))
    assert not seen.err
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    monkeypatch.setenv("COLUMNS", "60")
    print_table(table)
    assert re.search("needs [0-9]+ columns; --json prints every number", capsys.readouterr().err)
