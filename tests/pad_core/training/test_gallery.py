"""The gallery's queue: what is in it, what fits into a budget, what travels."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

import pad_core
from pad_core.checkpoint.training_config import Recipe
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from pad_core.evaluation.evaluate import Protocol
from pad_core.model.condition import CONDITIONS, PAD, TABLE_1
from pad_core.training.gallery import (
    QUEUE,
    RECORDS,
    Budget,
    Grid,
    Measuring,
    items,
    pack,
    run,
    source_of,
    unpack,
)
from pad_core.training.loop import Run
from pad_core.training.run_folder import Progress
from pad_core.training.sweep import CellState, Settings
from pad_core.training.sweep_streams import StreamEngine
from tools import gallery

TEMPLATE = Recipe("", PAD, 1, batch_size=16)
PROTOCOL = Protocol(readout_seeds=2, occlusion_images=20, dreams=20, frechet_images=100)


@pytest.fixture
def data(tiny):
    return {"cifar10": tiny}


def test_the_queue_begins_with_table_1(data, tmp_path):
    queue = items(QUEUE, data, tmp_path, TEMPLATE)
    first = queue[:20]
    assert [item.name for item in first[:5]] == [f"cifar10-{name}-seed0" for name in TABLE_1]
    assert {item.cell.recipe.seed for item in first} == {0, 1, 2, 3}
    assert {item.cell.recipe.epochs for item in first} == {50}
    assert len({item.name for item in queue}) == len(queue)
    assert {item.grid.data for item in queue} == {"cifar10"}  # the others are not at hand
    assert all(item.cell.recipe.adam_coasts == ("coasting" in item.name) for item in queue)


def test_a_network_that_goes_on_from_another_has_it_as_its_source(data, tmp_path):
    queue = items(QUEUE, data, tmp_path, TEMPLATE)
    longer = next(item for item in queue if item.name == "cifar10-wo_nrem-seed1-epoch100")
    source = source_of(longer, queue)
    assert source is not None and source.name == "cifar10-wo_nrem-seed1"
    assert source_of(source, queue) is None


def states_of(queue, status="training", done=0.0):
    return [
        CellState(
            item.cell,
            status,
            Progress(1 + int(done), item.cell.recipe.epochs, 0, 4, 1.0, 1.0, {}),
        )
        for item in queue
    ]


def test_what_can_be_finished_together_goes_on(data, tmp_path):
    grid = Grid("s", "cifar10", (CONDITIONS["wake_only"],), 4, 10)
    queue = items([grid], data, tmp_path, TEMPLATE)
    speed = 0.0
    # A network takes 10 epochs × 256 images; at 256 a second, 10 s.
    budget = Budget(time.monotonic() + 25, {data["cifar10"].spec: 256}, lambda: speed)
    states = states_of(queue)
    budget.look(states)
    assert all(budget.admits(state) for state in states)  # nothing is known of the speed yet
    speed = 256.0
    budget.look(states)
    assert [budget.admits(state) for state in states] == [True, True, False, False]
    states[0].status = "finished"
    states[2].status = states[3].status = "waiting"
    budget.look(states)  # room for one more, with a tenth to spare
    assert [budget.admits(state) for state in states] == [False, True, True, False]


def test_where_nothing_can_be_finished_one_goes_on(data, tmp_path):
    grid = Grid("s", "cifar10", (CONDITIONS["wake_only"],), 2, 10)
    states = states_of(items([grid], data, tmp_path, TEMPLATE))
    budget = Budget(time.monotonic() + 5, {data["cifar10"].spec: 256}, lambda: 1.0)
    budget.look(states)
    assert [budget.admits(state) for state in states] == [True, False]
    over = Budget(time.monotonic() - 1, {data["cifar10"].spec: 256}, lambda: 1.0)
    assert not over.admits(states[0])


@pytest.mark.slow
def test_networks_are_trained_measured_packed_and_unpacked(tiny, tmp_path):
    again = replace(tiny, spec="again")
    data: dict[str, DataSet] = {"cifar10": again}
    conditions = (CONDITIONS["wake_only"], CONDITIONS["wo_nrem"])
    queue = items(
        [
            Grid("first", "cifar10", conditions, 1, 2, (1,)),
            Grid("long", "cifar10", conditions[:1], 1, 3, (3,), continues="first"),
        ],
        data,
        tmp_path / "runs",
        TEMPLATE,
    )
    engine = StreamEngine("cpu")
    engine.share(again)
    budget = Budget(time.monotonic() + 600, {"again": len(again.train)}, lambda: 0.0)
    measuring = Measuring(tmp_path / "out", data, PROTOCOL, "cpu", 1)
    states = run(queue, engine, Settings(), budget, measuring)
    assert [s.status for s in states] == ["finished"] * 3, [s.error for s in states]
    files = measuring.finish(time.monotonic() + 300)
    assert measuring.failed == {}
    assert sorted(path.stem for path in files) == sorted(item.name for item in queue)
    assert pack(files, tmp_path / "packed") == files
    found = {path.stem: pad_core.load(path) for path in unpack(tmp_path / "packed", tmp_path / "n")}
    first, longer = found["cifar10-wake_only-seed0"], found["cifar10-wake_only-seed0-epoch3"]
    assert (first.header.epoch, longer.header.epoch) == (2, 3)
    assert longer.history[:1] != [] and longer.history[0]["losses"] == first.history[0]["losses"]
    assert "linear_separability" in first.history[0] and "linear_separability" in longer.history[2]
    assert len(first.metrics["linear_separability_by_seed"]) == 2
    assert first.metrics["baselines"]["untrained"]["linear_separability"] > 0
    assert len(first.memories["train"]) == 64
    assert len(longer.memories["train"]) == 0
    records = json.loads((tmp_path / "packed" / RECORDS).read_text())
    assert {record["file"] for record in records} == {path.name for path in files}


def test_archives_keep_to_their_limits_and_records_hold_everything(exported, tmp_path):
    files = []
    for name in "abc":
        path = tmp_path / f"{name}.safetensors"
        path.write_bytes(exported.read_bytes())
        files.append(path)
    size = exported.stat().st_size
    packed = pack(files, tmp_path / "packed", file_bytes=size, total_bytes=2 * size)
    assert packed == files[:2]
    archives = sorted((tmp_path / "packed").glob("networks-*.tar"))
    assert len(archives) == 2
    assert all(path.stat().st_size <= size for path in archives)
    assert sum(p.stat().st_size for p in (tmp_path / "packed").iterdir()) <= 2 * size
    assert len(json.loads((tmp_path / "packed" / RECORDS).read_text())) == 3
    for path in unpack(tmp_path / "packed", tmp_path / "unpacked"):
        assert path.read_bytes() == exported.read_bytes()


def test_an_archive_writes_nothing_beside_its_folder(tmp_path):
    import io
    import tarfile

    with tarfile.open(tmp_path / "networks-1.tar", "w") as archive:
        entry = tarfile.TarInfo("../outside.xz")
        archive.addfile(entry, io.BytesIO())
    with pytest.raises(PadError, match="no gallery archive"):
        list(unpack(tmp_path, tmp_path / "into"))
    assert not (tmp_path / "outside").exists()


def test_a_run_can_be_carried_in_one_file(tiny, tmp_path):
    """Another machine goes on with state.safetensors alone."""
    from pad_core.training.loop import train

    recipe = replace(TEMPLATE, dataset=tiny.spec, condition=CONDITIONS["wake_only"], epochs=1)
    train(tmp_path / "here", recipe, tiny)
    there = tmp_path / "there"
    there.mkdir()
    (there / "state.safetensors").write_bytes(
        (tmp_path / "here" / "state.safetensors").read_bytes()
    )
    done: Run = train(there, replace(recipe, epochs=2), tiny, resume=True)
    assert done.epoch == 2
    assert [entry["epoch"] for entry in done.history] == [1, 2]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["train", "--budget", "5", "--data", "somewhere"], "is not NAME=SPEC"),
        (["train", "--budget", "5", "--data", "cifar10=/nowhere"], "no such data set"),
        (["train", "--budget", "5", "--data", "cifar10=x", "--grids", "best"], "no grid 'best'"),
        (["train", "--budget", "1", "--data", "cifar10=x"], "leave nothing to train in"),
        (["train", "--budget", "nan", "--data", "cifar10=x"], "leave nothing to train in"),
        (["unpack", "/nowhere", "--into", "x"], "has no archive"),
    ],
)
def test_what_is_typed_wrong_is_said_in_a_sentence(typed, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["gallery.py", *typed])
    assert gallery.main() == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
