"""Sweeps train real, tiny cells."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

import pad_core
from pad_core.conditions import CONDITIONS, PAD
from pad_core.errors import PadError
from pad_core.recipe import Recipe
from pad_core.runfolder import epochs_done
from pad_core.sweep import LOG, Cell, LocalEngine, Settings, plan, sweep


@pytest.fixture
def template(image_folder):
    return Recipe(f"folder:{image_folder}", PAD, epochs=1, batch_size=128)


def test_a_grid_starts_with_the_first_seed_of_everything(template, tmp_path):
    cells = plan(template, "data", "pad,wake_only", 2, tmp_path)
    assert [(c.recipe.condition.name, c.recipe.seed) for c in cells] == [
        ("pad", 0), ("wake_only", 0), ("pad", 1), ("wake_only", 1),
    ]  # fmt: skip
    assert cells[3].folder == tmp_path / "data-wake_only-seed1"
    assert cells[3].recipe.batch_size == 128
    assert len(plan(template, "data", "table1", 4, tmp_path)) == 20
    assert len(plan(template, "data", "all", 1, tmp_path)) == 9
    with pytest.raises(PadError, match="did you mean 'pad'"):
        plan(template, "data", "pat", 1, tmp_path)
    with pytest.raises(PadError, match="at least one seed"):
        plan(template, "data", "all", 0, tmp_path)


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
    assert "is not a PAD checkpoint" in states[0].error
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


def test_a_stopped_sweep_leaves_cells_that_go_on(template, tmp_path):
    long = replace(template, epochs=1000, batch_size=8, condition=CONDITIONS["wake_only"])
    cells, stop = plan(long, "d", "wake_only", 2, tmp_path), threading.Event()
    watch = Watch(lambda cell: stop.set())
    started = time.monotonic()
    states = sweep(cells, Settings(), LocalEngine(1), watch, stop.is_set)
    assert [state.status for state in states] == ["stopped", "waiting"]
    assert time.monotonic() - started < 200
    assert (cells[0].folder / "state.safetensors").exists()
    assert not cells[0].finished


def test_a_killed_process_is_reported_and_the_next_cell_trains(template, tmp_path):
    cells = plan(replace(template, batch_size=8), "d", "wo_nrem,wake_only", 1, tmp_path)
    watch = Watch(lambda cell: os.kill(process_of(cell), signal.SIGKILL))
    states = sweep(cells, Settings(), LocalEngine(1), watch)
    assert [state.status for state in states] == ["failed", "finished"]
    assert "process died" in states[0].error
    assert sweep(cells, Settings(), LocalEngine(1))[0].status == "finished"


def test_a_sweep_trains_at_least_one_at_a_time():
    with pytest.raises(PadError, match="at least one network at a time"):
        LocalEngine(0)


def test_on_ray_a_cell_survives_the_death_of_its_worker(template, tmp_path, monkeypatch):
    """A real local cluster; the worker that trains is killed, and Ray starts the cell again."""
    ray = pytest.importorskip("ray", reason="Ray is not installed (requirements-cluster.txt)")
    from pad_core.sweep_ray import RayEngine

    here = Path(__file__).parent.parent
    monkeypatch.setenv("PYTHONPATH", str(here))
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        cells = plan(replace(template, batch_size=8), "d", "wo_nrem,wake_only", 1, tmp_path)
        killed = []

        def kill(cell):
            killed.append(process_of(cell))
            os.kill(killed[0], signal.SIGKILL)

        states = sweep(cells, Settings(), RayEngine("local"), Watch(kill))
        assert killed
        assert [state.status for state in states] == ["finished", "finished"]
        assert process_of(cells[0]) != killed[0]
        wrong = Cell(replace(template, dataset="folder:/no/such"), tmp_path / "nowhere")
        state = sweep([wrong], Settings(), RayEngine("local"))[0]
        assert state.status == "failed"
        assert "folder:/no/such" in state.error
    finally:
        ray.shutdown()
