"""Networks that train in turns on one device are those that train alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from pad_core.checkpoint.training_config import Recipe
from pad_core.model.condition import CONDITIONS, PAD
from pad_core.system.tensors import read_tensors
from pad_core.training import sweep_streams
from pad_core.training.loop import portions, train
from pad_core.training.sweep import LOG, Cell, Settings, plan, sweep
from pad_core.training.sweep_streams import StreamEngine


@pytest.fixture
def template(tiny):
    return Recipe(tiny.spec, PAD, epochs=2, batch_size=16)


@pytest.fixture
def engine(tiny):
    made = StreamEngine("cpu", most=4, measure_s=0.1)
    made.share(tiny)
    return made


def state(folder):
    return read_tensors(folder / "state.safetensors")[0]


@pytest.mark.slow
def test_each_network_is_the_one_that_trains_alone(template, engine, tiny, tmp_path):
    cells = plan(template, "d", "pad,wo_rem,wake_only", 1, tmp_path / "together", (1,))
    states = sweep(cells, Settings(), engine)
    assert [s.status for s in states] == ["finished"] * 3, [s.error for s in states]
    for cell in cells:
        alone = tmp_path / "alone" / cell.folder.name
        train(alone, cell.recipe, tiny, keep_epochs=(1,))
        expected, found = state(alone), state(cell.folder)
        assert expected.keys() == found.keys()
        for name, tensor in expected.items():
            assert torch.equal(tensor, found[name]), name
        assert (cell.folder / "epoch-0001.safetensors").exists()
        assert (cell.folder / LOG).read_text().count("losses") == 2


def test_they_train_at_once(template, engine, tmp_path):
    """All are training at one moment; then they may stop."""
    cells = plan(replace(template, epochs=8), "d", "wake_only", 4, tmp_path)
    engine.jobs = 4
    begun = []

    def look(states):
        begun.append(sum(s.status == "training" for s in states))

    states = sweep(cells, Settings(), engine, look, lambda: 4 in begun)
    assert {s.status for s in states} == {"stopped"}


def test_one_that_diverges_does_not_stop_the_others(template, engine, tmp_path):
    calm = replace(template, condition=CONDITIONS["wake_only"])
    wild = replace(template, learning_rate=0.99)
    cells = [Cell(wild, tmp_path / "wild"), Cell(calm, tmp_path / "calm")]
    states = sweep(cells, Settings(), engine)
    assert [s.status for s in states] == ["failed", "finished"]
    assert "diverged" in states[0].error
    assert "lower learning rates" in states[0].error


def test_stopped_networks_go_on_where_they_were(template, engine, tiny, tmp_path):
    cells = plan(replace(template, epochs=4), "d", "wake_only", 2, tmp_path)
    engine.jobs = 2
    stop = False

    def look(states):
        nonlocal stop
        stop = any(s.progress is not None and s.progress.epoch >= 2 for s in states)

    assert {s.status for s in sweep(cells, Settings(), engine, look, lambda: stop)} == {"stopped"}
    again = StreamEngine("cpu")
    again.share(tiny)
    assert {s.status for s in sweep(cells, Settings(), again)} == {"finished"}
    train(tmp_path / "alone", cells[1].recipe, tiny)
    expected, found = state(tmp_path / "alone"), state(cells[1].folder)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_what_is_not_admitted_does_not_train(template, engine, tmp_path):
    cells = plan(template, "d", "wake_only", 2, tmp_path)
    admitted = cells[0].folder
    states = sweep(cells, Settings(), engine, admits=lambda state: state.cell.folder == admitted)
    assert [s.status for s in states] == ["finished", "waiting"]
    assert not cells[1].folder.exists()


class Clock:
    """A device whose networks get as much done as ``speeds`` say, by how many train at once."""

    def __init__(self, monkeypatch, speeds):
        self.speeds, self.now = speeds, 0.0
        monkeypatch.setattr(sweep_streams.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(sweep_streams.time, "sleep", self.pass_time)

    def pass_time(self, seconds):
        self.now += seconds


@pytest.mark.parametrize(
    ("speeds", "expected"),
    [
        ({1: 100, 2: 190, 4: 300, 8: 310, 16: 310}, 4),  # eight bring hardly more than four
        ({1: 100, 2: 101}, 1),
        ({1: 100, 2: 200, 4: 400, 8: 800, 16: 1600}, 16),
    ],
)
def test_as_many_at_once_as_pay(template, monkeypatch, tmp_path, speeds, expected):
    clock = Clock(monkeypatch, speeds)
    engine = StreamEngine("cpu", most=16, measure_s=1.0)

    class Member:
        def __init__(self, cell):
            self.cell, self.images_seen, self.cycles = cell, 0, 1000

        def ready(self):
            return True

        def outcome(self):
            return None

        def advance(self):
            going = min(len(engine._members), engine.jobs)
            self.images_seen += speeds[going] / going * 0.01
            if self is engine._members[0]:
                clock.pass_time(0.01)

    cell = plan(template, "d", "pad", 1, tmp_path)[0]
    for _ in range(60):
        while len(engine._members) < engine.jobs:
            engine._members.append(Member(cell))
            engine._window = None  # as when one starts
        engine.wait(0.5)
    assert engine.settled
    assert engine.jobs == expected
    assert engine.images_per_s == pytest.approx(speeds[expected], rel=0.05)


def test_a_run_yields_after_each_portion_and_at_its_end(template, tiny, tmp_path):
    steps = [(run.epoch, run.step) for run in portions(tmp_path / "run", template, tiny)]
    assert steps == [(0, 1), (0, 2), (0, 3), (0, 4), (1, 1), (1, 2), (1, 3), (1, 4), (2, 0)]
