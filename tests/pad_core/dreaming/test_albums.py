"""Albums: a folder of pictures with a manifest that makes it again."""

import json
from hashlib import sha256

import pytest

from pad_core.cli.main import main
from pad_core.dreaming.albums import KINDS
from pad_core.dreaming.albums.album import choose
from pad_core.errors import PadError
from tests.helpers import ROOT

NETWORK = ROOT / "checkpoints/fashion-mnist-pad-seed0.safetensors"
WAKE_ONLY = ROOT / "checkpoints/fashion-mnist-wake_only-seed0.safetensors"  # never trained d
SHORT = {
    "lucid": ["--set", "course=class:3,4,0.3;real,3,0"],
    "deep": ["--set", "steps=3"],
    "units": ["--set", "unit=9"],
    "metamers": ["--set", "steps=3", "--set", "begin=others"],
}


def dream(*arguments):
    return main(["dream", *map(str, arguments)])


@pytest.mark.parametrize("kind", SHORT)
def test_a_folder_is_made_again_from_its_manifest(kind, tmp_path, capsys):
    first, again = tmp_path / "first", tmp_path / "again"
    assert dream(kind, NETWORK, "--out", first, *SHORT[kind]) == 0
    manifest = json.loads((first / "manifest.json").read_text())
    assert manifest["kind"] == kind
    assert manifest["facts"]
    files = {path.name for path in first.iterdir()} - {"manifest.json"}
    assert files == set(manifest["pictures"])
    for name, digest in manifest["pictures"].items():
        content = (first / name).read_bytes()
        assert content[:4] == b"\x89PNG"
        assert sha256(content).hexdigest() == digest
    assert dream("rebuild", first, "--out", again) == 0
    assert "all the same" in capsys.readouterr().out
    for name in files:
        assert (first / name).read_bytes() == (again / name).read_bytes()


def test_what_differs_is_named(tmp_path, capsys):
    assert dream("units", NETWORK, "--out", tmp_path / "a") == 0
    manifest = json.loads((tmp_path / "a/manifest.json").read_text())
    name = next(iter(manifest["pictures"]))
    manifest["pictures"][name] = "0" * 64
    (tmp_path / "m.json").write_text(json.dumps(manifest))
    assert dream("rebuild", tmp_path / "m.json", "--out", tmp_path / "b") == 1
    assert name in capsys.readouterr().out


def test_realness_is_no_fact_where_d_was_not_trained(tmp_path):
    for network in (NETWORK, WAKE_ONLY):
        out = tmp_path / network.stem
        assert dream("lucid", network, "--out", out, "--set", "course=class:3,4,0.3") == 0
        facts = json.loads((out / "manifest.json").read_text())["facts"]["steps"]
        assert all((step["realness"] is None) == (network == WAKE_ONLY) for step in facts)


def test_from_another_folder_the_checkpoint_is_named_after_the_dreams(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(ROOT)
    assert dream("deep", NETWORK.relative_to(ROOT), "--out", tmp_path / "a", *SHORT["deep"]) == 0
    assert " 1 picture and manifest.json" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    assert dream("rebuild", "a", "--out", "b") == 2
    told = capsys.readouterr().err
    assert f"Cannot read {NETWORK.relative_to(ROOT)}" in told
    assert "dream rebuild FOLDER CHECKPOINT" in told
    assert dream("rebuild", "a", NETWORK, "--out", "b") == 0
    assert " 1 picture, all the same" in capsys.readouterr().out


def test_another_network_is_not_the_manifests(tmp_path, capsys):
    assert dream("units", NETWORK, "--out", tmp_path / "a") == 0
    other = ROOT / "checkpoints/fashion-mnist-wo_rem-seed0.safetensors"
    assert dream("rebuild", tmp_path / "a", other, "--out", tmp_path / "b") == 2
    assert "is not the network of these dreams" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lucyd", NETWORK, "--out", "x"], "did you mean 'lucid'?"),
        (["lucid", "--out", "x"], "Name a checkpoint"),
        (["lucid", NETWORK], "--out FOLDER"),
        (["list", NETWORK], "takes nothing else"),
        (["list", "--out", "x"], "takes nothing else"),
        (["lucid", NETWORK, "--out", "x", "--set", "seed"], "FIELD=VALUE"),
        (["lucid", NETWORK, "--out", "x", "--set", "sed=1"], "no setting 'sed'"),
        (["lucid", NETWORK, "--out", "x", "--set", "seed=-1"], "a whole number from 0"),
        (["lucid", NETWORK, "--out", "x", "--set", "course=class:10,3,0"], "has 10 of them"),
        (["lucid", NETWORK, "--out", "x", "--set", "course="], "The course is empty"),
        (["lucid", NETWORK, "--out", "x", "--set", "course=real,0,0.3"], "STEPS from 1 to 400"),
        (["lucid", NETWORK, "--out", "x", "--set", "course=real,4,-1"], "WEIGHT from 0 to 99.99"),
        (["lucid", NETWORK, "--out", "x", "--set", "course=real,1000000,1"], "1 to 400, WEIGHT"),
        (
            ["lucid", WAKE_ONLY, "--out", "x", "--set", "course=class:3,4,0;real,4,0.3"],
            "fashion-mnist · wake_only · seed 0 · epoch 10 never trained d",
        ),
        (["deep", NETWORK, WAKE_ONLY, "--out", "x", "--set", "goal=unreal"], "never trained d"),
        (["lucid", NETWORK, NETWORK, "--out", "x"], "one checkpoint"),
        (["deep", NETWORK, "--out", "x", "--set", "prior=nan"], "from 0 to 100"),
        (["deep", NETWORK, "--out", "x", "--set", "side=40"], "one of 32, 64, 96"),
        (["rebuild", NETWORK, "--out", "x"], "MB"),
        (["rebuild", ROOT / "README.md", "--out", "x"], "is no manifest of dreams"),
    ],
)
def test_a_mistake_is_one_sentence(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert dream(*arguments) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert not any(tmp_path.iterdir())


def test_a_folder_that_has_something_in_it_stays_as_it_is(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert dream("units", NETWORK, "--out", tmp_path) == 2
    assert "new or empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_all_kinds_and_settings_are_listed(capsys):
    assert dream("list") == 0
    told = capsys.readouterr().out
    for name, kind in KINDS.items():
        assert f"{name}: {kind.about}" in told
        for field in kind.settings:
            assert f"  {field}=" in told
    assert "STEPS from 1 to 400, WEIGHT from 0 to 99.99" in told


@pytest.mark.parametrize("kind", KINDS)
def test_the_usual_settings_are_allowed(kind):
    usual = {name: setting.usual for name, setting in KINDS[kind].settings.items()}
    assert choose(KINDS[kind], {name: str(value) for name, value in usual.items()}) == usual
    with pytest.raises(PadError, match="There is no setting"):
        choose(KINDS[kind], {"nothing": 1})
