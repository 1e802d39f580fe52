import pytest
import torch

from pad_core.dreaming.goals import Goal
from pad_core.dreaming.night import (
    MEASURES,
    Scores,
    Weights,
    diversity,
    dream,
    dreaming,
    remember,
    score,
)
from pad_core.dreaming.reader import Reader
from pad_core.errors import PadError
from pad_core.model.condition import Mixture

MIXTURE = Mixture(0.5, 0.5, 1.0)
FLAT = torch.full((5,), 0.3)
RISING = torch.tensor([1.0, 2.0, 3.0, 4.0, 50.0])


@pytest.fixture(scope="module")
def reader(network):
    return Reader.fit(network)


@pytest.mark.parametrize("name", MEASURES)
def test_a_weight_keeps_what_it_weighs(name):
    scores = Scores(**{**dict.fromkeys(MEASURES, FLAT), name: RISING})
    zero = dict.fromkeys(MEASURES, 0.0)
    assert remember(scores, Weights(**{**zero, name: 1.0}), 0.6).kept.tolist() == [4, 3]
    assert remember(scores, Weights(**{**zero, name: -1.0}), 0.6).kept.tolist() == [0, 1]
    # Nothing weighs: of equal strengths, the earlier dreams.
    assert remember(scores, Weights(**zero), 0.6).kept.tolist() == [0, 1]


def test_strength_is_the_weighted_sum_of_ranks_by_hand():
    scores = Scores(
        realness=torch.tensor([0.9, 0.1, 0.5]),
        novelty=torch.tensor([1.0, 3.0, 3.0]),
        coherence=torch.tensor([0.2, 0.4, 0.9]),
        salience=torch.zeros(3),
    )
    morning = remember(scores, Weights(1.0, 2.0, -1.0, 5.0), 0.5)
    shares = torch.tensor([[1.0, 0.0, 0.0, 2.5], [0.0, 1.5, -0.5, 2.5], [0.5, 1.5, -1.0, 2.5]])
    torch.testing.assert_close(morning.shares, shares)
    torch.testing.assert_close(morning.strength, torch.tensor([3.5, 3.5, 3.5]))
    assert morning.kept.tolist() == [0, 1]  # 1.5 dreams are two; the earlier of equal ones
    assert morning.threshold == pytest.approx(3.5)


def test_the_reason_is_the_measure_that_decided():
    scores = Scores(
        realness=torch.tensor([0.9, 0.5, 0.1, 0.4]),
        novelty=torch.tensor([2.0, 3.0, 1.0, 2.5]),
        coherence=FLAT[:4],
        salience=FLAT[:4],
    )
    morning = remember(scores, Weights(3.0, 1.0, 1.0, 1.0), 0.75)
    assert morning.kept.tolist() == [0]
    assert morning.reason(0) == "realness"
    assert morning.reason(2) == "realness"
    assert morning.reason(3) == "realness"
    newer = remember(scores, Weights(0.0, 1.0, 1.0, 1.0), 0.75)
    assert newer.kept.tolist() == [1] and newer.reason(1) == newer.reason(2) == "novelty"


@pytest.mark.parametrize(("forgetting", "kept"), [(0.0, 5), (0.5, 2), (0.8, 1), (0.99, 1)])
def test_as_many_are_forgotten_as_asked(forgetting, kept):
    scores = Scores(RISING, FLAT, FLAT, FLAT)
    assert len(remember(scores, Weights(), forgetting).kept) == kept


def test_a_night_is_scored_as_the_network_sees_it(reader):
    memories = reader.network.memories["train"]
    dreams = dream(reader, memories, 30, MIXTURE, seed=1)
    scores = score(reader, dreams, [Goal("class", 2), Goal("class", 5)])
    assert torch.equal(scores.realness, dreams.realness)
    codes, logits = reader.network.networks.encoder(dreams.images)
    torch.testing.assert_close(scores.realness, logits.sigmoid())
    probabilities = reader.probe.probabilities(codes)
    close = {"atol": 1e-4, "rtol": 1e-3}
    torch.testing.assert_close(scores.coherence, probabilities.amax(1), **close)
    torch.testing.assert_close(scores.salience, probabilities[:, [2, 5]].amax(1), **close)
    nearest = torch.cdist(codes, reader.memories).amin(1) / reader.spacing
    torch.testing.assert_close(scores.novelty, nearest, atol=1e-3, rtol=1e-3)
    assert (score(reader, dreams).salience == 0).all()
    along = reader.memories[:, 7]
    expected = torch.distributions.Normal(along.mean(), along.std()).cdf(codes[:, 7])
    felt = score(reader, dreams, [Goal("unit", 7)]).salience
    torch.testing.assert_close(felt, expected, **close)


def test_a_night_grows_by_steps_and_begins_alike_whatever_its_length(reader):
    memories = reader.network.memories["train"]
    steps = list(dreaming(reader, memories, 120, MIXTURE, seed=4))
    assert [len(step.images) for step in steps] == [50, 100, 120]
    assert torch.equal(steps[2].images[:100], steps[1].images)
    assert torch.equal(dream(reader, memories, 100, MIXTURE, seed=4).images, steps[1].images)


def test_the_same_seed_dreams_the_same_night(reader):
    memories = reader.network.memories["train"]
    one, again, other = (dream(reader, memories, 9, MIXTURE, s) for s in (1, 1, 2))
    assert torch.equal(one.images, again.images)
    assert not torch.equal(one.first, other.first)


def test_diversity_is_the_mean_distance_of_pairs():
    codes = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 8.0]])
    assert diversity(codes) == pytest.approx((5 + 8 + 5) / 3)


def test_what_cannot_be_is_refused(reader):
    memories = reader.network.memories["train"]
    with pytest.raises(PadError, match="A night of 0 dreams"):
        dream(reader, memories, 0, MIXTURE, 0)
    dreams = dream(reader, memories, 4, MIXTURE, 0)
    with pytest.raises(PadError, match="There is no class 10"):
        score(reader, dreams, [Goal("class", 10)])
    with pytest.raises(PadError, match="can be emotional, not 'real'"):
        score(reader, dreams, [Goal("real")])
    scores = score(reader, dreams)
    for share in (1.0, -0.1, float("nan")):
        with pytest.raises(PadError, match="from 0 to below 1"):
            remember(scores, Weights(), share)
