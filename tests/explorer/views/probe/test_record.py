"""What is recorded, told in a sentence: the numbers are those of the files that ship."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import pytest

import pad_core
from explorer.library import networks
from explorer.views.probe.record import Record, published, recorded, told

CHECKPOINTS = networks.ROOT / "checkpoints"


def metrics(path: Path) -> dict:
    """The record as it stands in the file, read without this program."""
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + struct.unpack("<Q", content[:8])[0]])
    return json.loads(header["__metadata__"]["pad"])["metrics"]


def shipped(name: str) -> pad_core.PadNetwork:
    return pad_core.load(CHECKPOINTS / f"{name}.safetensors")


def line(label, condition, *accuracy, images=("cifar10", "ab")):
    return Record(label, condition, (0, 30, 50), accuracy, (), (), images, 2000)


PAD = line("PAD", "pad", 57.0, 50.2, 44.0)
FRAGILE = line("w/o NREM", "wo_nrem", 56.0, 43.0, 28.0)
ROBUST = line("w/o REM", "wo_rem", 47.0, 45.6, 44.4)


def test_a_curve_is_what_the_file_says():
    name = "cifar10-pad-seed0"
    known = metrics(CHECKPOINTS / f"{name}.safetensors")
    for measure, field in (("paper", "occlusion"), ("converged", "occlusion_converged")):
        found = recorded(shipped(name), "PAD", measure)
        assert dict(zip(map(str, found.percent), found.accuracy, strict=True)) == known[field]
        assert list(found.percent) == sorted(found.percent)
        assert found.n_images == known["occlusion_n"]
    paper = recorded(shipped(name), "PAD", "paper")
    assert paper.low[3] == known["occlusion_interval"]["30"][0]
    assert paper.high[3] == known["occlusion_interval"]["30"][1]


@pytest.mark.parametrize(
    "changed",
    [
        {"on": "reconstructions"},
        {"occlusion": {}},
        {"occlusion": {"30": 40.0, "50": 30.0}},  # nothing to compare with
    ],
)
def test_without_a_whole_curve_on_real_images_nothing_is_recorded(changed):
    network = shipped("cifar10-pad-seed0")
    header = replace(network.header, metrics=network.metrics | changed)
    assert recorded(replace(network, header=header), "PAD", "paper") is None


def test_the_sentence_names_who_loses_most_and_the_full_model():
    said = told([PAD, ROBUST, FRAGILE], 30)
    assert said.startswith("At 30 % occlusion, w/o NREM loses 13 points, PAD 7. ")
    assert said.endswith(f" {told([PAD, ROBUST, FRAGILE], 0)}")
    said = told([PAD, ROBUST, FRAGILE], 43)
    assert said.startswith("At 50 % occlusion, w/o NREM loses 28 points, PAD 13. ")


def test_beside_the_full_model_stands_who_loses_least():
    assert told([PAD, ROBUST], 30).startswith("At 30 % occlusion, PAD loses 7 points, w/o REM 1. ")
    assert "w/o NREM loses 13 points, w/o REM 1. " in told([ROBUST, FRAGILE], 30)
    assert told([ROBUST], 30).startswith("At 30 % occlusion, w/o REM loses 1 point. ")


def test_undisturbed_nothing_is_lost_and_the_sentence_says_what_is_read():
    said = told([PAD, ROBUST, FRAGILE], 0)
    assert said == "Undisturbed, 47 % of images are read rightly from w/o REM, 57 % from PAD."
    worst = line("Wake only", "wake_only", 44.0, 37.0, 30.0)
    assert told([PAD, ROBUST, worst], 0) == said  # what lacks REM alone shows what REM is for
    assert "44 % of images are read rightly from Wake only" in told([PAD, worst], 0)
    assert told([PAD], 0) == "Undisturbed, 57 % of images are read rightly from PAD."


def test_the_papers_value_stands_beside_its_protocol_on_its_images_alone():
    cifar = shipped("cifar10-pad-seed0")
    assert published(cifar, "paper", "real images") == (58.25, 0.70)
    assert published(cifar, "converged", "real images") is None
    assert published(cifar, "paper", "reconstructions") is None
    assert published(shipped("cifar10-pad-seed0-epoch20"), "paper", "real images") is None
    assert published(shipped("svhn-pad-seed0"), "paper", "real images") is None  # a part of SVHN
    assert published(shipped("fashion-mnist-pad-seed0"), "paper", "real images") is None


def test_what_is_lost_is_the_difference_of_what_is_shown():
    assert line("PAD", "pad", 57.4, 39.6, 30.0).lost(30) == 17
    assert line("PAD", "pad", 56.6, 39.4, 30.0).lost(30) == 18
