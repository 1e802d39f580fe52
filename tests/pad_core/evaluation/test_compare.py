import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

import pad_core
from pad_core.checkpoint import file as checkpoint
from pad_core.cli.main import main
from pad_core.data.images import to_unit
from pad_core.data.load import load_dataset
from pad_core.errors import PadError
from pad_core.evaluation.compare import FIELDS, compare_files
from pad_core.evaluation.paper_measures import evaluated_images
from pad_core.model.condition import CONDITIONS
from pad_core.model.networks import build_networks


@pytest.fixture(scope="module")
def files(exported, tmp_path_factory):
    network = pad_core.load(exported)
    folder = tmp_path_factory.mktemp("compared")
    paths = [exported]
    for seed, condition in ((5, "wo_rem"), (6, "wake_only")):
        header = replace(network.header, condition=CONDITIONS[condition], seed=seed)
        paths.append(folder / f"{condition}.safetensors")
        checkpoint.save(paths[-1], build_networks(seed), header, network.memories, bits=8)
    return paths


def test_the_matrices_are_those_of_the_networks_latents_on_the_same_images(files):
    found = compare_files(files, None, "data", images=60)
    assert set(found) == set(FIELDS)
    assert (found["dataset"], found["images"], found["layer"]) == ("fashion-mini", 60, "z")
    test = load_dataset("fashion-mini").test
    images = to_unit(test.images[evaluated_images(len(test), 60, 0)])
    latents = [pad_core.load(path).encode(images).double().numpy() for path in files]
    for i, one in enumerate(latents):
        assert found["cka"][i][i] == found["rsa"][i][i] == 1
        for j, other in enumerate(latents[:i]):
            rsa = spearmanr(pdist(one, "correlation"), pdist(other, "correlation")).statistic
            assert found["rsa"][i][j] == found["rsa"][j][i] == pytest.approx(rsa, abs=1e-4)
            x, y = (v - v.mean(axis=0) for v in (one, other))
            cka = np.linalg.norm(y.T @ x) ** 2
            cka /= np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
            assert found["cka"][i][j] == pytest.approx(cka, abs=1e-4)


def test_a_network_is_like_itself_in_every_layer(files):
    for layer in ("conv1", "conv2", "conv3", "z"):
        found = compare_files([files[0], files[0]], "fashion-mini", "data", 20, layer)
        assert found["cka"][0][1] == pytest.approx(1)
        assert found["rsa"][0][1] == pytest.approx(1)


def test_the_command_prints_matrices_or_an_object(files, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    names = [str(path) for path in files]
    assert main(["compare", *names, "--images", "30", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["files"] == names
    assert len(found["cka"]) == len(found["rsa"]) == 3
    assert main(["compare", *names, "--images", "30"]) == 0
    shown = capsys.readouterr().out
    assert "Linear CKA of z on 30 test images of fashion-mini" in shown
    assert "1 small · pad · seed 3" in shown
    assert f"{found['rsa'][0][2]:.3f}" in shown


def test_what_cannot_be_compared_takes_one_line(files, exported, tmp_path, capsys):
    assert main(["compare", str(exported)]) == 2
    assert "two checkpoints or more" in capsys.readouterr().err
    network = pad_core.load(exported)
    elsewhere = []
    for spec in ("folder:/nowhere/at/all", "cifar10"):
        header = replace(network.header, dataset=network.header.dataset | {"spec": spec})
        elsewhere.append(tmp_path / f"{len(elsewhere)}.safetensors")
        checkpoint.save(elsewhere[-1], network.networks, header, network.memories, bits=8)
    for pair, words in (
        ((exported, elsewhere[0]), "different data"),
        ((elsewhere[0], elsewhere[0]), "is not here"),
    ):
        assert main(["compare", *map(str, pair)]) == 2
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1
    assert main(["compare", str(exported), str(exported), "--data", ""]) == 2
    assert "no such data set" in capsys.readouterr().err
    with pytest.raises(PadError, match="A layer is one of"):
        compare_files(files, None, "data", layer="conv9")
    with pytest.raises(SystemExit):
        main(["compare", *map(str, files), "--images", "2"])
    capsys.readouterr()


def test_activity_that_never_changes_has_no_similarity(files, exported, tmp_path, capsys):
    network = pad_core.load(exported)
    dead = build_networks(0)
    for parameter in dead.encoder.parameters():
        parameter.data.zero_()
    path = tmp_path / "dead.safetensors"
    checkpoint.save(path, dead, network.header, network.memories, bits=16)
    found = compare_files([exported, path], None, "data", 20)
    assert found["cka"][0][1] is found["rsa"][0][1] is None
    assert main(["compare", str(exported), str(path), "--images", "20"]) == 0
    assert "–" in capsys.readouterr().out
    assert torch.isfinite(torch.tensor(found["cka"][0][0]))
