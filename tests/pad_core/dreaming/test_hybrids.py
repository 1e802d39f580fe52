from itertools import islice

import pytest
import torch

from pad_core.checkpoint.file import Memories
from pad_core.dreaming.hybrids import hybridness, hybrids, matrix, members, of_classes, search
from pad_core.dreaming.reader import Reader
from pad_core.errors import PadError
from pad_core.model.condition import Mixture
from pad_core.model.dreams import rem_dreams

MIXTURE = Mixture(0.5, 0.5, 1.0)


@pytest.fixture(scope="module")
def reader(network):
    return Reader.fit(network)


@pytest.fixture(scope="module")
def memories(network):
    return network.memories["train"]


def test_hybridness_by_hand():
    probabilities = torch.tensor(
        [[0.5, 0.5, 0.0], [0.9, 0.1, 0.0], [0.3, 0.3, 0.4], [0.0, 0.2, 0.8]]
    )
    first, second = torch.tensor([0, 0, 0, 0]), torch.tensor([1, 1, 1, 1])
    found = hybridness(probabilities, first, second)
    torch.testing.assert_close(found, torch.tensor([1.0, 0.2, 0.6, 0.0]))
    torch.testing.assert_close(hybridness(probabilities, second, first), found)
    # Both classes' probability less what one has more than the other.
    p, q = probabilities[:, 0], probabilities[:, 1]
    torch.testing.assert_close(found, p + q - (p - q).abs())


def test_hybrids_are_the_rem_dreams_of_their_memories_as_the_probe_sees_them(reader, memories):
    first, second = torch.tensor([3, 5]), torch.tensor([8, 1])
    found = hybrids(reader, memories, first, second, MIXTURE, seed=4)
    z = memories.latents
    dreams = rem_dreams(reader.network.networks, z[first], z[second], MIXTURE, 4)
    torch.testing.assert_close(found.images, dreams.dreams)
    torch.testing.assert_close(found.probabilities, reader.probe.probabilities(dreams.encoded))
    assert found.classes[:, 0].tolist() == memories.labels[first].tolist()
    assert found.classes[:, 1].tolist() == memories.labels[second].tolist()
    pairs = zip(found.probabilities, found.classes, strict=True)
    for (p, (a, b)), value in zip(pairs, found.hybridness, strict=True):
        assert float(value) == pytest.approx(2 * min(float(p[a]), float(p[b])))


def test_the_matrix_has_every_pair_of_classes_and_one_memory_a_row(reader, memories):
    found = matrix(reader, memories, MIXTURE, seed=2)
    n = len(reader.network.class_names)
    expected = [[i, j] for i in range(n) for j in range(n)]
    assert found.classes.tolist() == expected
    first, second = found.first.reshape(n, n), found.second.reshape(n, n)
    assert (first == first[:, :1]).all() and (second == second[:1]).all()
    assert (first.diagonal() != second.diagonal()).all()
    whole = matrix(reader, memories, Mixture(1.0, 1.0, 0.0), seed=2)
    shown = reader.network.generate(memories.latents[whole.first])
    torch.testing.assert_close(whole.images, shown, atol=1e-5, rtol=1e-4)


def test_dreams_of_two_classes_have_pairs_of_their_own(reader, memories):
    found = of_classes(reader, memories, (2, 7), 6, MIXTURE, seed=1)
    assert found.classes.tolist() == [[2, 7]] * 6
    assert len(set(found.first.tolist())) == len(set(found.second.tolist())) == 6


def test_a_search_never_loses_what_it_found_and_is_the_same_again(reader, memories):
    def run():
        return list(islice(search(reader, memories, (0, 5), 8, MIXTURE, seed=3), 5))

    steps, again = run(), run()
    means = [float(step.best.hybridness.mean()) for step in steps]
    assert means == sorted(means) and means[-1] > means[0]
    assert [step.tried for step in steps] == [64, 128, 192, 256, 320]
    for step in steps:
        best = step.best.hybridness
        assert len(best) == 8 and (best[:-1] >= best[1:]).all()
        assert step.best.classes.tolist() == [[0, 5]] * 8
    assert torch.equal(steps[-1].best.images, again[-1].best.images)
    # What it says of a picture is what the network makes of that picture.
    codes = reader.network.encode(steps[-1].best.images)
    judged = reader.probe.probabilities(codes)
    torch.testing.assert_close(judged, steps[-1].best.probabilities, atol=1e-4, rtol=1e-3)


def test_members_are_different_memories_of_one_class(memories):
    found = members(memories, 4, 5, seed=0)
    assert len(set(found.tolist())) == 5
    assert (memories.labels[found] == 4).all()
    assert torch.equal(found, members(memories, 4, 5, seed=0))


def test_impossible_pairs_are_refused(reader, memories):
    with pytest.raises(PadError, match="two different classes"):
        next(search(reader, memories, (1, 1), 8, MIXTURE, 0))
    with pytest.raises(PadError, match="two different classes"):
        of_classes(reader, memories, (1, 1), 2, MIXTURE, 0)
    few = Memories(memories.latents[:3], torch.tensor([0, 1, 1]), memories.indices[:3])
    with pytest.raises(PadError, match="fewer than the 2"):
        members(few, 0, 2, 0)
    with pytest.raises(PadError, match="No memory of class 5"):
        members(few, 5, 1, 0)
