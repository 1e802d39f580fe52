import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from pad_core.data.images import to_unit
from pad_core.errors import PadError
from pad_core.evaluation import neighbours
from pad_core.evaluation.neighbours import knn_accuracy, nearest, votes


@pytest.fixture
def clouds(random):
    """Latents of three classes that overlap, far from the origin."""
    labels = torch.randint(3, (1_300,), generator=random)
    latents = torch.randn(1_300, 16, generator=random) + 2 * torch.eye(16)[labels] + 1.0
    return latents[:1_000], labels[:1_000], latents[1_000:], labels[1_000:]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_accuracies_are_scikit_learns(clouds, metric):
    train, y, test, truth = clouds
    found = knn_accuracy(train, y, test, truth, (1, 20, 200), metric)
    for k, accuracy in found.items():
        judge = KNeighborsClassifier(k, metric=metric, algorithm="brute").fit(train, y)
        expected = 100 * judge.score(test, truth)
        assert accuracy == pytest.approx(expected, abs=0.34)  # one vote of 300 may be rounded
    assert found[20] > 45


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_neighbours_and_distances_are_scikit_learns_however_blocks_fall(
    clouds, metric, monkeypatch
):
    train, _, test, _ = clouds
    whole = nearest(test, train, 7, metric)
    distances, places = (
        NearestNeighbors(n_neighbors=7, metric=metric, algorithm="brute")
        .fit(train.double())
        .kneighbors(test.double())
    )
    torch.testing.assert_close(whole.distances, torch.tensor(distances).float(), atol=2e-3, rtol=0)
    assert (whole.places == torch.tensor(places)).double().mean() > 0.999
    monkeypatch.setattr(neighbours, "_QUERIES", 37)
    monkeypatch.setattr(neighbours, "_REFERENCES", 64)
    blocks = nearest(test, train, 7, metric)
    assert (blocks.places == whole.places).double().mean() > 0.999


def test_images_are_compared_as_pixels_whatever_their_type(small):
    images = small.train.images[:50]
    found = nearest(to_unit(images[:5]), images, 2)
    assert found.places[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert torch.allclose(found.distances[:, 0], torch.zeros(5), atol=0.05)
    apart = (to_unit(images[0]) - to_unit(images[found.places[0, 1]])).norm()
    assert found.distances[0, 1] == pytest.approx(float(apart), rel=1e-4)


def test_of_classes_with_as_many_votes_the_first_wins():
    assert votes(torch.tensor([[2, 1, 1, 2], [0, 2, 2, 2]]), 3).tolist() == [1, 2]


def test_more_neighbours_than_there_are_is_left_out_or_refused(clouds):
    train, y, test, truth = clouds
    assert set(knn_accuracy(train[:50], y[:50], test, truth, (20, 200))) == {20}
    assert knn_accuracy(train[:5], y[:5], test, truth, (20, 200)) == {}
    with pytest.raises(PadError, match="need as many references"):
        nearest(test, train, 1_001)
