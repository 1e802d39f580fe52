"""Sweeps train real, tiny cells."""

import threading
import time

import pytest

import pad_core
from pad_core.errors import PadError
from pad_core.sweep import LOG, Cell, plan, sweep
from pad_core.training import epochs_done

ARGUMENTS = ["--batch-size", "128", "--device", "cpu", "--precision", "fp32"]


def test_a_grid_starts_with_the_first_seed_of_everything(tmp_path):
    cells = plan("data", "pad,wake_only", 2, 5, tmp_path)
    assert [(c.condition, c.seed) for c in cells] == [
        ("pad", 0), ("wake_only", 0), ("pad", 1), ("wake_only", 1),
    ]  # fmt: skip
    assert cells[3].folder == tmp_path / "data-wake_only-seed1"
    assert len(plan("data", "table1", 4, 50, tmp_path)) == 20
    assert len(plan("data", "all", 1, 50, tmp_path)) == 9
    with pytest.raises(PadError, match="did you mean 'pad'"):
        plan("data", "pat", 1, 1, tmp_path)
    with pytest.raises(PadError, match="at least one seed"):
        plan("data", "all", 0, 1, tmp_path)


def test_cells_train_at_once_finished_ones_are_skipped_failures_hold_up_none(
    image_folder, tmp_path
):
    arguments = ["--dataset", f"folder:{image_folder}", *ARGUMENTS]
    cells = plan("d", "wake_only,wo_nrem", 1, 1, tmp_path)
    broken = Cell("wake_only", 7, 1, tmp_path / "broken")
    broken.folder.mkdir()
    (broken.folder / "state.safetensors").write_text("not a state")
    seen = []
    states = sweep(
        [broken, *cells], arguments, jobs=2, on_change=lambda s: seen.append([x.status for x in s])
    )
    assert [state.status for state in states] == ["failed", "finished", "finished"]
    assert "is not a PAD checkpoint" in states[0].error
    assert any(statuses.count("training") == 2 for statuses in seen)
    for cell in cells:
        assert pad_core.load(cell.folder / "latest.safetensors").condition.name == cell.condition
    log = (cells[0].folder / LOG).stat().st_mtime_ns
    again = sweep(cells, arguments)
    assert [state.status for state in again] == ["finished", "finished"]
    assert (cells[0].folder / LOG).stat().st_mtime_ns == log
    # More epochs go on from where the cells stand.
    longer = plan("d", "wake_only", 1, 2, tmp_path)
    assert sweep(longer, arguments)[0].status == "finished"
    assert epochs_done(longer[0].folder) == 2


def test_a_stopped_sweep_leaves_cells_that_go_on(image_folder, tmp_path):
    arguments = ["--dataset", f"folder:{image_folder}", *ARGUMENTS, "--batch-size", "8"]
    cells = plan("d", "wake_only", 2, 200, tmp_path)
    stop = threading.Event()

    def when_it_trains(states):
        if states[0].progress is not None and states[0].progress.step > 0:
            stop.set()

    started = time.monotonic()
    states = sweep(cells, arguments, on_change=when_it_trains, should_stop=stop.is_set)
    assert [state.status for state in states] == ["stopped", "waiting"]
    assert time.monotonic() - started < 120
    assert (cells[0].folder / "state.safetensors").exists()
    assert not cells[0].finished


def test_a_sweep_trains_at_least_one_at_a_time(tmp_path):
    with pytest.raises(PadError, match="at least one network at a time"):
        sweep([], [], jobs=0)
