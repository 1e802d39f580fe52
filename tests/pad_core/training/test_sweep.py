"""Sweeps train real, tiny cells."""

import contextlib
import io
import os
import re
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import pad_core
from pad_core.checkpoint.training_config import Recipe
from pad_core.cli.display import SweepDisplay
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS, PAD
from pad_core.training.lock import occupied
from pad_core.training.run_folder import Progress, epochs_done
from pad_core.training.sweep import LOG, Cell, CellState, LocalEngine, Settings, plan, sweep


@pytest.fixture
def template(image_folder):
    return Recipe(f"folder:{image_folder}", PAD, epochs=1, batch_size=32)


def test_a_grid_starts_with_the_first_seed_of_everything(template, tmp_path):
    cells = plan(template, "data", "pad,wake_only", 2, tmp_path)
    assert [(c.recipe.condition.name, c.recipe.seed) for c in cells] == [
        ("pad", 0), ("wake_only", 0), ("pad", 1), ("wake_only", 1),
    ]  # fmt: skip
    assert cells[3].folder == tmp_path / "data-wake_only-seed1"
    assert cells[3].recipe.batch_size == 32
    assert len(plan(template, "data", "table1", 4, tmp_path)) == 20
    assert len(plan(template, "data", "paper", 1, tmp_path)) == 9
    assert len(plan(template, "data", "all", 1, tmp_path)) == len(CONDITIONS)
    with pytest.raises(PadError, match="did you mean 'pad'"):
        plan(template, "data", "pat", 1, tmp_path)
    with pytest.raises(PadError, match="at least one seed"):
        plan(template, "data", "all", 0, tmp_path)


@pytest.mark.slow
def test_cells_train_at_once_finished_ones_are_skipped_failures_hold_up_none(template, tmp_path):
    cells = plan(template, "d", "wake_only,wo_nrem", 1, tmp_path)
    broken = Cell(template, tmp_path / "broken")
    broken.folder.mkdir()
    (broken.folder / "state.safetensors").write_text("not a state")
    nowhere = Cell(replace(template, dataset="folder:/no/such"), tmp_path / "nowhere")
    seen = []
    states = sweep(
        [broken, nowhere, *cells],
        Settings(),
        LocalEngine(2),
        on_change=lambda states: seen.append([state.status for state in states]),
    )
    assert [state.status for state in states] == ["failed", "failed", "finished", "finished"]
    assert "state.safetensors is damaged" in states[0].error
    assert "to train it anew" in states[0].error
    assert "folder:/no/such" in states[1].error
    assert max(statuses.count("training") for statuses in seen) == 2
    for cell in cells:
        network = pad_core.load(cell.folder / "latest.safetensors")
        assert network.condition == cell.recipe.condition
        assert "losses" in (cell.folder / LOG).read_text()
    written = [(cell.folder / LOG).stat().st_mtime_ns for cell in cells]
    assert [s.status for s in sweep(cells, Settings(), LocalEngine(1))] == ["finished"] * 2
    assert [(cell.folder / LOG).stat().st_mtime_ns for cell in cells] == written
    # More epochs go on from where the cells stand.
    longer = plan(replace(template, epochs=2), "d", "wake_only", 1, tmp_path)
    assert sweep(longer, Settings(), LocalEngine(1))[0].status == "finished"
    assert epochs_done(longer[0].folder) == 2


class Watch:
    """Acts once when the first cell trains."""

    def __init__(self, act):
        self.act, self.done = act, False

    def __call__(self, states):
        if not self.done and states[0].progress is not None and states[0].progress.step > 0:
            self.done = True
            self.act(states[0].cell)


def process_of(cell):
    return int((cell.folder / "progress.json").read_text().split('"pid": ')[1].split(",")[0])


@pytest.mark.slow
def test_a_stopped_sweep_leaves_cells_that_go_on(template, tmp_path):
    long = replace(template, epochs=1000, batch_size=2, condition=CONDITIONS["wake_only"])
    cells, stop = plan(long, "d", "wake_only", 2, tmp_path), threading.Event()
    watch = Watch(lambda cell: stop.set())
    started = time.monotonic()
    states = sweep(cells, Settings(), LocalEngine(1), watch, stop.is_set)
    assert [state.status for state in states] == ["stopped", "waiting"]
    assert time.monotonic() - started < 200
    assert (cells[0].folder / "state.safetensors").exists()
    assert not cells[0].finished


@pytest.mark.slow
def test_a_killed_process_is_reported_and_the_next_cell_trains(template, tmp_path):
    cells = plan(replace(template, epochs=2, batch_size=2), "d", "wo_nrem,wake_only", 1, tmp_path)
    watch = Watch(lambda cell: os.kill(process_of(cell), signal.SIGKILL))
    states = sweep(cells, Settings(), LocalEngine(1), watch)
    assert [state.status for state in states] == ["failed", "finished"]
    assert "process died" in states[0].error
    assert sweep(cells, Settings(), LocalEngine(1))[0].status == "finished"


@pytest.mark.slow
def test_a_batch_system_that_ends_a_job_loses_no_epoch(template, tmp_path):
    """SIGTERM reaches all processes of a group; the cell stops when the sweep says so."""
    long = replace(template, epochs=1000, batch_size=2)
    cells, stop = plan(long, "d", "wake_only", 1, tmp_path), threading.Event()

    def end(cell):
        os.kill(process_of(cell), signal.SIGTERM)
        stop.set()

    (state,) = sweep(cells, Settings(), LocalEngine(1), Watch(end), stop.is_set)
    assert (state.status, state.error) == ("stopped", "")
    assert (cells[0].folder / "state.safetensors").exists()


@pytest.mark.slow
def test_a_cell_of_another_recipe_is_not_taken_for_finished(template, tmp_path):
    cells = plan(template, "d", "wake_only", 1, tmp_path)
    sweep(cells, Settings(), LocalEngine(1))
    other = plan(replace(template, learning_rate=1e-3), "d", "wake_only", 1, tmp_path)
    (state,) = sweep(other, Settings(), LocalEngine(1))
    assert state.status == "failed"
    assert "learning_rate was 0.0002, now 0.001" in state.error


@pytest.mark.slow
def test_what_another_process_trains_is_waited_for_and_then_taken_up(template, tmp_path):
    busy, free = plan(template, "d", "wake_only,wo_nrem", 1, tmp_path)
    seen = []
    with contextlib.ExitStack() as other:
        other.enter_context(occupied(busy.folder))

        def watch(states):
            seen.append([state.status for state in states])
            if seen[-1][1] in ("finished", "failed"):
                other.close()

        states = sweep([busy, free], Settings(), LocalEngine(1), watch)
    assert ["elsewhere", "training"] in seen
    assert ["elsewhere", "finished"] in seen
    assert [state.status for state in states] == ["finished", "finished"]


@pytest.mark.slow
def test_what_cannot_work_is_said(template, tmp_path):
    (tmp_path / "file").write_text("")
    (state,) = sweep(plan(template, "d", "pad", 1, tmp_path / "file"), Settings(), LocalEngine(1))
    assert state.status == "failed"
    assert "Cannot use the folder" in state.error
    with pytest.raises(PadError, match="Epoch 5 can't be kept"):
        sweep(plan(template, "d", "pad", 1, tmp_path, (5,)), Settings(), LocalEngine(1))
    mine, other = tmp_path / "mine.json", tmp_path / "other.json"
    mine.write_text('{"name": "mine", "base": "pad", "lam": 0.1}')
    other.write_text('{"name": "mine", "base": "pad", "lam": 0.2}')
    with pytest.raises(PadError, match="Two conditions are called 'mine'"):
        plan(template, "d", f"{mine},{other}", 1, tmp_path)


def test_conditions_that_are_named_twice_train_once(template, tmp_path):
    assert len(plan(template, "d", "pad,pad", 1, tmp_path)) == 1


def states_of_a_large_grid(template, tmp_path):
    """36 cells: 30 finished, 2 training, 4 waiting."""
    states = [CellState(cell) for cell in plan(template, "d", "paper", 4, tmp_path)]
    losses = {"image": 0.0371, "kl": 0.0239, "external": 0.592, "nrem": 0.27, "internal": 0.586}
    for i, state in enumerate(states):
        state.status = "finished" if i < 30 else "training" if i < 32 else "waiting"
        if i < 32:
            left = 0.0 if i < 30 else 600.0
            state.progress = Progress(50 if i < 30 else 26, 50, 10, 10, 300.0, left, losses)
    return states


def test_a_large_grid_fits_a_terminal_and_shows_what_trains(template, tmp_path):
    states = states_of_a_large_grid(template, tmp_path)
    shown = io.StringIO()
    console = Console(file=shown, width=80, height=24, force_terminal=True, soft_wrap=True)
    with SweepDisplay(console) as display:
        display.on_change(states)
    text = re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", shown.getvalue())
    text = text[text.rindex("30 of 36") :]  # it was drawn more than once
    lines = text.splitlines()
    assert "30 of 36 finished · 2 training · 4 waiting · about 51 min 40 s left" in text
    assert sum("training" in line and "26.0/50" in line for line in lines) == 2
    assert "10 min 0 s" in text
    assert "img 0.037" in text
    assert "more" in text
    assert len([line for line in lines if line.strip()]) <= 24
    assert max(map(len, lines)) <= 80


def test_without_a_terminal_each_epoch_gets_a_line(template, tmp_path):
    states = states_of_a_large_grid(template, tmp_path)[30:33]
    shown = io.StringIO()
    display = SweepDisplay(Console(file=shown, width=200))
    for epoch in (26, 26, 27):
        states[0].progress = replace(states[0].progress, epoch=epoch)
        display.on_change(states)
    lines = [line for line in shown.getvalue().splitlines() if states[0].cell.folder.name in line]
    assert len(lines) == 2
    assert "training, epoch 27 of 50, 10 min 0 s left, img 0.037" in lines[1]


def test_a_sweep_trains_at_least_one_at_a_time():
    with pytest.raises(PadError, match="at least one network at a time"):
        LocalEngine(0)


@pytest.mark.slow
def test_on_ray_a_cell_survives_the_death_of_its_worker(template, tmp_path, monkeypatch):
    """A real local cluster; the worker that trains is killed, and Ray starts the cell again."""
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    from pad_core.training.sweep_ray import RayEngine

    here = Path(__file__).parents[3]
    monkeypatch.setenv("PYTHONPATH", str(here))
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        slow = replace(template, epochs=2, batch_size=2)
        cells = plan(slow, "d", "wo_nrem,wake_only", 1, tmp_path)
        killed = []

        def kill(cell):
            killed.append(process_of(cell))
            os.kill(killed[0], signal.SIGKILL)

        states = sweep(cells, Settings(), RayEngine("local"), Watch(kill))
        assert killed
        assert [state.status for state in states] == ["finished", "finished"]
        assert process_of(cells[0]) != killed[0]
        long = replace(template, epochs=1000, batch_size=2)
        endless, stop = plan(long, "d", "pad", 1, tmp_path), threading.Event()
        watch = Watch(lambda cell: stop.set())
        (state,) = sweep(endless, Settings(), RayEngine("local"), watch, stop.is_set)
        assert state.status == "stopped"
        assert (endless[0].folder / "state.safetensors").exists()
        wrong = Cell(replace(template, dataset="folder:/no/such"), tmp_path / "nowhere")
        state = sweep([wrong], Settings(), RayEngine("local"))[0]
        assert state.status == "failed"
        assert "folder:/no/such" in state.error
    finally:
        ray.shutdown()
