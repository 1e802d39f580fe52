import math
import subprocess
import sys
from itertools import islice

import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from threadpoolctl import ThreadpoolController

from pad_core.errors import PadError
from pad_core.evaluation import linear_probe
from pad_core.evaluation.linear_probe import (
    SGD_EPOCHS,
    SGD_LEARNING_RATE,
    LinearProbe,
    fit_converged,
    sgd_epochs,
    train_sgd,
)
from pad_core.system.randomness import generator
from tests.helpers import ROOT


def clusters(n: int, size: int, classes: int, seed: int = 0, spread: float = 1.5):
    """Overlapping classes with badly scaled, shifted dimensions, as real latents have."""
    random = torch.Generator().manual_seed(seed)
    means = torch.randn(classes, size, generator=torch.Generator().manual_seed(99)) * 0.5
    labels = torch.randint(classes, (n,), generator=random)
    latents = means[labels] + spread * torch.randn(n, size, generator=random)
    return latents * torch.logspace(-1, 0.5, size) + 2.0, labels


def reference_sgd(latents, labels, n_classes, seed, epochs):
    """The same protocol by autograd, from the same random numbers."""
    n, size = latents.shape
    batch = min(64, n)
    random = generator(seed, "readout")
    initial = torch.empty((n_classes, size + 1)).uniform_(
        -(size**-0.5), size**-0.5, generator=random
    )
    weight = initial[:, :-1].clone().requires_grad_()
    bias = initial[:, -1].clone().requires_grad_()
    for _ in range(epochs):
        for chosen in torch.randperm(n, generator=random)[: n - n % batch].split(batch):
            scores = torch.nn.functional.linear(latents[chosen], weight, bias)
            loss = torch.nn.functional.cross_entropy(scores, labels[chosen])
            for parameter, gradient in zip(
                (weight, bias), torch.autograd.grad(loss, (weight, bias)), strict=True
            ):
                parameter.data -= SGD_LEARNING_RATE * gradient
    return weight.detach(), bias.detach()


# Fewer than a mini-batch; a last, partial one, which is dropped; several fetched at once, the last
# fewer than the others.
@pytest.mark.parametrize("n", [40, 300, 5_000])
def test_sgd_is_that_of_torch_to_rounding(n):
    latents, labels = clusters(n, 12, 4)
    # At unit variance: far from it this learning rate overshoots and magnifies rounding.
    latents = (latents - latents.mean(0)) / latents.std(0)
    weight, bias = reference_sgd(latents, labels, 4, seed=5, epochs=3)
    probe = train_sgd(latents, labels, 4, seed=5, epochs=3)
    assert torch.allclose(probe.weight, weight, atol=1e-4)
    assert torch.allclose(probe.bias, bias, atol=1e-4)


def test_sgd_goes_on_where_the_main_thread_has_ended():
    script = """
import threading, torch
from pad_core.evaluation.linear_probe import train_sgd
latents, labels = torch.randn(5_000, 8), torch.randint(3, (5_000,))
def train():
    threading.main_thread().join()
    print(bool(train_sgd(latents, labels, 3, seed=0, epochs=2).weight.isfinite().all()))
threading.Thread(target=train).start()
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr


def test_sgd_depends_on_its_seed_and_not_on_global_state():
    latents, labels = clusters(200, 8, 3)
    torch.manual_seed(1)
    one = train_sgd(latents, labels, 3, seed=0, epochs=2)
    torch.manual_seed(2)
    assert torch.equal(one.weight, train_sgd(latents, labels, 3, seed=0, epochs=2).weight)
    assert not torch.equal(one.weight, train_sgd(latents, labels, 3, seed=1, epochs=2).weight)


def test_sgd_reports_each_epoch_with_a_probe_of_its_own():
    latents, labels = clusters(200, 8, 3)
    seen = []
    final = train_sgd(latents, labels, 3, 0, epochs=3, on_epoch=lambda e, r: seen.append((e, r)))
    assert [epoch for epoch, _ in seen] == [1, 2, 3]
    assert not torch.equal(seen[0][1].weight, seen[1][1].weight)
    assert torch.equal(seen[2][1].weight, final.weight)


@pytest.mark.parametrize("n", [60, 1500, 40_000])  # of 40,000, parts come first
def test_converged_to_the_optimum_finds_the_coefficients_of_scikit_learn(n):
    latents, labels = clusters(n, 10, 3)
    ours = fit_converged(latents, labels, 3, tolerance=1e-9)
    theirs = LogisticRegression(tol=1e-10, max_iter=10_000).fit(latents, labels)
    # A constant added to all classes changes nothing; scikit-learn's bias may carry one.
    weight, bias = ours.weight.numpy(), ours.bias.numpy()
    scale = np.abs(theirs.coef_).max()
    assert np.allclose(
        weight - weight.mean(0), theirs.coef_ - theirs.coef_.mean(0), atol=0.02 * scale
    )
    expected = theirs.intercept_ - theirs.intercept_.mean()
    assert np.allclose(bias - bias.mean(), expected, atol=0.02 * np.abs(expected).max() + 0.01)


@pytest.mark.slow
def test_converged_by_default_is_within_0_3_points_of_scikit_learn():
    train, test = clusters(9_000, 24, 6), clusters(10_000, 24, 6, seed=1)
    theirs = LogisticRegression(max_iter=1_000).fit(*train).score(*test)
    ours = fit_converged(*train, 6).accuracy(*test)
    assert 30 < ours < 95
    assert abs(ours - 100 * theirs) <= 0.3


@pytest.mark.slow
def test_rounded_latents_are_probed_as_well(monkeypatch):
    train, test = clusters(40_000, 24, 6), clusters(10_000, 24, 6, seed=1)
    assert train[0].mean() > 10 * train[0][:, 0].std()  # rounding has to look at what differs
    fits = {}
    for precision in ("fp32", "bf16"):
        monkeypatch.setattr(
            "pad_core.evaluation.linear_probe.choose_precision", lambda device, p=precision: p
        )
        fits[precision] = fit_converged(*train, 6)
    assert not torch.equal(fits["fp32"].weight, fits["bf16"].weight)
    assert abs(fits["fp32"].accuracy(*test) - fits["bf16"].accuracy(*test)) <= 0.3


def test_a_finer_tolerance_gets_latents_that_are_not_rounded(monkeypatch):
    data, fits = clusters(3_000, 8, 3), []
    for precision in ("fp32", "bf16"):
        monkeypatch.setattr(
            "pad_core.evaluation.linear_probe.choose_precision", lambda device, p=precision: p
        )
        fits.append(fit_converged(*data, 3, tolerance=5e-4).weight)
    assert torch.equal(*fits)


def test_two_gaussians_are_told_apart_at_their_bayes_error():
    # Means ±μ, unit covariance: the best classifier errs with probability Φ(−‖μ‖).
    random = torch.Generator().manual_seed(0)
    mean = torch.full((16,), 0.25)  # ‖μ‖ = 1
    labels = torch.randint(2, (40_000,), generator=random)
    latents = torch.randn(40_000, 16, generator=random) + mean * (2.0 * labels - 1)[:, None]
    probe = fit_converged(latents[:20_000], labels[:20_000], 2)
    expected = 100 * norm.cdf(1.0)
    assert probe.accuracy(latents[20_000:], labels[20_000:]) == pytest.approx(expected, abs=0.8)


def test_converged_does_not_care_for_the_order_of_classes():
    latents, labels = clusters(40_000, 10, 4)
    order = labels.argsort()  # data sets that come sorted by class
    test = clusters(5_000, 10, 4, seed=1)
    mixed = fit_converged(latents, labels, 4).accuracy(*test)
    assert fit_converged(latents[order], labels[order], 4).accuracy(*test) == pytest.approx(
        mixed, abs=0.3
    )


def test_converged_reports_iterations_that_lead_to_its_result():
    latents, labels = clusters(3_000, 8, 3)
    seen = []
    final = fit_converged(latents, labels, 3, on_iteration=lambda i, r: seen.append((i, r)))
    assert [i for i, _ in seen] == list(range(1, len(seen) + 1))
    assert torch.equal(seen[-1][1].weight, final.weight)
    assert len(seen) < 30


def test_separable_classes_and_constant_latents_do_no_harm():
    labels = torch.arange(100) % 2
    far = torch.stack([labels * 200.0 - 100.0, torch.zeros(100)], dim=1)
    for probe in (fit_converged(far, labels, 2), train_sgd(far, labels, 2, 0)):
        assert probe.accuracy(far, labels) == 100.0
    flat = fit_converged(torch.ones(90, 5), torch.arange(90) % 3, 3)
    assert torch.allclose(
        flat.probabilities(torch.ones(1, 5)), torch.full((1, 3), 1 / 3), atol=1e-3
    )


def test_probabilities_are_a_softmax_of_scores():
    probe = LinearProbe(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([0.0, math.log(2)]))
    assert torch.allclose(probe.probabilities(torch.zeros(1, 2)), torch.tensor([[1 / 3, 2 / 3]]))
    assert probe.accuracy(torch.tensor([[5.0, 0], [0, 5.0]]), torch.tensor([0, 0])) == 50.0


@pytest.mark.parametrize("fit", [lambda *d: fit_converged(*d), lambda *d: train_sgd(*d, 0)])
def test_wrong_input_is_refused(fit):
    latents, labels = clusters(20, 4, 2)
    with pytest.raises(PadError, match="needs latents"):
        fit(latents, labels[:-1], 2)
    with pytest.raises(PadError, match="needs latents"):
        fit(latents[:0], labels[:0], 2)
    with pytest.raises(PadError, match=r"0\.\.1"):
        fit(latents, labels + 1, 2)
    latents[3, 1] = math.nan
    with pytest.raises(PadError, match="not finite"):
        fit(latents, labels, 2)


def test_latents_too_large_for_a_probe_are_refused():
    random = torch.Generator().manual_seed(0)
    line = torch.randn((500, 1), generator=random) * 1e12 * torch.randn((1, 256), generator=random)
    with pytest.raises(PadError, match="too large for a linear probe; the network .* diverged"):
        fit_converged(line, torch.arange(500) % 10, 10)


def test_the_epochs_of_a_training_end_with_its_probe():
    latents, labels = torch.randn(200, 8), torch.arange(200) % 3
    epochs = list(sgd_epochs(latents, labels, 3, seed=4))
    assert len(epochs) == SGD_EPOCHS
    assert torch.equal(epochs[-1].weight, train_sgd(latents, labels, 3, seed=4).weight)
    assert not torch.equal(epochs[0].weight, epochs[-1].weight)


def test_no_epoch_is_no_training():
    with pytest.raises(PadError, match="1 epoch or more, not 0"):
        train_sgd(torch.randn(9, 2), torch.arange(9) % 3, 3, seed=0, epochs=0)


def test_small_products_keep_to_one_thread_and_leave_others_theirs(monkeypatch):
    latents, labels = clusters(128, 8, 3)
    train_sgd(latents, labels, 3, 0, 1)  # both libraries are loaded
    openblas = ThreadpoolController().select(internal_api="openblas")
    if not len(openblas):
        pytest.skip("neither NumPy nor SciPy has OpenBLAS here")
    used = []

    def watched(batches, n):
        used.append([library["num_threads"] for library in openblas.info()])
        return islice(batches, n)

    monkeypatch.setattr(linear_probe, "islice", watched)
    with openblas.limit(limits=2):
        epochs = sgd_epochs(latents, labels, 3, 0, 2)
        next(epochs)
        between = [library["num_threads"] for library in openblas.info()]
        list(epochs)
    assert used == [[1] * len(openblas)] * 2
    assert between == [2] * len(openblas)
