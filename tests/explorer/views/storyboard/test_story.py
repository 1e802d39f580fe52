"""The storyboard's pictures and losses: those of training, of this memory."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from explorer.dreaming import dreams
from explorer.session.choices import N_STEPS, Dream
from explorer.views.storyboard import story as storyboard
from explorer.views.storyboard.flow import FlowPicture, flow
from explorer.views.storyboard.steps import STEPS, lesson, steps
from pad_core.checkpoint import file as checkpoint
from pad_core.data.images import to_unit
from pad_core.model import losses
from pad_core.model.condition import CONDITIONS, built_in

CHOICES = Dream(seed=2)


@pytest.fixture(scope="module")
def images():
    random = torch.Generator().manual_seed(1)
    return torch.randint(256, (1000, 3, 32, 32), dtype=torch.uint8, generator=random)


def tell(network, choices=CHOICES, images=None):
    recalled = dreams.recall(network, choices)
    row = dreams.seen(network, recalled, choices, images)
    seen = None if row is None else row[:, :32]
    return storyboard.tell(network, recalled, choices, seen, images)


def test_the_pictures_are_those_of_the_dream_page(network):
    recalled = dreams.recall(network, CHOICES)
    nrem = dreams.perturb(network, recalled, CHOICES).picture[:, :32].astype(int)
    rem = dreams.mix(network, recalled, CHOICES).picture[:, :32].astype(int)
    pictures = tell(network).pictures
    for name, expected in [
        ("recalled", recalled.picture[:, :32].astype(int)),
        ("occluded", nrem[:32]),
        ("recovered", nrem[32:]),
        ("second", rem[:32]),
        ("dream", rem[32:]),
    ]:
        assert np.abs(pictures[name] - expected).max() <= 1, name
    covered = (pictures["mask"] == 0).all(axis=2)
    assert (pictures["occluded"][covered] == 128).all()
    assert 0 < covered.mean() < 1


def test_the_losses_are_those_of_the_equations_over_the_images(network, images):
    story = tell(network, images=images)
    memories = network.memories["test"]
    places = dreams.pick_memories(len(memories), 128, CHOICES.seed, "memories")[:64]
    batch = to_unit(images[memories.indices[places]])
    z, logits = network.networks.encoder(batch)
    rebuilt = network.generate(z)
    assert story.batch_size == 64
    assert story.real
    assert story.losses["image"] == pytest.approx(
        float((rebuilt - batch).square().mean()), rel=1e-4
    )
    assert story.losses["external"] == pytest.approx(
        float(-logits.sigmoid().log().mean()), rel=1e-4
    )
    assert story.losses["kl"] == pytest.approx(float(losses.kl_divergence(z)), rel=1e-4)
    seen = images[memories.indices[places[0]]]
    assert np.array_equal(story.pictures["image"], seen.permute(1, 2, 0).numpy())
    assert story.realness["image"] == pytest.approx(float(network.realness(seen[None])), abs=1e-5)


def test_without_images_reconstructions_stand_in(network):
    story = tell(network)
    assert not story.real
    assert "image" not in story.pictures
    assert set(story.losses) == {"image", "kl", "external", "nrem", "internal"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"intensity": 0.9}, {"nrem"}),
        ({"lam_prime": 0.9}, {"internal"}),
        ({"first": 5}, {"image", "kl", "external", "nrem", "internal"}),
    ],
)
def test_a_choice_changes_the_losses_that_depend_on_it(network, change, expected):
    before, after = tell(network).losses, tell(network, replace(CHOICES, **change)).losses
    assert {name for name in before if before[name] != after[name]} == expected


def test_a_latent_is_blue_below_zero_and_red_above():
    code = torch.zeros(256)
    code[0], code[255] = -3.0, 3.0
    picture = storyboard.picture_of_latents(code).astype(int)
    assert picture.shape == (32, 32, 3)
    assert picture[0, 0, 2] > picture[0, 0, 0] + 80
    assert picture[31, 31, 0] > picture[31, 31, 2] + 80
    assert (picture[16, 16] == 235).all()


def test_two_memories_are_enough_for_all_but_the_divergence(network):
    few = {
        split: checkpoint.Memories(m.latents[:2], m.labels[:2], m.indices[:2])
        for split, m in network.memories.items()
    }
    story = tell(replace(network, memories=few))
    assert story.batch_size == 1
    assert np.isnan(story.losses["kl"])
    assert np.isfinite(story.losses["nrem"])
    assert "needs more memories" in lesson(STEPS[0], story, network)


def test_each_step_shows_pictures_and_says_which_loss_is_live_and_who_learns(network, images):
    story = tell(network, images=images)
    for step in STEPS:
        html = flow(step.parts(story))
        assert (
            html.count("<img")
            == sum(isinstance(part, FlowPicture) for part in step.parts(story))
            > 0
        )
        text = lesson(step, story, network)
        assert text.count("pad-loss") == len(step.losses)
        for name in step.losses:
            assert f": <b>{story.losses[name]:.3f}</b></summary>" in text
    nrem, rem = lesson(STEPS[5], story, network), lesson(STEPS[7], story, network)
    assert "generator rests" in nrem
    assert "encoder learns to make this smaller" in nrem
    assert "generator learns to make this larger" in rem
    see, rebuild = lesson(STEPS[0], story, network), lesson(STEPS[1], story, network)
    assert "mean over 256 units, <i>μ</i> and <i>σ</i> of each over 64 images" in see
    assert "Eq. 2, as a mean over pixels" in rebuild
    assert "Eq. 6, as a mean over 256 units, where the paper has their sum, and 64 dreams" in nrem
    mixed = flow(STEPS[6].parts(story))
    for factor in ("λ′λ ×", "λ′(1−λ) ×", "(1−λ′)σ ×"):
        assert factor in mixed
    assert {step.phase for step in STEPS} == {"wake", "nrem", "rem"}


def test_a_phase_that_a_network_never_lived_is_said_to_be_so(network):
    header = replace(network.header, condition=built_in("wo_rem"))
    without = replace(network, header=header)
    story = tell(without)
    assert "trained without REM" in lesson(STEPS[7], story, without)
    assert "trained without" not in lesson(STEPS[5], story, without)
    assert "0.5 times" in lesson(STEPS[5], story, without)


def lived(network, name):
    return replace(network, header=replace(network.header, condition=built_in(name)))


def told(name, network):
    trained = lived(network, name)
    return {step.name: lesson(step, tell(trained), trained) for step in steps(trained.condition)}


def test_the_papers_night_is_told_as_ever(network):
    assert steps(network.condition) == STEPS


@pytest.mark.parametrize("name", CONDITIONS)
def test_every_conditions_night_can_be_shown(network, name):
    trained = lived(network, name)
    story = tell(trained)
    night = steps(trained.condition)
    assert len(night) <= N_STEPS
    for step in night:
        assert flow(step.parts(story)).count("<img") > 0
        assert "pad-said" in lesson(step, story, trained)
    live = {loss for step in night for loss in step.losses}
    assert live >= set(trained.condition.loss_weights)
    assert all(np.isfinite(story.losses[loss]) for loss in live)


def test_another_perturbation_is_shown_and_said(network):
    said = told("nrem_many", network)
    assert "Occlude" not in said
    for words in ("patches turn grey", "it is shifted", "it is blurred"):
        assert words in said["Perturb"]
    story = tell(lived(network, "nrem_rotation"))
    assert "mask" not in story.pictures
    assert (story.pictures["occluded"] != story.pictures["recalled"]).any()


@pytest.mark.parametrize(
    ("name", "where"), [("nrem_contrast", "nrem"), ("contrast_phase", "contrast")]
)
def test_pushing_apart_is_a_step_where_it_is_learnt(network, name, where):
    night = steps(built_in(name))
    (apart,) = [step for step in night if step.name == "Push apart"]
    assert apart.phase == where
    assert night.index(apart) == 6
    text = told(name, network)["Push apart"]
    assert "NT-Xent" in text
    assert "generator rests" in text
    assert "Barlow Twins" in told("barlow_phase", network)["Push apart"]


def test_components_are_mixed_as_in_training(network):
    trained = lived(network, "rem_components")
    alone = replace(CHOICES, lam_prime=1.0)
    code = tell(trained, alone).pictures["z_mix"]
    own, old = (tell(trained, alone).pictures[name] for name in ("z", "z_old"))
    from_either = (code == own).all(2) | (code == old).all(2)
    assert from_either.all()
    assert not (code == own).all()
    assert "by <b>components</b>" in told("rem_components", network)["Mix"]


def test_repetitions_memories_and_rates_are_said(network):
    assert "has 3 NREM phases" in told("long_sleep", network)["Recover"]
    assert "4 times the learning rate" in told("fast_sleep", network)["Dream"]
    assert "mixed 4 memories" in told("rem_four_memories", network)["Mix"]
    assert "last 32 mini-batches" in told("rem_long_memory", network)["Mix"]
