"""Runs, checkpoints and results whose data have moved, have changed, or have no classes."""

from __future__ import annotations

import json
import os
import shutil
import stat

import pytest

import pad_core
from pad_core.checkpoint import file as checkpoint
from pad_core.cli.main import main
from pad_core.data.identity import Data, labels
from pad_core.data.load import load_dataset
from pad_core.errors import PadError
from pad_core.evaluation import evaluate as evaluation
from pad_core.evaluation.evaluate import Protocol
from pad_core.model.condition import CONDITIONS, PAD
from pad_core.model.networks import build_networks
from pad_core.report.catalogue import find
from pad_core.training.run_folder import read_state_header
from tests.pictures import folder, picture, save

QUICK = Protocol(readout_seeds=2, occlusion_images=30, dreams=20, frechet_images=30)
BOTH = {"beech": 12, "oak": 12}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(evaluation, "Protocol", lambda: QUICK)


def train(spec, run, *options, epochs=1, condition="wake_only"):
    command = ["train", "--dataset", str(spec), "--run", str(run), "--condition", condition]
    command += ["--epochs", str(epochs), "--batch-size", "8", "--device", "cpu"]
    return main([*command, *options])


def network_file(path, spec, seed=0, epoch=1, condition=PAD):
    """A checkpoint of an untrained network on these data."""
    data = load_dataset(str(spec))
    networks = build_networks(seed)
    header = checkpoint.Header(
        condition, checkpoint.dataset_record(data), data.class_names, seed=seed, epoch=epoch
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    memories = checkpoint.choose_memories(data, networks.encoder)
    checkpoint.save(path, networks, header, memories, bits=16)
    return path


# --- Moved, or spelt otherwise --------------------------------------------------------------------


def test_a_run_goes_on_where_its_data_have_moved(tmp_path, monkeypatch, capsys):
    folder(tmp_path / "here" / "trees", BOTH)
    run = tmp_path / "run"
    assert train(f"folder:{tmp_path}/here/trees", run) == 0
    monkeypatch.chdir(tmp_path / "here")
    for epochs, spec in enumerate(("folder:trees", "folder:./trees/", "trees"), start=2):
        assert train(spec, run, "--resume", epochs=epochs) == 0
    (tmp_path / "here" / "trees").rename(tmp_path / "elsewhere")
    assert train(tmp_path / "elsewhere", run, "--resume", epochs=5) == 0
    state = read_state_header(run)
    assert (state.epoch, state.recipe.dataset) == (5, str(tmp_path / "elsewhere"))
    capsys.readouterr()
    save(tmp_path / "elsewhere" / "oak" / "new.png", picture(1, 99))
    assert train(tmp_path / "elsewhere", run, "--resume", epochs=6) == 2
    assert "another number of training images (then 20)" in capsys.readouterr().err


def test_a_sweep_knows_finished_runs_of_data_that_have_moved(tmp_path, capsys):
    folder(tmp_path / "trees", BOTH)

    def sweep(spec):
        return main(["sweep", "--dataset", str(spec), "--conditions", "wake_only", "--seeds", "1",
                     "--epochs", "1", "--batch-size", "8", "--device", "cpu",
                     "--runs", str(tmp_path / "runs")])  # fmt: skip

    assert sweep(f"folder:{tmp_path}/trees") == 0
    capsys.readouterr()
    (tmp_path / "moved").mkdir()
    (tmp_path / "trees").rename(tmp_path / "moved" / "trees")
    assert sweep(tmp_path / "moved" / "trees") == 0
    assert "epoch" not in capsys.readouterr().out  # nothing was trained
    save(tmp_path / "moved" / "trees" / "oak" / "new.png", picture(1, 99))
    assert sweep(tmp_path / "moved" / "trees") == 1
    assert "was trained on other data of that name" in capsys.readouterr().out


# --- Changed --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_pictures_added_after_training_are_said(tmp_path, capsys):
    trees = folder(tmp_path / "trees", BOTH)
    file = network_file(tmp_path / "network.safetensors", f"folder:{trees}")
    assert main(["evaluate", str(file), "--json"]) == 0
    assert capsys.readouterr().err == ""
    save(trees / "oak" / "new.png", picture(1, 99))
    save(trees / "beech" / "new.png", picture(0, 99))
    before = file.read_bytes()
    assert main(["evaluate", str(file), "--json"]) == 0
    shown = capsys.readouterr()
    assert "now has another number of training images (then 20)" in shown.err
    assert "may serve both training and testing" in shown.err
    assert json.loads(shown.out)[0]["n_train"] == 22
    assert main(["evaluate", str(file), "--record"]) == 2
    assert "leave out --record" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_a_picture_that_was_exchanged_is_said(tmp_path, capsys):
    trees = folder(tmp_path / "trees", BOTH)
    file = network_file(tmp_path / "network.safetensors", f"folder:{trees}")
    for path in sorted((trees / "oak").iterdir())[:8]:
        save(path, picture(1, 50 + int(path.stem)))
    assert main(["evaluate", str(file), "--json"]) == 0
    assert "another choice or order of images" in capsys.readouterr().err


# --- Of one name ----------------------------------------------------------------------------------


def test_data_sets_of_one_name_are_told_apart():
    trees = Data("trees", 20, 4, "aaaaaaaa")
    assert labels([trees, trees._replace(sha256=None)]) == ["trees", "trees"]
    larger = Data("trees", 30, 6, "cccccccc")
    assert labels([trees, larger]) == ["trees (20 + 4 images)", "trees (30 + 6 images)"]
    other = trees._replace(sha256="bbbbbbbb")
    of_old = trees._replace(sha256=None)
    assert labels([of_old, trees, other, Data("pets", 1, 1)]) == [
        "trees (20 + 4 images, aaaaaa)",
        "trees (20 + 4 images, aaaaaa)",
        "trees (20 + 4 images, bbbbbb)",
        "pets",
    ]


@pytest.mark.slow
def test_networks_of_other_data_of_that_name_are_no_seeds_of_one(tmp_path, capsys):
    files = []
    for seed, place in enumerate(("a", "b", "b")):
        trees = folder(tmp_path / place / "trees", {"beech": 12, "oak": 12 + 6 * (place == "b")})
        files.append(network_file(tmp_path / "c" / f"{seed}.safetensors", f"folder:{trees}", seed))
    catalogue, _ = find([tmp_path / "c"])
    assert sorted(catalogue.datasets) == ["trees (20 + 4 images)", "trees (25 + 5 images)"]
    assert [len(catalogue.latest(name, "pad")) for name in sorted(catalogue.datasets)] == [1, 2]
    assert main(["evaluate", *map(str, files)]) == 0
    shown = capsys.readouterr().out
    assert "trees (20 + 4 images): 20 training and 4 test latents" in shown
    assert "trees (25 + 5 images): 25 training and 5 test latents" in shown
    assert "2 seeds" in shown and "3 seeds" not in shown


# --- What can be had is printed, whatever can't ---------------------------------------------------


@pytest.mark.slow
def test_rare_classes_leave_all_numbers_that_there_are(tmp_path, capsys):
    rare = folder(tmp_path / "rare", {"common": 60, "rare": 8, "rarer": 5})
    few = folder(tmp_path / "few" / "train", {"healthy": 30, "ill": 12})
    folder(few.parent / "test", {"healthy": 30, "ill": 6}, first=100)
    files = [
        network_file(tmp_path / f"{name}.safetensors", f"folder:{place}")
        for name, place in (("rare", rare), ("few", few.parent))
    ]
    assert main(["evaluate", *map(str, files), "--json", "--record"]) == 0
    of_rare, of_few = json.loads(capsys.readouterr().out)
    for found in (of_rare, of_few, *of_rare["baselines"].values()):
        assert found["linear_separability"] > 0
        assert found["clean_occluded_ratio"] > 0
    for found in (of_rare, *of_rare["baselines"].values()):
        assert found["intra_inter_ratio"] is None  # of one picture there is no pair
    assert of_rare["intra_inter_ratio_exact"] is of_rare["intra_inter_ratio_se"] is None
    assert of_few["intra_inter_ratio"] > 0 and of_few["intra_inter_ratio_se"] > 0
    assert len(of_rare["occlusion"]) == 11 and len(of_rare["frechet"]) == 2
    assert pad_core.load(files[0]).metrics["intra_inter_ratio"] is None


def test_what_others_reach_is_printed_where_one_cannot_be_measured(tmp_path, capsys):
    trees = folder(tmp_path / "trees", BOTH)
    good = network_file(tmp_path / "good.safetensors", f"folder:{trees}")
    bare = tmp_path / "bare.safetensors"
    header = checkpoint.load_header(good)
    checkpoint.save(bare, build_networks(0), header, {}, bits=16)
    command = ["evaluate", str(good), str(bare), "--data", "memories", "--json"]
    assert main(command) == 1
    shown = capsys.readouterr()
    assert [found["file"] for found in json.loads(shown.out)] == [str(good)]
    assert "bare.safetensors is not measured: " in shown.err and "holds no memories" in shown.err
    assert main(["evaluate", str(bare), "--data", "memories"]) == 2


@pytest.mark.skipif(os.name != "posix", reason="of links and modes")
class TestRecording:
    def test_a_link_stays_and_a_file_keeps_its_mode(self, exported, tmp_path):
        (tmp_path / "disk").mkdir()
        file = shutil.copy(exported, tmp_path / "disk" / "network.safetensors")
        file.chmod(0o640)
        link = tmp_path / "link.safetensors"
        link.symlink_to("disk/network.safetensors")
        assert main(["evaluate", str(link), "--data", "memories", "--record"]) == 0
        assert link.is_symlink() and link.readlink().as_posix() == "disk/network.safetensors"
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        assert pad_core.load(link).metrics["on"] == "reconstructions"
        assert sorted(p.name for p in (tmp_path / "disk").iterdir()) == ["network.safetensors"]

    def test_measured_numbers_outlast_a_folder_that_cannot_be_written(
        self, exported, tmp_path, capsys, monkeypatch
    ):
        file = shutil.copy(exported, tmp_path / "network.safetensors")
        if os.geteuid() == 0:  # whom no mode keeps out

            def refuse(path, content):
                raise PadError(f"Cannot write {path}: Read-only file system.")

            monkeypatch.setattr("pad_core.system.tensors.write_atomically", refuse)
        else:
            tmp_path.chmod(0o500)
        before = file.read_bytes()
        try:
            command = ["evaluate", str(file), "--data", "memories", "--json", "--record"]
            assert main(command) == 1
        finally:
            tmp_path.chmod(0o700)
        shown = capsys.readouterr()
        (found,) = json.loads(shown.out)
        assert found["linear_separability"] > 0
        assert found["sha256"] == pad_core.load(file).sha256
        assert "Not recorded: Cannot write" in shown.err
        assert file.read_bytes() == before


# --- Without classes ------------------------------------------------------------------------------


@pytest.mark.slow
def test_pictures_without_labels_are_trained_on_exported_measured_and_summarised(tmp_path, capsys):
    for i in range(40):
        save(tmp_path / "photos" / f"{i}.png", picture(i % 3, i))
    files = []
    for condition in ("pad", "wo_rem"):
        run = tmp_path / condition
        assert train(tmp_path / "photos", run, "--probe-every", "1", condition=condition) == 0
        files.append(tmp_path / "c" / f"{condition}.safetensors")
        assert main(["export", str(run), "--out", str(files[-1])]) == 0
        assert "at 16 bits." in capsys.readouterr().out
        assert "linear_separability" not in pad_core.load(files[-1]).history[0]
    network = pad_core.load(files[0])
    assert network.class_names == ("unlabelled",)
    assert len(network.memories["train"]) == 33
    assert network.generate(network.memories["train"].latents[:2]).shape == (2, 3, 32, 32)
    assert main(["evaluate", *map(str, files), "--record", "--json"]) == 0
    found, _ = json.loads(capsys.readouterr().out)
    assert found["linear_separability"] is found["converged_separability"] is None
    assert found["linear_separability_by_seed"] == [] and found["occlusion"] == {}
    assert found["realness_auc"] is not None and len(found["frechet"]) == 2
    assert main(["info", str(files[0])]) == 0
    assert main(["evaluate", str(files[0]), "--data", "memories"]) == 0
    assert main(["cards", str(tmp_path / "c")]) == 0
    assert "without classes there is no probe" in (tmp_path / "c" / "README.md").read_text()
    out = tmp_path / "report.html"
    command = ["reproduce", "all", "--checkpoints", str(tmp_path / "c"), "--out", str(out)]
    assert main(command) == 0
    assert out.stat().st_size > 10_000
    capsys.readouterr()


def test_a_network_without_classes_is_measured_on_data_that_have_some(tmp_path, capsys):
    for i in range(24):
        save(tmp_path / "photos" / f"{i}.png", picture(i % 3, i))
    file = network_file(
        tmp_path / "n.safetensors", tmp_path / "photos", condition=CONDITIONS["pad"]
    )
    trees = folder(tmp_path / "trees", BOTH)
    assert main(["evaluate", str(file), "--data", str(trees), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["linear_separability"] >= 50
    assert main(["evaluate", str(file), "--data", str(trees), "--record"]) == 2
    assert "classes are not those" in capsys.readouterr().err
