"""The Train page: orders are checked, trainings started, watched, stopped and resumed."""

import dataclasses
import io
import json
import zipfile
from pathlib import Path

import pytest
from streamlit import config

from explorer.library import networks
from explorer.runs import measuring, process, trainings
from explorer.runs.orders import Order
from explorer.views.train.condition_form import read_phases
from explorer.views.train.draft import Draft
from pad_core.checkpoint import file as checkpoint
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS, PAD, Condition
from pad_core.report.conditions_in_words import TOLD
from pad_core.training.lock import asked_to_stop, occupied
from pad_core.training.request import TrainingRequest
from tests.explorer.pages import drawn, page_of, widget, write_checkpoint
from tests.helpers import until


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def started(monkeypatch):
    """Orders that the page would have started."""
    orders = []

    class Over:
        def __init__(self, command, home, log):
            orders.append(command)

        def poll(self):
            return 0

    monkeypatch.setattr(process, "detached", Over)
    monkeypatch.setattr(trainings, "_children", {})
    return orders


def page(**typed):
    """The page, with what was typed into the form (AppTest can't type into a select box)."""
    at = page_of("train", 60)
    own = {field.name for field in dataclasses.fields(Draft)}
    form = {name: value for name, value in typed.items() if name in own}
    training = {name: value for name, value in typed.items() if name not in own}
    at.session_state["draft"] = Draft(**form, training=training)
    at.run()
    assert not at.exception
    return at


@pytest.fixture
def open_to_others(monkeypatch):
    """Settings of an explorer that other computers reach."""
    before = config.get_option("server.address")
    config.set_option("server.address", "0.0.0.0")
    yield monkeypatch
    config.set_option("server.address", before)


def field(widgets, name):
    return widget(widgets, f"order-{name}")


def button(at, label):
    return next(b for b in at.button if b.label == label)


def labels(at):
    return [b.label for b in at.button]


def write_run(home, name, epochs_done=1, epochs=3, **files):
    folder = home / "runs" / name
    folder.mkdir(parents=True)
    order = Order(name=name, epochs=epochs)
    (folder / "order.json").write_text(json.dumps(order.to_dict()))
    lines = [json.dumps({"epoch": e + 1, "losses": {"image": 0.5, "kl": 0.1}})
             for e in range(epochs_done)]  # fmt: skip
    (folder / "history.jsonl").write_text("\n".join(lines))
    return folder


def test_the_first_visit_offers_two_epochs_of_what_ships_and_says_how(home):
    at = page()
    assert field(at.selectbox, "dataset").value == "fashion-mini"
    command = at.code[0].value
    assert command.startswith("python -m pad_core train --dataset fashion-mini --condition pad")
    assert "--epochs 2" in command
    assert "--run runs/fashion-mini-pad-seed0" in command
    assert "Nothing has been trained here yet" in at.info[0].value


def test_start_runs_the_command_that_is_shown(home, started):
    at = page()
    field(at.number_input, "seed").set_value(3).run()
    shown = at.code[0].value
    button(at, "Start training").click().run()
    assert not at.exception
    (command,) = started
    assert process.spoken(command[2:]) == shown
    assert "--seed 3" in shown
    assert (home / "runs/fashion-mini-pad-seed3/order.json").exists()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("epochs", 0, "epochs is a whole number from 1"),
        ("seed", -1, "seed is a whole number from 0 to 4294967295, not -1"),
        ("batch_size", 1, "batch_size is a whole number from 2"),
        ("probe_every", -1, "probe_every is a whole number from 0 to 100000, not -1"),
        ("lam", 1.2, "lam is a number from 0 to 1, not 1.2"),
        ("noise_level", -0.5, "noise_level is a number of at least 0"),
    ],
)
def test_a_number_out_of_range_gets_a_sentence_and_can_be_put_right(home, name, value, said):
    at = page()
    before = field(at.number_input, name).value
    field(at.number_input, name).set_value(value).run()
    assert not at.exception
    assert said in at.error[0].value.replace("\\", "")  # which keep Markdown from being read
    assert not any(b.label == "Start training" for b in at.button)
    field(at.number_input, name).set_value(before).run()
    assert not at.error
    assert button(at, "Start training")


def test_a_condition_of_ones_own_goes_into_the_command_and_the_name(home):
    at = page()
    field(at.number_input, "lam_prime").set_value(0.8).run()
    field(at.selectbox, "phases").set_value(("wake", "rem")).run()
    command = at.code[0].value
    assert "--set lam_prime=0.8" in command
    assert "phases=" in command
    assert "runs/fashion-mini-pad+" in command
    field(at.text_input, "condition_name").set_value("mine").run()
    assert "--set name=mine" in at.code[0].value
    assert "--run runs/fashion-mini-mine-seed0" in at.code[0].value
    field(at.selectbox, "base").set_value("wo_rem").run()
    assert "lam_prime" not in at.code[0].value
    assert field(at.number_input, "wake_noise_variance").value == 0.5


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("dataset", "cifra10", "No such data set"),
        ("dataset", "folder:/nowhere", "no folder"),
        ("name", "../x", "letters, digits"),
        ("keep_epochs", "one", "Keep epochs: whole numbers from 1 with commas between"),
        ("condition_name", "a b", "condition's name"),
    ],
)
def test_what_can_not_be_trained_gets_a_sentence_and_no_button(home, name, value, message):
    at = page(**{name: value})
    assert message in at.error[0].value.replace("\\", "")
    assert "Start training" not in labels(at)


def test_a_data_set_that_is_not_here_says_that_it_is_downloaded(home):
    at = page(dataset="cifar10")
    assert any("downloaded first" in caption.value for caption in at.caption)


def test_a_name_that_is_taken_offers_another(home):
    write_run(home, "fashion-mini-pad-seed0")
    at = page()
    assert "Start training" not in labels(at)
    button(at, "Call it fashion\\-mini\\-pad\\-seed0\\-2").click().run()
    assert "--run runs/fashion-mini-pad-seed0-2" in at.code[0].value
    assert "Start training" in labels(at)


def test_a_stopped_run_can_be_resumed_and_a_finished_one_goes_further(home, started):
    write_run(home, "half")
    write_run(home, "whole", epochs_done=3)
    at = page()
    at.button(key="resume-half").click().run()
    at.button(key="resume-whole").click().run()
    half, whole = started
    assert half[-1] == whole[-1] == "--resume"
    assert half[half.index("--epochs") + 1] == "3"
    assert whole[whole.index("--epochs") + 1] == "6"


def test_a_training_started_elsewhere_is_shown_and_can_be_stopped(home):
    folder = write_run(home, "elsewhere")
    progress = {"epoch": 2, "epochs": 3, "step": 2, "steps": 4, "images_per_s": 214.0,
                "seconds_left": 75.0, "losses": {"image": 0.4}}  # fmt: skip
    with occupied(folder):
        (folder / "progress.json").write_text(json.dumps(progress))
        write_checkpoint(folder / "latest.safetensors")
        at = page()
        bar = at.get("progress")[0].proto
        assert bar.text == "epoch 2 of 3 · 214 images/s · 1 min 15 s left"
        assert bar.value == 50
        assert any("pad-latest" in html.proto.body for html in drawn(at))
        at.button(key="stop-elsewhere").click().run()
        assert asked_to_stop(folder)
        assert at.button(key="stop-elsewhere").disabled
        assert any("stopping …" in html.proto.body for html in drawn(at))
        at = page(name="elsewhere")
        assert "**elsewhere** was started" in at.success[0].value
        assert not at.warning


def test_an_error_of_the_process_stands_in_its_card(home):
    folder = write_run(home, "broken")
    (folder / "train.log").write_text(
        "$ python\npad_core train: folder:x: it has <b>no</b> images."
    )
    at = page()
    assert "it has" in at.error[0].value
    assert "failed" in "".join(html.proto.body for html in drawn(at))


def test_a_run_whose_folder_vanished_gets_a_sentence(home):
    folder = write_run(home, "gone")
    at = page()
    for path in folder.iterdir():
        path.unlink()
    at.button(key="resume-gone").click().run()
    assert not at.exception


@pytest.mark.slow
def test_a_training_started_from_the_page_ends_as_a_network(home, image_folder):
    """The real thing: the page starts a process; its network can then be listed."""
    at = page(dataset=f"folder:{image_folder}", probe_every=0)
    field(at.number_input, "epochs").set_value(1).run()
    field(at.text_input, "name").set_value("from-the-page").run()
    button(at, "Start training").click().run()
    folder = home / "runs/from-the-page"

    def is_finished():
        status = trainings.look(folder, not _over(folder)).status
        assert status != "failed", trainings.printed(folder)
        return status == "finished"

    until(is_finished, "the training goes on", 150, 0.2)
    listed = networks.list_checkpoints("", None).headers
    assert "runs/from-the-page/latest.safetensors" in listed
    at.run()
    assert "Dreams-from-the-page" in [b.key for b in at.button]


def _over(folder: Path) -> bool:
    return folder not in trainings._running_here()


def keys(at):
    kinds = (at.number_input, at.selectbox, at.multiselect, at.button_group, at.checkbox,
             at.text_input)  # fmt: skip
    return {str(w.key).removeprefix("order-").rpartition("-")[0] for kind in kinds for w in kind}


def test_every_field_of_a_condition_has_a_place(home):
    found = keys(page(changes={"contrast": "nt_xent"}))
    assert "redundancy" not in found
    found |= keys(page(changes={"contrast": "barlow_twins"}))
    assert {field.name for field in dataclasses.fields(Condition)} - {"name"} <= found


def test_every_field_of_a_training_has_a_place_and_goes_into_the_command(home):
    at = page()
    assert {field.name for field in dataclasses.fields(TrainingRequest)} - {"condition"} <= keys(at)
    field(at.checkbox, "adam_coasts").check().run()
    field(at.number_input, "beta1").set_value(0.9).run()
    field(at.button_group, "precision").set_value("fp32").run()
    command = at.code[0].value
    assert "--adam-coasts" in command
    assert "--beta1 0.9 " in command
    assert "--precision fp32" in command


@pytest.mark.parametrize(
    ("kind", "name", "value", "said"),
    [
        ("number_input", "rate_rem", 2.0, "rate_rem=2.0"),
        ("number_input", "memories", 3, "memories=3"),
        ("number_input", "hippocampus", 8, "hippocampus=8"),
        ("number_input", "perturbation_strength", 0.5, "perturbation_strength=0.5"),
        ("multiselect", "perturbation", ["blur", "noise"], 'perturbation=["blur", "noise"]'),
    ],
)
def test_what_the_discussion_proposes_goes_into_the_command(home, kind, name, value, said):
    at = page()
    field(getattr(at, kind), name).set_value(value).run()
    assert not at.exception
    assert not at.error
    assert said in at.code[0].value


def test_a_built_in_condition_is_told_and_goes_by_its_name(home):
    at = page(base="barlow_phase")
    assert "--condition barlow_phase " in at.code[0].value
    assert TOLD["barlow_phase"] in [caption.value for caption in at.caption]
    assert field(at.number_input, "redundancy").value == 0.005
    assert not any("temperature" in str(w.key) for w in at.number_input)


def test_no_perturbation_at_all_gets_a_sentence(home):
    at = page(changes={"perturbation": ()})
    assert "perturbation is one or several of squares" in at.error[0].value
    assert "Start training" not in labels(at)


def test_a_field_without_effect_gets_a_sentence(home):
    at = page(changes={"recency": 0.5})
    assert "recency has no effect" in at.error[0].value


def test_a_cycle_that_was_typed_stands_among_those_offered(home):
    at = page(changes={"phases": ("wake", "rem", "rem")})
    assert field(at.selectbox, "phases").value == ("wake", "rem", "rem")
    assert not at.error
    at = page(changes={"phases": ("nap",)})
    assert "phases start with 'wake'" in at.error[0].value


@pytest.mark.parametrize(
    ("typed", "phases"),
    [
        ("wake nrem rem", ("wake", "nrem", "rem")),
        ("Wake → NREM × 3 → REM", ("wake", "nrem", "nrem", "nrem", "rem")),
        ("wake, nrem 2, rem*2", ("wake", "nrem", "nrem", "rem", "rem")),
        ("2 wake", ("wake",)),
        ("", ()),
        ("wake rem 999999999999", ("wake", *["rem"] * 99)),
    ],
)
def test_a_typed_cycle_is_read(typed, phases):
    assert read_phases(typed) == phases


def test_a_cycle_back_to_its_base_changes_nothing(home):
    at = page(changes={"phases": ("wake", "nrem", "rem")})
    assert "--set" not in at.code[0].value


def said(at, icon):
    """The line that begins with this icon."""
    return next(m.value for m in at.markdown if f":material/{icon}:" in m.value)


def zip_of(image_folder, name="images.zip"):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(image_folder.rglob("*.png")):
            archive.write(path, path.relative_to(image_folder))
    return name, file.getvalue(), "application/zip"


def test_a_dropped_zip_is_chosen_and_counted_and_trained_on(home, started, image_folder):
    at = page()
    assert "**5,000** images, 10 classes, 1,000 to test" in said(at, "photo_library")
    at.file_uploader(key="data-zip").upload(*zip_of(image_folder)).run()
    assert not at.exception
    (made,) = (home / "data/dropped").iterdir()
    spec = f"folder:data/dropped/{made.name}"
    assert field(at.selectbox, "dataset").value == spec
    assert "**64** images, 10 classes, 40 to test" in said(at, "photo_library")
    assert "About **" in said(at, "schedule")
    button(at, "Start training").click().run()
    assert spec in started[0]


def test_a_zip_that_is_refused_says_why_until_another_comes(home, image_folder):
    at = page()
    at.file_uploader(key="data-zip").upload("a.zip", b"PK\x03\x04", "application/zip").run()
    assert "damaged or cut off" in at.error[0].value
    assert field(at.selectbox, "dataset").value == "fashion-mini"
    assert "Start training" in labels(at)
    at.file_uploader(key="data-zip").upload(*zip_of(image_folder)).run()
    assert not at.error


def test_a_folder_that_is_no_data_set_says_so_before_it_is_trained_on(home, tmp_path):
    (tmp_path / "cats" / "tabby").mkdir(parents=True)
    at = page(dataset=f"folder:{tmp_path / 'cats'}")
    assert "holds no picture" in at.error[0].value
    assert "Start training" not in labels(at)


def test_viewers_at_other_computers_put_nothing_on_the_disk(home, open_to_others):
    assert not page().file_uploader


def test_viewers_at_other_computers_name_no_folder_unless_the_operator_does(
    home, started, image_folder, open_to_others
):
    refused = page(dataset=f"folder:{image_folder}", name="mine")
    assert "serves other computers" in refused.error[0].value
    assert not [b for b in refused.button if b.label == "Start training"]
    # Neither says whether there is such a folder.
    assert page(dataset="folder:/nowhere", name="x").error[0].value == refused.error[0].value
    open_to_others.setenv("PAD_DATA", str(image_folder.parent))
    allowed = page(dataset=f"folder:{image_folder}", name="mine")
    assert not allowed.error
    button(allowed, "Start training").click().run()
    assert started


def test_viewers_at_other_computers_start_fewer_trainings(home, started, open_to_others):
    open_to_others.setattr(trainings, "MOST_FOR_VISITORS", 1)
    first = home / "runs/first"
    first.mkdir(parents=True)
    (first / "run.json").write_text(json.dumps(TrainingRequest("fashion-mini", PAD, 1).to_dict()))
    with occupied(first):
        at = page(name="second")
        button(at, "Start training").click().run()
    assert "A training runs now, as many as" in at.error[0].value
    assert not started


def test_a_preset_fills_the_form_and_says_how_long_it_takes(home):
    at = page(epochs=7, name="mine")
    button(at, "The paper's PAD").click().run()
    assert not at.exception
    command = at.code[0].value
    assert "--dataset cifar10" in command and "--epochs 50" in command and "mine" not in command
    (time,) = [m.value for m in at.markdown if ":material/schedule:" in m.value]
    assert "images/s" in time and " h " in time
    button(at, "A mix of yours").click().run()
    assert "lam_prime=0.8" in at.code[0].value
    button(at, "Two-minute taste").click().run()
    assert "--epochs 2" in at.code[0].value and "lam_prime" not in at.code[0].value


def test_the_cycle_is_drawn_as_it_is_chosen(home):
    at = page(base="wo_nrem")
    cycle = next(h.proto.body for h in drawn(at) if "pad-cycle" in h.proto.body)
    assert cycle.count("pad-sign-wake") == 1 and "pad-sign-nrem" not in cycle
    at = page(changes={"phases": ("wake", "nrem", "rem", "nrem")})
    cycle = next(h.proto.body for h in drawn(at) if "pad-cycle" in h.proto.body)
    assert cycle.count("pad-sign-nrem") == 2


def finished(home, condition="wo_rem"):
    """A finished training whose network is there."""
    folder = write_run(home, "done", epochs_done=2, epochs=2)
    order = Order(name="done", epochs=2, seed=4, condition=CONDITIONS[condition])
    (folder / "order.json").write_text(json.dumps(order.to_dict()))
    write_checkpoint(folder / "latest.safetensors", condition, seed=4)
    return folder


def test_a_finished_network_can_be_measured_and_gets_its_full_model(home, monkeypatch):
    asked = []
    monkeypatch.setattr(measuring, "measure", lambda folder, root: asked.append(folder))
    folder = finished(home)
    at = page()
    button(at, "Evaluate and record").click().run()
    assert asked == [folder]
    button(at, "Its PAD, too").click().run()
    assert not at.exception
    command = at.code[0].value
    assert "--condition pad" in command and "--seed 4" in command and "--epochs 2" in command


def test_what_was_measured_leads_to_the_claims_and_others_to_the_wall(home):
    folder = finished(home)
    checkpoint.update_metrics(folder / "latest.safetensors", {"linear_separability": 40.0})
    assert not {"Compare", "Its PAD"} & set(labels(page()))
    write_checkpoint(home / "checkpoints/pad.safetensors", "pad")
    at = page()
    assert "Claims" in labels(at) and "Compare" in labels(at)
    assert "Evaluate and record" not in labels(at)
    assert "Its PAD, too" not in labels(at)


def test_why_a_measurement_can_not_begin_stands_in_the_card(home, monkeypatch):
    def refuse(folder, root):
        raise PadError("another is being measured")

    monkeypatch.setattr(measuring, "measure", refuse)
    finished(home)
    at = page()
    button(at, "Evaluate and record").click().run()
    assert "another is being measured" in at.error[0].value
