"""Orders and trainings: what is asked for, the command, and what a run folder says."""

import json
import os
import time
from dataclasses import replace

import pytest

from explorer.runs import orders, process, trainings
from explorer.runs.orders import Order, check, own_condition
from explorer.runs.trainings import look, resume, start, stop
from pad_core.checkpoint.training_config import Recipe
from pad_core.cli.main import parse
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS, PAD, as_arguments
from pad_core.system.fields import fields_of
from pad_core.training.lock import asked_to_stop, occupied
from pad_core.training.request import TrainingRequest
from tests.helpers import until

ORDER = Order(name="mine", epochs=3)


def as_parsed(order, resume=False):
    """What the command line makes of an order's arguments."""
    return parse(order.arguments(resume)[2:])


@pytest.mark.parametrize(
    "condition",
    [
        *CONDITIONS.values(),
        replace(PAD, name="pad+lam=0.8", lam=0.8),
        replace(PAD, name="mine", lam_prime=0.1, phases=("wake", "rem")),
        replace(PAD, name="0.5"),
        replace(PAD, name="true", rem_replay="single"),
        replace(CONDITIONS["wo_rem"], name="a=b", weight_nrem=0.25),
    ],
    ids=lambda condition: condition.name,
)
def test_the_command_makes_the_same_condition(condition):
    assert as_parsed(replace(ORDER, condition=condition)).request().condition == condition


def test_a_built_in_condition_goes_by_its_name():
    assert as_arguments(CONDITIONS["wo_rem"]) == ["--condition", "wo_rem"]


def test_a_condition_of_ones_own_says_what_was_changed():
    assert own_condition("pad", {"lam": 0.8, "lam_prime": 0.5}).name == "pad+lam=0.8"
    assert own_condition("wo_rem", {}) == CONDITIONS["wo_rem"]


UNUSUAL = {
    "dataset": "folder:/x y", "condition": CONDITIONS["wo_rem"], "epochs": 7, "seed": 3,
    "precision": "bf16", "device": "cpu", "keep_epochs": (1, 5),
}  # fmt: skip


def unusual(field):
    """A value that the field has not by default."""
    if field.name in UNUSUAL:
        return UNUSUAL[field.name]
    return not field.default if field.bare is bool else type(field.default)(field.default / 2) or 2


def test_the_command_carries_every_field():
    fields = fields_of(TrainingRequest).values()
    wished = TrainingRequest(**{field.name: unusual(field) for field in fields})
    assert all(getattr(wished, field.name) != field.default for field in fields)
    order = Order(name="r", **vars(wished))
    options = as_parsed(order, resume=True)
    assert options.request() == wished
    assert (options.run.as_posix(), options.resume) == ("runs/r", True)
    assert "'folder:/x y'" in process.spoken(order.arguments())
    assert Order.from_dict(json.loads(json.dumps(order.to_dict()))) == order


def test_an_order_survives_its_file():
    order = replace(ORDER, condition=own_condition("pad", {"lam": 0.1}), keep_epochs=(1, 2))
    assert Order.from_dict(json.loads(json.dumps(order.to_dict()))) == order


@pytest.mark.parametrize(
    ("spec", "condition", "name"),
    [
        ("fashion-mini", PAD, "fashion-mini-pad-seed0"),
        ("parquet:data/cifar10-jpeg", CONDITIONS["wo_rem"], "cifar10-jpeg-wo_rem-seed0"),
        ("folder:/my photos/", PAD, "my-photos-pad-seed0"),
        ("folder:/été/", replace(PAD, name="é"), "été-é-seed0"),
    ],
)
def test_the_usual_name_is_the_command_lines_and_can_be_taken(spec, condition, name, tmp_path):
    order = Order(spec, condition)
    assert orders.folder_name(order) == name
    check(replace(order, name=name, dataset="fashion-mini"), tmp_path)


def test_a_usual_name_is_never_too_long_for_a_folder(tmp_path):
    condition = replace(PAD, name="𠮷" * 80)
    name = orders.folder_name(Order(condition=condition))
    for taken in (name, orders.cut(name, 4) + "-123"):
        check(replace(ORDER, name=taken, condition=condition), tmp_path)
        (tmp_path / taken).mkdir()


@pytest.mark.parametrize("name", ["console", "nul-1", "lpt", "com10", "auxiliary.x"])
def test_names_that_only_begin_like_a_device_can_be_taken(name, tmp_path):
    check(replace(ORDER, name=name), tmp_path)


def test_no_more_are_started_than_the_computer_bears(tmp_path, monkeypatch):
    monkeypatch.setattr(trainings, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(process, "detached", lambda *a: pytest.fail("it was started"))
    folder = tmp_path / "runs/first"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(Recipe("fashion-mini", PAD, 1).to_dict()))
    with occupied(folder), pytest.raises(PadError, match="A training runs now"):
        start(replace(ORDER, name="second"), tmp_path)
    assert not (tmp_path / "runs/second").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "name"),
        ({"name": "../up"}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": ".hidden"}, "name"),
        ({"name": "a\n"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "𠮷" * 51}, "name"),
        ({"name": "x" * 100_000}, "… xxx"),
        ({"name": "NUL"}, "'NUL' is a device on Windows"),
        ({"name": "con"}, "'con' is a device on Windows"),
        ({"name": "Com1.run"}, "is a device on Windows"),
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 1}, "batch_size"),
        ({"seed": -1}, "seed"),
        ({"keep_epochs": (4,)}, "Epoch 4 can't be kept"),
        ({"device": "quantum"}, "quantum"),
        ({"dataset": "cifra10"}, "did you mean cifar10"),
        ({"dataset": "--resume"}, "No such data set"),
        ({"dataset": "folder:/nowhere"}, "no folder '/nowhere'"),
        ({"dataset": "folder:\0"}, "no folder"),
        ({"dataset": "parquet:"}, "no folder ''"),
    ],
)
def test_what_can_not_be_trained_gets_a_sentence_and_no_folder(tmp_path, change, message):
    with pytest.raises(PadError, match=message):
        start(replace(ORDER, **change), tmp_path)
    assert not list(tmp_path.iterdir())


def test_data_sets_on_offer_begin_with_what_needs_no_network(tmp_path):
    (tmp_path / "data/mine/train").mkdir(parents=True)
    (tmp_path / "data/set").mkdir()
    (tmp_path / "data/set/train-0.parquet").touch()
    (tmp_path / "data/other").mkdir()
    offered = orders.datasets(tmp_path)
    assert offered[:3] == ["fashion-mini", "folder:data/mine", "parquet:data/set"]
    assert set(offered[3:]) == {"cifar10", "svhn", "mnist", "fashion-mnist"}
    assert orders.needs_download("cifar10", tmp_path)
    for spec in offered[:3]:
        check(replace(ORDER, dataset=spec), tmp_path)


def test_a_folder_may_be_named_by_its_path_alone(tmp_path):
    (tmp_path / "my trees").mkdir()
    for spec in (f"{tmp_path}/my trees", f'"{tmp_path}/my trees"', "my trees", "folder:'my trees'"):
        check(replace(ORDER, dataset=spec), tmp_path)
        assert orders.folder_name(replace(ORDER, dataset=spec)).startswith("my-trees")


@pytest.fixture
def folder(tmp_path):
    """A run folder as the page leaves it before the process says anything."""
    folder = tmp_path / "runs/mine"
    folder.mkdir(parents=True)
    (folder / "order.json").write_text(json.dumps(ORDER.to_dict()))
    (folder / "train.log").write_text("$ python -m pad_core train\n")
    return folder


def write_progress(folder, epoch=2, step=1):
    facts = {"epoch": epoch, "epochs": 3, "step": step, "steps": 4, "images_per_s": 100.0,
             "seconds_left": 5.0, "losses": {"image": 0.1}}  # fmt: skip
    (folder / "progress.json").write_text(json.dumps(facts))


def write_history(folder, epochs):
    lines = [json.dumps({"epoch": e + 1, "losses": {"image": 1.0}}) for e in range(epochs)]
    (folder / "history.jsonl").write_text("\n".join(lines) + "\n")


def say(folder, text):
    with (folder / "train.log").open("a") as log:
        log.write(text)


def test_while_a_process_holds_the_folder_it_starts_trains_and_stops(folder):
    with occupied(folder):
        assert look(folder).status == "starting"
        write_history(folder, 1)
        write_progress(folder)
        training = look(folder)
        assert training.status == "training"
        assert training.share == pytest.approx((1 + 1 / 4) / 3)
        stop(training)
        assert asked_to_stop(folder)
        assert look(folder).status == "stopping"
    assert look(folder).status == "stopped"


def test_a_resumed_run_does_not_show_the_progress_of_before(folder):
    write_progress(folder)
    past = time.time() - 100
    os.utime(folder / "progress.json", (past, past))
    with occupied(folder):
        assert look(folder).status == "starting"
        assert look(folder).progress is None


def test_all_epochs_done_is_finished_and_fewer_is_stopped(folder):
    write_history(folder, 2)
    assert (look(folder).status, look(folder).epochs_done) == ("stopped", 2)
    write_history(folder, 3)
    assert (look(folder).status, look(folder).share) == ("finished", 1.0)


@pytest.mark.parametrize(
    ("log", "error"),
    [
        ("pad_core train: There is no folder.\n", "There is no folder."),
        ("x.py train: error: argument --seed: invalid\n", "argument --seed: invalid"),
        ("Traceback (most recent call last):\n  File\nMemoryError: no\n",
         "It broke off: MemoryError: no"),
        ("pad_core train: old.\n$ python -m pad_core train --resume\n", ""),
        ("epoch 1 · img 0.1\nStopped in epoch 2; the same command with --resume goes on.\n", ""),
    ],
)  # fmt: skip
def test_the_last_words_of_the_log_are_the_error(folder, log, error):
    say(folder, log)
    training = look(folder)
    assert training.error == error
    assert training.status == ("failed" if error else "stopped")


def test_a_run_started_elsewhere_is_known_by_its_recipe(tmp_path):
    folder = tmp_path / "runs/elsewhere"
    folder.mkdir(parents=True)
    recipe = Recipe("parquet:data/x", CONDITIONS["wo_rem"], 20, 1, precision="bf16")
    (folder / "run.json").write_text(json.dumps(recipe.to_dict()))
    order = look(folder).order
    assert order.name == "elsewhere"
    assert as_parsed(order).request() == replace(
        TrainingRequest("parquet:data/x", CONDITIONS["wo_rem"], 20, 1), precision="bf16"
    )


def test_an_order_of_a_former_version_is_read(folder):
    former = {
        "name": "mine", "dataset": "fashion-mini", "condition": PAD.to_dict(), "epochs": 3,
        "seed": 0, "batch_size": 32, "learning_rate": 0.001, "precision": "auto",
        "device": "auto", "probe_every": 1, "keep_epochs": [1, 2],
    }  # fmt: skip
    (folder / "order.json").write_text(json.dumps(former))
    order = look(folder).order
    assert order == replace(
        ORDER, batch_size=32, learning_rate=1e-3, probe_every=1, keep_epochs=(1, 2)
    )
    assert " ".join(order.arguments()) == (
        "-m pad_core train --dataset fashion-mini --condition pad --epochs 3 --seed 0 "
        "--batch-size 32 --learning-rate 0.001 --probe-every 1 --keep-epochs 1,2 --run runs/mine"
    )


def test_a_run_that_went_on_elsewhere_has_the_epochs_of_its_recipe(folder):
    recipe = Recipe("fashion-mini", PAD, 9)
    (folder / "run.json").write_text(json.dumps(recipe.to_dict()))
    future = time.time() + 100
    os.utime(folder / "run.json", (future, future))
    write_history(folder, 5)
    assert look(folder).order.epochs == 9
    assert look(folder).status == "stopped"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"condition": {"name": "x"}}', "\0"])
def test_damaged_files_leave_a_run_that_says_nothing(folder, text, tmp_path):
    for name in ("order.json", "run.json", "progress.json", "history.jsonl"):
        (folder / name).write_text(text)
    training = look(folder)
    assert (training.order, training.progress, training.history) == (None, None, [])
    with pytest.raises(PadError, match="doesn't say how it was trained"):
        resume(training, tmp_path)


def test_running_ones_come_first_then_the_latest(tmp_path):
    for age, name in enumerate(["new", "old", "older"]):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "order.json").write_text(json.dumps(ORDER.to_dict()))
        past = time.time() - 1000 * (age + 1)
        os.utime(folder / "order.json", (past, past))
    (tmp_path / "runs/no-run").mkdir()
    with occupied(tmp_path / "runs/older"):
        assert [t.folder.name for t in trainings.trainings(tmp_path)] == ["older", "new", "old"]


def wait_until(folder, *statuses, seconds=150):
    def newest():
        return trainings.trainings(folder.parents[1])[0]

    until(lambda: newest().status in statuses, lambda: str(newest()), seconds, 0.1)
    return newest()


@pytest.mark.slow
def test_a_training_runs_stops_goes_on_and_ends(tmp_path, image_folder):
    """The real thing, once: a process, asked to stop in its second epoch, then resumed."""
    order = Order(
        f"folder:{image_folder}", name="real", epochs=500, batch_size=16, keep_epochs=(1,)
    )
    start(order, tmp_path)
    folder = tmp_path / "runs/real"
    with pytest.raises(PadError, match="training already"):
        start(order, tmp_path, resume=True)
    training = wait_until(folder, "training")
    stop(training)
    training = wait_until(folder, "stopped", "failed")
    assert training.error == ""
    assert "Stopped in epoch" in (folder / "train.log").read_text()
    with pytest.raises(PadError, match="already; resume it"):
        start(order, tmp_path)
    end = training.epochs_done + 1
    resume(training, tmp_path, epochs=end)
    training = wait_until(folder, "finished", "failed")
    assert (training.error, training.epochs_done) == ("", end)
    assert (folder / "latest.safetensors").exists()


@pytest.mark.slow
def test_an_error_of_the_process_is_told_in_its_own_words(tmp_path):
    (tmp_path / "data/empty").mkdir(parents=True)
    start(Order("folder:data/empty", name="broken"), tmp_path)
    training = wait_until(tmp_path / "runs/broken", "failed", "finished")
    assert "empty holds no picture" in training.error
