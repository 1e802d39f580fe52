import sys

import numpy as np
import pytest
import torch

from pad_core.data.images import to_unit
from pad_core.errors import PadError
from pad_core.evaluation import frechet
from pad_core.evaluation.formulas import frechet_distance, moments
from pad_core.system.tensors import read_tensors


def test_the_shipped_classifier_is_small_and_says_how_good_it_is(small):
    assert frechet.CLASSIFIER_FILE.stat().st_size < 3_000_000
    _, header = read_tensors(frechet.CLASSIFIER_FILE)
    assert set(header["test_accuracy"]) == set(frechet.FeatureNetwork.DATASETS)
    # What the header says of Fashion-MNIST holds for images of it that are at hand.
    network = frechet.classifier_features().extract
    head = network.heads[frechet.FeatureNetwork.DATASETS.index("fashion-mnist")]
    right = head(network(to_unit(small.test.images))).argmax(1) == small.test.labels
    stated = header["test_accuracy"]["fashion-mnist"]
    assert 100 * right.double().mean() == pytest.approx(stated, abs=10)


def test_features_are_named_after_what_they_are():
    assert "FID" not in frechet.classifier_features().name
    assert "FID" in frechet.INCEPTION


def test_distance_is_zero_to_itself_and_grows_with_damage(small):
    features = frechet.classifier_features()
    images = small.train.images
    same = frechet.distance(features, images.split(100), images.flip(0).split(64))
    assert same == pytest.approx(0.0, abs=1e-3)
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    damaged = [(to_unit(images) + share * noise).clamp(-1, 1) for share in (0.2, 0.8)]
    mild, strong = (frechet.distance(features, [images], [d]) for d in damaged)
    assert 0.01 < mild < strong


def test_batches_and_pixel_types_change_nothing(small):
    features = frechet.classifier_features()
    images = small.test.images
    whole = features.moments([to_unit(images)])
    parts = features.moments(images.split(33))
    assert whole.n == parts.n == len(images)
    assert np.allclose(whole.mean, parts.mean, atol=1e-5)
    assert np.allclose(whole.covariance, parts.covariance, atol=1e-5)


def test_moments_are_those_of_the_features(small):
    features = frechet.Features("pixels", lambda images: images.flatten(1)[:, :5])
    values = to_unit(small.test.images).flatten(1)[:, :5].numpy()
    found = features.moments([small.test.images])
    assert frechet_distance(found, moments(values)) == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(PadError, match="at least two images"):
        features.moments([small.test.images[:1]])


def test_without_torch_fidelity_or_weights_one_sentence_says_so(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch_fidelity.feature_extractor_inceptionv3", None)
    with pytest.raises(PadError, match="pip install -e"):
        frechet.inception_features()


def test_weights_that_cannot_be_read_are_named(monkeypatch, tmp_path):
    class Extractor:
        def __init__(self, name, features, path):
            raise OSError("no network\nwith a long story")

    module = type(sys)("torch_fidelity.feature_extractor_inceptionv3")
    module.FeatureExtractorInceptionV3 = Extractor
    monkeypatch.setitem(sys.modules, "torch_fidelity", type(sys)("torch_fidelity"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with pytest.raises(PadError, match=r"be downloaded \(no network\)\.$"):
        frechet.inception_features()
    with pytest.raises(PadError, match="be read from .*w.pth"):
        frechet.inception_features(tmp_path / "w.pth")
    torch.save({"weights": print}, tmp_path / "code.pth")
    with pytest.raises(PadError, match="be read from .*code.pth.*Weights only"):
        frechet.inception_features(tmp_path / "code.pth")


def test_inception_is_given_what_it_expects(monkeypatch, small):
    seen = []

    class Extractor(torch.nn.Module):
        def __init__(self, name, features, path):
            super().__init__()
            assert features == ["2048"]

        def forward(self, images):
            seen.append(images)
            return (images.float().flatten(1)[:, :8],)

    module = type(sys)("torch_fidelity.feature_extractor_inceptionv3")
    module.FeatureExtractorInceptionV3 = Extractor
    monkeypatch.setitem(sys.modules, "torch_fidelity", type(sys)("torch_fidelity"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    frechet.inception_features().moments([small.test.images[:5]])
    # Pixels from 0 to 255 as uint8, not from −1 to 1.
    assert seen[0].dtype == torch.uint8
    assert torch.equal(seen[0], small.test.images[:5])


@pytest.mark.slow
def test_fid_runs_on_weights_from_a_file(monkeypatch, tmp_path, small):
    """The real torch-fidelity and its whole network; its weights are random, as none ship here."""
    package = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    extractor = package.FeatureExtractorInceptionV3
    with monkeypatch.context() as without_weights:
        without_weights.setattr(package, "load_state_dict_from_url", lambda *_, **__: {})
        without_weights.setattr(extractor, "load_state_dict", lambda self, state: None)
        torch.manual_seed(0)
        random_network = extractor("inception", ["2048"]).eval()
    path = tmp_path / "weights.pth"
    torch.save(random_network.state_dict(), path)
    features = frechet.inception_features(path)
    images = small.test.images[:4]
    assert features.extract(to_unit(images)).shape == (4, 2048)
    assert torch.equal(features.extract(to_unit(images)), random_network(images)[0])
    assert frechet.distance(features, [images], [images]) == pytest.approx(0.0, abs=1e-3)
