"""Albums of recall, lesions, hybrids, nights and development, of an untrained network."""

import io
from dataclasses import replace

import pytest
import torch
from PIL import Image

from pad_core.dreaming.albums import development, hybrids, lesions, night, recall
from pad_core.dreaming.albums.album import choose
from pad_core.dreaming.albums.bands import parse_places
from pad_core.dreaming.hybrids import Hybrids
from pad_core.dreaming.reader import Reader
from pad_core.errors import PadError

KINDS = [recall.KIND, lesions.KIND, hybrids.KIND, night.KIND, development.KIND]


@pytest.fixture(scope="module")
def reader(network):
    return Reader.fit(network)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.about)
def test_the_same_settings_make_the_same_pictures(network, kind):
    one, again = (kind.make([network], choose(kind, {"seed": 3})) for _ in range(2))
    assert one == again
    assert one.pictures
    for content in one.pictures.values():
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.height == 4 * 32
    other = kind.make([network], choose(kind, {"seed": 4}))
    assert other.pictures != one.pictures


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.about)
def test_a_network_without_memories_says_so(network, kind):
    memories = {split: replace(one, latents=one.latents[:0], labels=one.labels[:0])
                for split, one in network.memories.items()}  # fmt: skip
    with pytest.raises(PadError, match=r"memor|latents"):
        kind.make([replace(network, memories=memories)], choose(kind, {}))


def test_a_whole_cue_recalls_its_own_memory_and_noise_hardly(network):
    whole, *_ = (
        recall.bands(network, choose(recall.KIND, {"lost": lost, "beta": 200.0})) for lost in (0.0,)
    )
    last = {band.name: band for band in whole}["last"]
    assert list(last.notes) == ["its own"] * 8
    memory = {band.name: band for band in whole}["memory"]
    torch.testing.assert_close(last.images, memory.images, atol=1e-3, rtol=0)
    noise = recall.bands(network, choose(recall.KIND, {"cue": "noise", "beta": 200.0}))
    notes = {band.name: band for band in noise}["last"].notes
    assert sum(note.startswith("another") for note in notes) >= 6


def test_without_harm_a_damaged_hippocampus_replays_as_a_healthy_one(network):
    bands = lesions.bands(network, choose(lesions.KIND, {"harm": 0.0, "hurt": 0.0}))
    healthy, dream, damaged, nightmare = bands
    assert torch.equal(healthy.images, damaged.images)
    assert torch.equal(dream.images, nightmare.images)
    before, after = zip(*(text.removeprefix("d ").split(" → ") for text in dream.captions),
                        strict=True)  # fmt: skip
    assert before == after


def test_curves_begin_alike_whatever_the_lesion(network):
    curves = lesions.curve(network, choose(lesions.KIND, {}))
    assert set(curves) == {"silence", "scale", "invert"}
    assert len({points[0] for points in curves.values()}) == 1
    assert all(len(points) == len(lesions.AMOUNTS) for points in curves.values())
    with pytest.raises(PadError, match="never trained d"):
        untaught = replace(network.header.condition, phases=("wake",), weight_external=0.0)
        header = replace(network.header, condition=untaught)
        lesions.curve(replace(network, header=header), choose(lesions.KIND, {}))


def test_agreement_of_people_and_probe_by_hand():
    empty = torch.zeros(4)
    found = Hybrids(empty, empty, empty, empty, empty, empty, empty,
                    torch.tensor([0.9, 0.7, 0.5, 0.1]))  # fmt: skip
    told = "You call 2 of 4 hybrid; the probe gives them 0.50 on average, the others 0.60."
    assert hybrids.agreement(found, (1, 4)) == told
    assert hybrids.agreement(found, ()) == ""
    assert hybrids.agreement(found, (1, 2, 3, 4)).endswith("0.55 on average.")


def test_a_search_has_both_memories_beside_its_dreams(reader):
    settings = choose(hybrids.KIND, {"kin": "search", "tries": 2, "one": 1, "other": 8})
    album = hybrids.make([reader.network], settings)
    assert album.facts["tried"] == 128
    labels = reader.network.memories["test"].labels
    assert set(labels[album.facts["first"]].tolist()) == {1}
    assert set(labels[album.facts["second"]].tolist()) == {8}
    for wrong, told in (({"one": 8}, "two different classes"), ({"one": 10}, "no class 10")):
        with pytest.raises(PadError, match=told):
            hybrids.make([reader.network], settings | wrong)


def test_a_morning_keeps_what_it_says(reader):
    settings = choose(night.KIND, {"dreams": 100, "forget": 0.9, "marked": "class:2;unit:7"})
    album = night.make([reader.network], settings)
    assert len(album.facts["kept"]) == 10
    assert len(album.facts["scores"]["novelty"]) == 100
    only = settings | {"realness": 0.0, "coherence": 0.0, "salience": 0.0}
    kept = night.make([reader.network], only).facts
    novelty = kept["scores"]["novelty"]
    least = min(novelty[place] for place in kept["kept"])
    assert all(novelty[place] <= least for place in range(100) if place not in kept["kept"])
    assert set(kept["reasons"]) == {"novelty"}


def test_marks_and_places_are_read_or_refused():
    assert [str(goal) for goal in night.parse_marks("class:3;unit:7;class:3")] == [
        "class:3", "unit:7",
    ]  # fmt: skip
    assert night.parse_marks("") == ()
    assert parse_places("4,1,1") == (1, 4)
    assert parse_places("") == ()
    for wrong in ("0", "9", "1,", "a", "²"):
        with pytest.raises(PadError, match="numbers from 1 to 8"):
            parse_places(wrong)


def test_development_begins_before_any_experience(network):
    trained = replace(network, header=replace(network.header, recipe={"epochs": 2}, epoch=2))
    settings = choose(development.KIND, {})
    found = list(development.ages(trained, [], settings))
    # Dreams come first, and what takes longer after them.
    assert [(age.stage.epoch, bool(age.alike)) for age in found] == [
        (0, False), (0, True), (2, False), (2, True),
    ]  # fmt: skip
    # Without a recipe the seed is not known, and there is the network alone.
    assert {age.stage.epoch for age in development.ages(network, [], settings)} == {0}
    early = development.bands(trained, found[:1], settings)
    assert early[0].text == ""
    bands = development.bands(trained, found, settings)
    assert [band.title for band in bands] == ["Before any experience", "Epoch 2"]
    assert "z: NREM" in bands[0].text
