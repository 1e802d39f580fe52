"""The live probe: its last numbers are the command line's, and what leads there says so."""

import time
from dataclasses import replace

import pytest
import torch

from explorer.session.choices import Choices
from explorer.views.probe import accuracy
from explorer.views.probe import live_probe as live_probe_module
from explorer.views.probe.accuracy import STAGES, Disturbance, Stage, Subject
from explorer.views.probe.live_probe import LiveProbe
from pad_core.checkpoint.file import Memories
from pad_core.evaluation.evaluate import FULL, Protocol, evaluate
from pad_core.evaluation.frechet import Features
from pad_core.evaluation.paper_measures import fit_probes
from tests.helpers import until

PIXELS = Features("a test's features", lambda images: images.flatten(1)[:, ::512])
CLEAN, GREY = Disturbance(0, 4, 0.0, 0), Disturbance(30, 4, 0.0, 0)


@pytest.fixture(scope="module")
def live_probe():
    return LiveProbe(2)


def digits(value):
    return float(f"{value:.6g}")


def full(live_probe, subject, disturbance, measure="converged", viewer="me", run=0):
    """The reading of one subject when there is no better one to come."""

    def best():
        reading = live_probe.read(viewer, {"it": subject}, disturbance, measure, run, patience=0.2)[
            "it"
        ]
        return None if reading.busy else reading

    return until(best, "the live_probe is busy", 120)


@pytest.mark.parametrize("on", ["real images", "reconstructions"])
def test_the_full_value_is_the_command_lines_to_the_digit(live_probe, network, small, on):
    dataset = small if on == "real images" else None
    expected = evaluate(network, dataset, PIXELS, replace(FULL, dreams=50, frechet_images=80))
    assert expected["on"] == on
    subject = Subject(network, dataset)
    converged, paper = (
        full(live_probe, subject, CLEAN, m).estimate for m in ("converged", "paper")
    )
    assert digits(converged.accuracy) == expected["converged_separability"]
    assert digits(paper.accuracy) == expected["linear_separability"]
    assert [digits(a) for a in paper.by_seed] == expected["linear_separability_by_seed"]
    assert converged.n_train == expected["n_train"]
    assert converged.images == converged.available == expected["n_test"]
    for percent in (0, 30, 100):
        disturbed = Disturbance(percent, 4, 0.0, 0)
        reading = full(live_probe, subject, disturbed, "paper")
        if percent == 0 and on == "reconstructions":
            assert reading.estimate.on == "stored latents"  # not what the curve starts with
            continue
        assert digits(reading.estimate.accuracy) == expected["occlusion"][str(percent)]
        interval = [digits(reading.estimate.low), digits(reading.estimate.high)]
        assert interval == expected["occlusion_interval"][str(percent)]
        estimate = full(live_probe, subject, disturbed).estimate
        assert digits(estimate.accuracy) == expected["occlusion_converged"][str(percent)]
        assert estimate.on == on


def run(subject, disturbance, stage, n_seeds=1):
    made = accuracy.quick_material if subject.dataset is None else accuracy.image_material
    material = made(subject)
    probes = tuple(fit_probes(accuracy.quick_material(subject), n_seeds).paper)
    *steps, last = accuracy.estimate(subject, material, probes, disturbance, stage)
    assert not any(steps)
    return last


def test_the_third_stage_is_what_evaluate_takes_unless_told_otherwise(network, small):
    subject = Subject(network, None)
    expected = evaluate(network, None, PIXELS, Protocol())
    estimate = run(subject, GREY, STAGES[2], Protocol().readout_seeds)
    assert digits(estimate.accuracy) == expected["occlusion"]["30"]
    assert (estimate.images, estimate.draws) == (100, 2)


def test_a_stage_takes_its_share_of_the_images_and_masks(network, small):
    subject = Subject(network, small)
    few = run(subject, GREY, Stage(40, 1))
    assert (few.images, few.available, few.draws) == (40, 100, 1)
    assert int(few.confusion.sum()) == 40
    many = run(subject, GREY, Stage(1000, 3), n_seeds=2)
    assert int(many.confusion.sum()) == 100 * 3 * 2
    right = 100 * many.confusion.diagonal().sum() / many.confusion.sum()
    assert many.accuracy == pytest.approx(float(right))
    assert many.confusion.sum(dim=1).tolist() == (6 * small.test.labels.bincount()).tolist()
    assert few.low <= few.accuracy <= few.high
    assert few.high - few.low > many.high - many.low


def test_what_disturbs_changes_the_answers_and_the_same_seed_gives_the_same(network, small):
    subject, stage = Subject(network, small), Stage(100, 1)
    counts = {
        name: run(subject, disturbance, stage).confusion
        for name, disturbance in {
            "grey": GREY,
            "again": GREY,
            "seed": GREY._replace(seed=1),
            "more": GREY._replace(percent=80),
            "size": GREY._replace(size_px=8),
            "noise": GREY._replace(noise=0.5),
        }.items()
    }
    assert torch.equal(counts["grey"], counts["again"])
    for name in ("seed", "more", "size", "noise"):
        assert not torch.equal(counts["grey"], counts[name]), name


def test_noise_lies_under_the_same_masks_and_within_the_range(network, small, monkeypatch):
    seen = []

    def spy(encoder, images, intensity, size_px, random):
        seen.append((images, random.get_state()))
        return torch.zeros((len(images), 256))

    monkeypatch.setattr(accuracy, "encode_occluded", spy)
    subject = Subject(network, small)
    for noise in (0.0, 0.8):
        run(subject, GREY._replace(noise=noise), Stage(100, 1))
    (plain, masks), (noisy, same_masks) = seen
    assert torch.equal(masks, same_masks)
    assert plain.dtype == torch.uint8
    assert noisy.abs().max() == 1.0
    unit = plain.float() / 127.5 - 1
    inside = (noisy.abs() < 1) & (unit.abs() < 0.2)  # where clipping hardly matters
    assert 0.4 < (noisy - unit)[inside].std() < 0.8


def test_the_dials_round_to_a_disturbance():
    assert Disturbance.of(Choices.of(intensity=0.29, size_px=3, pixel_noise=0.1, seed=5)) == (
        29, 3, 0.1, 5
    )  # fmt: skip
    undisturbed = {Disturbance.of(Choices.of(intensity=0.0, size_px=s, seed=s)) for s in (1, 8)}
    assert len(undisturbed) == 1
    assert undisturbed.pop().none


@pytest.mark.parametrize("measure", ["converged", "paper"])
def test_at_first_probes_are_fitted_to_what_is_stored(network, small, measure):
    stored = network.memories["train"]
    half = Memories(stored.latents[:128], stored.labels[:128], stored.indices[:128])
    fewer = replace(network, memories=network.memories | {"train": half}, sha256="half")
    live_probe, seen = LiveProbe(1), []
    while not seen or not seen[-1].full:
        seen.append(live_probe.read("me", {"it": Subject(fewer, small)}, GREY, measure)["it"])
        time.sleep(0.002)
    known = [(r.estimate.n_train, r.estimate.on, r.full) for r in seen if r.estimate]
    assert known[0] == (128, "real images", False)
    assert known[-1] == (256, "real images", True)
    assert [n for n, _, _ in known] == sorted(n for n, _, _ in known)
    assert max(r.share for r in seen if r.doing) > 0


def test_training_can_be_watched_and_comes_to_the_same_again(live_probe, network, small):
    subject = Subject(network, small)
    first = full(live_probe, subject, CLEAN, "paper")
    assert [len(curve) for curve in first.curves] == [20] * accuracy.PROBE_SEEDS
    assert [curve[-1] for curve in first.curves] == pytest.approx(list(first.estimate.by_seed))
    seen = set()
    while True:
        reading = live_probe.read("me", {"it": subject}, CLEAN, "paper", 1, 0.0)["it"]
        assert reading.estimate.accuracy == first.estimate.accuracy
        if not reading.busy:
            break
        seen.add(sum(map(len, reading.curves)))
        time.sleep(0.001)
    assert len(seen) > 3
    assert reading.curves == first.curves


def test_what_one_viewer_waited_for_another_finds_there(live_probe, network, small):
    subject, disturbance = Subject(network, small), Disturbance(47, 3, 0.2, 9)
    assert not full(live_probe, subject, disturbance, viewer="one").cached
    newcomers = iter(range(10_000))  # who came before the job was put away waited for it, too

    def there():
        viewer = f"another {next(newcomers)}"
        reading = live_probe.read(viewer, {"it": subject}, disturbance, "converged")["it"]
        return reading if reading.cached else None

    assert until(there, "no newcomer finds it there").full


def test_a_checkpoint_without_memories_needs_images(network, small):
    none = Memories(torch.empty((0, 256)), torch.empty(0).long(), torch.empty(0).long())
    bare = replace(network, memories={"train": none, "test": none}, sha256="bare")
    live_probe = LiveProbe(1)
    failed = full(live_probe, Subject(bare, None), GREY)
    assert failed.estimate is None
    assert "no memories" in failed.error
    assert full(live_probe, Subject(bare, small), GREY).estimate.n_train == 256


def test_latents_are_kept_up_to_a_limit(network, monkeypatch):
    monkeypatch.setattr(live_probe_module, "KEPT_BYTES", 5e6)
    live_probe = LiveProbe(1)
    for name in "abcdef":  # of 1.5 MB each
        full(live_probe, Subject(replace(network, sha256=name), None), CLEAN)
    kept = [sha256 for sha256, _ in live_probe._kept]
    assert kept == ["d", "e", "f"]


def test_latents_of_a_data_set_are_encoded_once(network, small, monkeypatch):
    live_probe, subject, encoded = LiveProbe(1), Subject(network, small), []
    encode = accuracy.encode
    monkeypatch.setattr(accuracy, "encode", lambda it: encoded.append(it) or encode(it))
    trained = full(live_probe, subject, CLEAN, "paper")
    assert len(encoded) == 1
    live_probe._scratch._folder.cleanup()  # as those do who tidy up
    again = live_probe.read("me", {"it": subject}, CLEAN, "paper", 1)["it"]
    while again.busy:
        time.sleep(0.01)
        again = live_probe.read("me", {"it": subject}, CLEAN, "paper", 1)["it"]
    assert len(encoded) == 2
    assert again.curves == trained.curves
