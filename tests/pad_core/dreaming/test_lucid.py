"""Lucid dreams: objectives rise, courses branch, inversions find a planted latent."""

import math

import pytest
import torch

from pad_core.dreaming import lucid
from pad_core.dreaming.goals import Goal, objective
from pad_core.dreaming.lucid import Leg, follow, parse_course, shared_steps, until
from pad_core.errors import PadError
from pad_core.model.dreams import rem_dreams


@pytest.fixture(scope="module")
def start(trained):
    return lucid.rem_start(trained, "test", seed=3)


def last(steps):
    *_, step = steps
    return step


@pytest.mark.parametrize("goal", ["class:3", "real", "unreal", "unit:17", "component:0"])
def test_each_dream_comes_nearer_to_its_goal(trained_reader, start, goal):
    first, *_, end = follow(trained_reader, start, parse_course(f"{goal},15,0.3"))
    assert (end.value > first.value + 0.5).all()


def test_a_class_is_what_the_network_reads_in_the_end(trained, trained_reader, start):
    end = last(follow(trained_reader, start, parse_course("class:5,30,0.3")))
    assert (trained_reader.probe.predict(trained.encode(end.seen.images)) == 5).all()


def test_a_weight_of_the_prior_keeps_the_dream_near_it(trained_reader, start):
    ends = [last(follow(trained_reader, start, parse_course(f"unreal,40,{w}"))) for w in (0, 1, 10)]
    costs = [float(end.cost.mean()) for end in ends]
    assert costs[0] > 2 * costs[1] > 4 * costs[2]


def test_the_distance_from_the_prior_is_a_divergence(random):
    draws = torch.randn((2000, 256), generator=random)
    # Mean and variance of 256 numbers err by 1/256 and 2/256: ½ · 256 · (1 + ½ · 2)/256 nats.
    assert float(lucid.off_prior(draws).mean()) == pytest.approx(1.0, abs=0.1)
    flat = lucid.off_prior(torch.zeros(1, 256) + 3.0 + 1e-3 * draws[:1])
    shifted, wide = lucid.off_prior(draws + 1.0), lucid.off_prior(2.0 * draws)
    assert float(shifted.mean()) == pytest.approx(128, rel=0.05)  # ½ · 256 · 1²
    assert float(wide.mean()) == pytest.approx(128 * (4 - 1 - math.log(4)), rel=0.05)
    assert float(flat) > 1000
    assert (lucid.off_prior(draws) >= 0).all()


def test_a_course_is_what_its_text_says():
    text = "class:3,40,0.1;real,60,0;unit:17,5,2.5"
    course = parse_course(text)
    assert course[0] == Leg(Goal("class", 3), 40, 0.1)
    assert lucid.course_text(course) == text
    assert lucid.course_text(until(course, 45)) == "class:3,40,0.1;real,5,0"
    assert until(course, 40) == course[:1]
    assert until(course, 0) == () == parse_course("")
    assert shared_steps(course, course) == 105
    assert shared_steps(course, until(course, 45)) == 45
    assert shared_steps(course, parse_course("class:3,30,0.1;real,60,0")) == 30
    assert shared_steps(course, parse_course("class:3,40,0.2")) == 0


@pytest.mark.parametrize(
    "text", ["class:3", "class:3,0,0.1", "class:3,10,-1", "cat,10,1", "real,10,1;", "real,401,0",
             ";".join(["real,1,0"] * 9)]
)  # fmt: skip
def test_other_courses_are_refused(text):
    with pytest.raises(PadError):
        parse_course(text)


def test_steps_are_the_same_again_also_from_known_ones(trained_reader, start):
    course = parse_course("class:1,3,0.1;unreal,4,0.5")
    steps = list(follow(trained_reader, start, course))
    assert len(steps) == 8
    for n in range(9):
        again = list(follow(trained_reader, start, course, known=steps[:n]))
        assert len(again) == 8
        for one, other in zip(steps, again, strict=True):
            assert torch.equal(one.state.parameters, other.state.parameters)
            assert torch.equal(one.value, other.value)


def test_a_branch_leaves_the_dreams_before_it_as_they_were(trained_reader, start):
    whole = list(follow(trained_reader, start, parse_course("class:1,6,0.1")))
    branch = parse_course("class:1,3,0.1;class:8,3,0.1")
    left = list(follow(trained_reader, start, branch, known=whole[:4]))
    for one, other in zip(whole[:4], left[:4], strict=True):
        assert torch.equal(one.seen.images, other.seen.images)
    assert not torch.equal(whole[4].seen.images, left[4].seen.images)
    assert (left[-1].value > objective(trained_reader, Goal("class", 8))(whole[3].seen)).all()


def test_a_dream_begins_as_rem_dreams_do(trained, start):
    memories = trained.memories["test"]
    places = lucid.night_places(memories, 3)
    current, previous = memories.latents[places].chunk(2)
    dreams = rem_dreams(trained.networks, current, previous, trained.condition.rem_mixture, 3)
    assert torch.equal(start, dreams.latents)
    other = lucid.rem_start(trained, "test", 3, first=5)
    assert not torch.equal(other[0], start[0])
    assert torch.equal(other[1:], start[1:])
    with pytest.raises(PadError, match="counted from 0"):
        lucid.rem_start(trained, "test", 3, second=1000)


def test_an_inversion_finds_a_planted_latent(trained, trained_reader, start):
    planted = start[:1]  # a dream's, which is no memory's
    picture = trained.generate(planted)[0]
    starts, names = lucid.inversion_starts(trained_reader, picture, seed=0, n=4)
    assert names == ("E(x)", "nearest memory", "prior 1", "prior 2")
    assert torch.allclose(starts[:1], trained.encode(picture[None]))
    first, *_, end = follow(trained_reader, starts, parse_course("picture,300,0"), picture)
    before, after = ((-step.value).sqrt() for step in (first, end))
    assert (after < before / 3).all()
    best = int(end.value.argmax())
    assert float(after[best]) < 0.03  # of pixels from −1 to 1
    # The latent itself comes nearer, and not only a picture that looks like it.
    apart = (end.state.parameters - planted).norm(dim=1)
    assert float(apart[best]) < 0.75 * float((starts[best] - planted).norm())
