"""The Curves page: the paper's figures with verdicts, losses, dreams over epochs."""

import json
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from explorer.library import networks, real_images
from explorer.library.real_images import RealImages
from explorer.runs.orders import Order
from explorer.views.curves.likeness import likeness
from pad_core.checkpoint import file as checkpoint
from pad_core.evaluation.compare import compare_files
from pad_core.training.lock import occupied
from tests.explorer.pages import drawn, opened, run_until, widget, write_checkpoint

HISTORY = [
    {"epoch": e, "losses": {"image": 1 / e}, "linear_separability": 20.0 + e} for e in (1, 2, 3)
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return pad(folder / "pad", 3), pad(folder / "early", 1)


def pad(path, epoch):
    write_checkpoint(path)
    network = checkpoint.load(path)
    header = replace(network.header, epoch=epoch, history=HISTORY[:epoch])
    checkpoint.save(path, network.networks, header, network.memories, bits=8)
    return path


@pytest.fixture
def home(tmp_path, monkeypatch, made):
    """A project with one network after one and after three epochs."""
    monkeypatch.setattr(networks, "ROOT", tmp_path)
    (tmp_path / "checkpoints").mkdir()
    for name, path in zip(("late", "early"), made, strict=True):
        (tmp_path / f"checkpoints/{name}.safetensors").write_bytes(path.read_bytes())
    return tmp_path


page = partial(opened, "curves", 60)


def html(at):
    return "".join(element.proto.body for element in drawn(at))


def said(at):
    """What goes by, as people read it."""
    return at.toast[0].value.replace("\\", "")


def charts(at):
    return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]


def test_a_claim_stands_with_its_verdict_and_what_is_missing_with_its_command(home):
    at = page(figure="fig4")
    (chart,) = charts(at)
    assert "PAD, n = 1" in [trace.get("name") for trace in chart["data"]]
    page_html = html(at)
    assert "PAD&#39;s separability rises as it learns." in page_html
    assert "0 of the paper’s 3 claims hold here, 3 cannot be told yet." in page_html
    assert "<summary>cannot be told, 1 network</summary>" in page_html
    commands = [code.value for code in at.code]
    assert any("--condition wo_rem" in c and "--dataset fashion-mini" in c for c in commands)


def test_all_recorded_measures_stand_in_a_table(home):
    at = page(curves="measures")
    assert any("Nothing is recorded yet" in info.value for info in at.info)
    at = page(curves="paper")
    metrics = {
        "dataset": "fashion-mini", "condition": "pad", "seed": 0, "epoch": 3, "on": "real images",
        "n_train": 10, "n_test": 10, "occlusion_n": 5, "linear_separability": 41.25,
        "protocol": {"readout_seeds": 10}, "knn": {"cosine": {"20": 33.3}},
        "baselines": {"untrained": {"linear_separability": 30.5}},
    }  # fmt: skip
    checkpoint.update_metrics(home / "checkpoints/late.safetensors", metrics)
    widget(at.segmented_control, "curves").set_value("measures").run()
    assert at.query_params["curves"] in ("measures", ["measures"])
    shown = html(at)
    for words in ("PAD, epoch 3, n = 1", "41.25", "30.50", "20 nearest neighbours, cosine", "33.3"):
        assert words in shown
    assert "uniformity" not in shown  # which was not recorded


def test_another_figure_is_one_click_away_and_in_the_address(home):
    at = page()
    widget(at.selectbox, "figure").set_value("fig5").run()
    assert at.query_params["figure"] in ("fig5", ["fig5"])
    assert "30 % occlusion" in html(at)
    assert "Nothing of this is recorded" in at.info[0].value


def test_a_figure_of_another_data_set_gives_way_and_says_so(home):
    at = page(figure="app-fig2")  # SVHN's losses
    assert widget(at.selectbox, "figure").value == "fig3"
    assert "is of other images than fashion-mini" in said(at)


def test_an_epoch_that_was_not_kept_gives_way_and_says_so(home):
    at = page(curves="epochs", stage=2)
    assert scrubber(at)["place"] == 1
    assert said(at) == "Epoch 2 of this training was not kept; shown is epoch 3."
    assert "stage" not in at.query_params


def test_losses_of_the_compared_networks_can_be_logarithmic(home):
    at = page(curves="losses")
    (chart,) = charts(at)
    assert chart["data"][0]["y"] == [1.0, 0.5, 1 / 3]
    assert chart["layout"]["yaxis"].get("type") != "log"
    widget(at.toggle, "log").set_value(True).run()
    assert charts(at)[0]["layout"]["yaxis"]["type"] == "log"
    assert at.query_params["log"] in ("1", ["1"])


@contextmanager
def training(folder, **order):
    """A run folder in which a process seems to be at work on its first epoch."""
    folder.mkdir(parents=True)
    asked = Order(name=folder.name, epochs=5, **order)
    (folder / "order.json").write_text(json.dumps(asked.to_dict()))
    with occupied(folder):
        progress = {"epoch": 1, "epochs": 5, "step": 1, "steps": 4, "images_per_s": 9.0,
                    "seconds_left": 5.0, "losses": {"image": 0.7}}  # fmt: skip
        (folder / "progress.json").write_text(json.dumps(progress))
        yield


def test_what_trains_now_is_drawn_beside_the_others(home):
    with training(home / "runs/now"):
        at = page(curves="losses")
    names = [trace["name"] for trace in charts(at)[0]["data"]]
    assert "PAD · now, training" in names
    assert any("Training now: now" in caption.value for caption in at.caption)
    (python,) = (code.value for code in at.code)
    assert python.startswith("# What still trains is not in it.")
    assert "checkpoints/late.safetensors" in python and "runs/now" not in python


def test_what_trains_alone_has_no_file_to_be_drawn_from(home):
    for name in ("late", "early"):
        write_checkpoint(home / f"checkpoints/{name}.safetensors")  # without a history
    with training(home / "runs/now"):
        at = page(curves="losses")
    assert charts(at)
    assert not at.code


@pytest.mark.parametrize("exported", [False, True])
def test_a_training_of_another_data_set_is_not_among_the_losses(home, exported):
    with training(home / "runs/digits", dataset="mnist"):
        if exported:
            write_checkpoint(home / "runs/digits/latest.safetensors", name="mnist")
        at = page(curves="losses", checkpoint="checkpoints/late.safetensors")
        assert {trace["name"] for trace in charts(at)[0]["data"]} == {"PAD"}
        assert not any("Training now" in caption.value for caption in at.caption)


def scrubber(at):
    """What the scrubber was given."""
    (component,) = (c for c in at.get("bidi_component") if "keys" not in c.proto.component_name)
    return json.loads(component.proto.json)


def test_the_same_dreams_at_each_epoch_with_what_was_measured(home):
    at = page(curves="epochs")
    data = scrubber(at)
    assert data["labels"] == ["1", "3"]
    assert data["notes"] == [
        "epoch 1 · 21.0 % linearly separable, one probe during training",
        "epoch 3 · 23.0 % linearly separable, one probe during training",
    ]  # fmt: skip
    assert data["place"] == 1
    assert all("pad-epoch" in panel for panel in data["panels"])
    assert scrubber(page(curves="epochs", stage=1))["place"] == 0
    moved = page(curves="epochs", lam=0.9)
    assert scrubber(moved)["panels"] != data["panels"]


def test_epochs_side_by_side(home):
    at = page(curves="epochs", abreast="rem")
    assert "Epoch 1" in html(at)
    assert "Epoch 3" in html(at)
    assert "pad-epochs" in html(at)


def test_a_single_epoch_says_how_to_keep_more(home):
    (home / "checkpoints/early.safetensors").unlink()
    at = page(curves="epochs")
    assert any("Only this epoch" in caption.value for caption in at.caption)


def test_networks_are_compared_as_on_the_command_line(home):
    write_checkpoint(home / "checkpoints/other.safetensors", "wake_only", seed=1)
    names = [f"checkpoints/{name}.safetensors" for name in ("late", "other")]
    files = [home / name for name in names]
    at = page(curves="alike", compared=names)
    for measure, layer in (("cka", "z"), ("rsa", "z"), ("rsa", "conv2")):
        widget(at.segmented_control, "likeness").set_value(measure).run()
        widget(at.segmented_control, "of_layer").set_value(layer).run()
        expected = compare_files(files, "fashion-mini", "data", 500, layer)[measure]
        told = f"How alike are PAD and Wake only ({expected[0][1]:.2f})."
        run_until(at, lambda told=told: told in html(at))
        (chart,) = charts(at)
        (drawn_matrix,) = chart["data"]
        assert drawn_matrix["y"] == ["PAD", "Wake only"]
        assert np.array(drawn_matrix["z"]) == pytest.approx(np.array(expected), abs=1e-5)
    assert any("500 test images of Fashion-MNIST" in c.value.replace("\\", "") for c in at.caption)
    assert any("compare_files" in code.value for code in at.code)


def test_one_network_alone_has_nothing_to_be_compared_with(home):
    at = page(curves="alike", compared=["checkpoints/late.safetensors"])
    assert "Choose two networks or more" in at.info[0].value


def test_without_their_images_networks_see_what_one_of_them_recalls(home, monkeypatch):
    monkeypatch.setattr(real_images, "find", lambda network: RealImages("absent"))
    write_checkpoint(home / "checkpoints/other.safetensors", "wake_only", seed=1)
    names = [f"checkpoints/{name}.safetensors" for name in ("late", "other")]
    at = page(curves="alike", compared=names)
    run_until(at, lambda: bool(charts(at)))
    assert any("500 pictures that" in caption.value for caption in at.caption)
    network = checkpoint.load(home / names[0])
    both = [network, checkpoint.load(home / names[1])]
    *_, last = likeness(both, network, None, "z")
    assert charts(at)[0]["data"][0]["z"] == pytest.approx(np.array(last.matrices.cka), abs=1e-6)


def test_without_any_network_the_page_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "ROOT", tmp_path)
    assert page().code[0].value.startswith("python -m pad_core train")
