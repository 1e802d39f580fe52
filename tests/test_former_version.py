"""What the former version wrote can still be used, and gives what it gave then.

``data/former/make.py`` made the files with that version, and says how.
"""

import csv
import io
import json
import shutil
import tarfile
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence
from streamlit.testing.v1 import AppTest

import pad_core
from explorer.journal import store
from explorer.journal.archive import differing_versions, dreams_of, unpack
from explorer.journal.exports import read_manifest
from explorer.journal.rebuild import SAME, rebuild
from explorer.library import networks
from explorer.runs.trainings import trainings
from explorer.session.choices import PARAMETERS, Choices, Dream
from pad_core.cli.main import main
from pad_core.system.tensors import read_tensors
from tests.helpers import ROOT

FORMER = ROOT / "tests/data/former"
ADDRESSES = json.loads((FORMER / "addresses.json").read_text())
MANIFEST = read_manifest((FORMER / "picture.png").read_bytes())
# Elsewhere sums are rounded differently: numbers are then compared, not bytes.
SAME_VERSIONS = not differing_versions(MANIFEST)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Pictures of three classes; a run stopped in its second epoch; the same, finished; its
    checkpoint."""
    root = tmp_path_factory.mktemp("former")
    with tarfile.open(FORMER / "files.tar.xz") as tar:
        # Releases of Python 3.11 before .4 have no filters.
        tar.extractall(root, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return root


@pytest.fixture(scope="module")
def checkpoint(files):
    return files / "checkpoints/former.safetensors"


def test_a_stopped_run_goes_on_to_the_same_weights(files, tmp_path, monkeypatch):
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    command = "train --dataset folder:pictures --condition rem_before_nrem --epochs 2 --seed 3"
    command += " --batch-size 16 --run runs/stopped --resume --device cpu --precision fp32"
    assert main(command.split()) == 0
    expected, _ = read_tensors(tmp_path / "finished/latest.safetensors")
    found, _ = read_tensors(tmp_path / "runs/stopped/latest.safetensors")
    assert found.keys() == expected.keys()
    before, _ = read_tensors(files / "runs/stopped/latest.safetensors")
    for name, tensor in expected.items():
        if SAME_VERSIONS:
            assert torch.equal(found[name], tensor), name
        torch.testing.assert_close(found[name], tensor, rtol=1e-2, atol=1e-4, msg=name)
    assert not torch.equal(before["encoder.conv1.weight"], found["encoder.conv1.weight"])
    then, now = (
        [json.loads(line) for line in (tmp_path / name / "history.jsonl").read_text().splitlines()]
        for name in ("finished", "runs/stopped")
    )
    assert [entry["epoch"] for entry in now] == [1, 2]
    for was, entry in zip(then, now, strict=True):
        assert entry["losses"] == pytest.approx(was["losses"], rel=1e-3)


def test_pages_list_the_checkpoint_and_the_run(files, monkeypatch):
    monkeypatch.setattr(networks, "ROOT", files)
    listing = networks.list_checkpoints("", None)
    assert not listing.problems
    assert {key: header.epoch for key, header in listing.headers.items()} == {
        "checkpoints/former.safetensors": 2,
        "runs/stopped/latest.safetensors": 1,
    }
    assert listing.headers["checkpoints/former.safetensors"].class_names == ("dawn", "dusk", "noon")
    (run,) = trainings(files)
    assert (run.status, run.epochs_done, run.error) == ("stopped", 1, "")
    assert (run.order.name, run.order.dataset) == ("stopped", "folder:pictures")
    assert (run.order.epochs, run.order.seed, run.order.batch_size) == (2, 3, 16)
    assert run.order.condition == pad_core.CONDITIONS["rem_before_nrem"]


# Ten read-outs took the place of four, the first of which are the same; standard errors have
# another formula; the file lies elsewhere.
CHANGED = {
    "linear_separability", "linear_separability_sd", "readout_seeds", "occlusion",
    "occlusion_interval", "intra_inter_ratio_se", "clean_occluded_ratio_se", "file", "versions",
}  # fmt: skip


def flat(value, way=()):
    """Way → leaf of each JSON value in a JSON value."""
    if not isinstance(value, dict | list):
        return {way: value}
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    return {k: v for name, part in inside for k, v in flat(part, (*way, name)).items()}


@pytest.mark.slow
def test_an_evaluation_gives_the_same_numbers(files, checkpoint, capsys):
    command = ["evaluate", str(checkpoint), "--data", f"folder:{files / 'pictures'}", "--json"]
    assert main(command) == 0
    found, expected = (
        flat(json.loads(text))
        for text in (capsys.readouterr().out, (FORMER / "evaluation.json").read_text())
    )
    expected = {way: value for way, value in expected.items() if not CHANGED & set(way)}
    assert len(expected) > 40
    numbers = {way for way, value in expected.items() if isinstance(value, float)}
    for way, value in expected.items():
        # Another rounding can move an image across a read-out's border: a percent or two of 24.
        near = {"rel": 1e-4} if SAME_VERSIONS else {"abs": 5.0}
        assert found[way] == (pytest.approx(value, **near) if way in numbers else value), way


def pixels(content):
    frames = ImageSequence.Iterator(Image.open(io.BytesIO(content)))
    return np.stack([np.asarray(frame.convert("RGB"), float) for frame in frames])


def numbers(content):
    rows = list(csv.reader(io.StringIO(content.decode().split("\n", 1)[1])))
    as_numbers = [
        [float(cell) for cell in row if cell.replace(".", "").strip("-").isdigit()] for row in rows
    ]
    return rows[0], np.concatenate([np.array(row) for row in as_numbers])


def assert_alike(name, made, content):
    """The same but for the rounding of sums."""
    if name.endswith(".csv"):
        (head, found), (expected_head, expected) = numbers(made), numbers(content)
        assert head == expected_head
        np.testing.assert_allclose(found, expected, rtol=1e-2, atol=1e-3)
    elif name.endswith(".zip"):
        then, now = (zipfile.ZipFile(io.BytesIO(one)) for one in (content, made))
        assert then.namelist() == now.namelist()
        for member in then.namelist():
            if member.endswith(".png"):
                assert_alike(member, now.read(member), then.read(member))
    else:
        assert np.abs(pixels(made) - pixels(content)).mean() < 0.5


@pytest.mark.parametrize("name", ["picture.png", "walk.gif", "table.csv", "dream-journal.zip"])
def test_an_exported_file_is_made_again(name, checkpoint, tmp_path):
    status, said = rebuild(FORMER / name, tmp_path / name, [checkpoint])
    assert status == SAME or not SAME_VERSIONS, said
    assert_alike(name, (tmp_path / name).read_bytes(), (FORMER / name).read_bytes())


def test_a_journal_is_taken_over(checkpoint, tmp_path):
    shutil.copy(FORMER / "journal.jsonl", tmp_path)
    journal = store.read(tmp_path / "journal.sqlite3")
    assert not journal.problems
    by_title = {kept.title: kept for kept in journal.dreams.values()}
    assert set(by_title) == {"Über dreams / 1", "Named later"}
    first, second = by_title["Über dreams / 1"], by_title["Named later"]
    assert first.note == "a note\nof two lines"
    assert first.dream == Dream(seed=5, lam=0.75, size_px=2)
    grey = torch.arange(3072).reshape(3, 32, 32).to(torch.uint8)
    assert torch.equal(second.uploaded["first"], grey)
    assert [kept.title for kept in journal.deleted.values()] == ["To be deleted"]
    network = pad_core.load(checkpoint)
    for kept in (*journal.dreams.values(), *journal.deleted.values()):
        assert kept.source.is_in(network)
        assert kept.recall(network).classes == kept.classes
    # A zip that was exported holds the same dreams; one of them had no title then.
    zipped = dreams_of(unpack((FORMER / "dream-journal.zip").read_bytes()))
    assert [kept.id for kept in zipped] == [first.id, second.id]
    assert zipped[0] == first
    assert zipped[1].retitled("Named later", "") == second


@pytest.mark.parametrize("given", ADDRESSES, ids=lambda given: urlsplit(given["address"]).path)
def test_an_address_restores_the_same_choices(given):
    query = parse_qs(urlsplit(given["address"]).query)
    choices = Choices.from_query(query)
    for parameter, value in given["choices"].items():
        expected = tuple(value) if isinstance(value, list) else value
        assert choices.value(parameter) == expected, parameter
    back = {k: v if isinstance(v, list) else [v] for k, v in choices.to_query().items()}
    assert back == query


def test_addresses_lead_to_all_pages_with_all_parameters():
    paths = {Path(urlsplit(given["address"]).path).name for given in ADDRESSES}
    at = AppTest.from_file(ROOT / "explorer/script.py", default_timeout=60).run()
    assert paths <= set(at.session_state["pages"])
    parameters = {p for given in ADDRESSES for p in parse_qs(urlsplit(given["address"]).query)}
    assert parameters == set(ADDRESSES[0]["choices"]) <= set(PARAMETERS)
