"""Linear read-outs of the latent space: how linearly separable are the classes?

Two measures, never to be confused. The paper's protocol (§4.4.1) stops a noisy SGD after
20 epochs; a converged logistic regression has no such noise and reads out more. What is
compared with the paper uses the former; what has to be live uses the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from pad_core.errors import PadError
from pad_core.randomness import generator

SGD_EPOCHS = 20
SGD_BATCH_SIZE = 64
SGD_LEARNING_RATE = 0.2
PAPER = "paper's protocol"
CONVERGED = "converged logistic regression"


@dataclass(frozen=True)
class Readout:
    """A linear classifier y = Wz + b on frozen latents.

    weight: (K, Z); bias: (K,). The paper writes y = Wz; its published code has a bias.
    """

    weight: torch.Tensor
    bias: torch.Tensor

    def scores(self, latents: torch.Tensor) -> torch.Tensor:
        """Class activities y before the softmax: (N, Z) → (N, K)."""
        return torch.addmm(self.bias, latents, self.weight.T)

    def probabilities(self, latents: torch.Tensor) -> torch.Tensor:
        """Softmax of the scores (Eq. 10): (N, Z) → (N, K)."""
        return self.scores(latents).softmax(dim=1)

    def predict(self, latents: torch.Tensor) -> torch.Tensor:
        """Index of the most active class: (N, Z) → (N,)."""
        return self.scores(latents).argmax(dim=1)

    def accuracy(self, latents: torch.Tensor, labels: torch.Tensor) -> float:
        """Share of right predictions, in percent."""
        return 100.0 * (self.predict(latents) == labels).double().mean().item()


Progress = Callable[[int, Readout], None]


def train_sgd(
    latents: torch.Tensor,
    labels: torch.Tensor,
    n_classes: int,
    seed: int,
    epochs: int = SGD_EPOCHS,
    on_epoch: Progress | None = None,
) -> Readout:
    """The paper's read-out: mini-batch SGD on the cross-entropy (§4.4.1, Eqs. 9–10).

    Args:
        latents: (N, Z) of the training images.
        labels: (N,) in 0..n_classes − 1.
        seed: of the initial weights and of the order of samples.
        on_epoch: called with the epoch (from 1) and the read-out so far.
    """
    readout = None
    for epoch, readout in enumerate(sgd_epochs(latents, labels, n_classes, seed, epochs), start=1):
        if on_epoch is not None:
            on_epoch(epoch, readout)
    if readout is None:
        raise PadError(f"A read-out is trained for 1 epoch or more, not {epochs}.")
    return readout


def sgd_epochs(
    latents: torch.Tensor, labels: torch.Tensor, n_classes: int, seed: int, epochs: int = SGD_EPOCHS
) -> Iterator[Readout]:
    """``train_sgd`` an epoch at a time, the read-out after each; for those who watch it learn.

    The last partial batch of an epoch is dropped, as in the published code: its step would be
    as large as the others on a few samples (16 of 50,000 images: at epoch 1 of a network, that
    alone took the accuracy from 35 to 21 %). A step is so small that bookkeeping would be
    all the time there is: the gradient is written out, in numpy, on the CPU whatever the
    latents' device, with samples along the last axis, where a softmax over few classes is
    fastest.
    """
    _check(latents, labels, n_classes)
    n, size = latents.shape
    random = generator(seed, "readout")
    bound = size**-0.5
    initial = torch.empty((n_classes, size + 1)).uniform_(-bound, bound, generator=random).numpy()
    weight, bias = initial[:, :-1].copy(), initial[:, -1:].copy()
    inputs = np.ascontiguousarray(latents.detach().float().cpu().numpy())
    targets = labels.cpu().numpy()
    column = np.arange(SGD_BATCH_SIZE)
    for _ in range(epochs):
        order = torch.randperm(n, generator=random).numpy()
        ordered = targets[order]
        for start in range(0, n - n % SGD_BATCH_SIZE or n, SGD_BATCH_SIZE):
            x = inputs.take(order[start : start + SGD_BATCH_SIZE], axis=0)
            error = np.dot(weight, x.T)
            error += bias
            error -= error.max(axis=0)
            np.exp(error, out=error)
            error /= error.sum(axis=0)
            error[ordered[start : start + SGD_BATCH_SIZE], column[: len(x)]] -= 1.0
            error *= SGD_LEARNING_RATE / len(x)
            weight -= np.dot(error, x)
            bias -= error.sum(axis=1, keepdims=True)
        yield _finite(_readout(weight, bias, latents.device))


def fit_converged(
    latents: torch.Tensor,
    labels: torch.Tensor,
    n_classes: int,
    tolerance: float = 1e-3,
    max_iterations: int = 200,
    on_iteration: Progress | None = None,
) -> Readout:
    """Multinomial logistic regression, run until it has converged.

    Minimises Σ cross-entropy + ½‖W‖², which is scikit-learn's LogisticRegression at C = 1, by
    L-BFGS. Its first metric is the Hessian's upper bound ½XᵀX (Böhning 1992), with which few
    iterations are needed; of many latents, a random eighth comes first, so that fewer still
    see all of them. On 50,000 latents that takes about a quarter of ``train_sgd``'s time: six
    passes over them, each a product with ten columns, which no processor likes.

    Args:
        latents: (N, Z); labels: (N,) in 0..n_classes − 1.
        tolerance: stop when the mean loss is estimated to be within this many nats of its
            minimum. At the default, the accuracies of two encoders on CIFAR-10 were within 0.15
            points of those at 1e-6.
        max_iterations: at most so many with all latents.
        on_iteration: called with the iteration (from 1) and the read-out so far.
    """
    _check(latents, labels, n_classes)
    n = len(labels)
    order = torch.randperm(n, generator=generator(0, "converged read-out")).to(latents.device)
    sizes = [n // 8, n] if n // 8 >= _FEWEST_ROWS else [n]
    fit = _Regression(latents.float(), labels, n_classes, order[: 2 * _FEWEST_ROWS])
    iteration = 0
    for rows in sizes:
        fit.loss = None  # losses are compared on the same latents only
        x, t = fit.latents, fit.labels
        if rows < n:
            x, t = x[order[:rows]], t[order[:rows]]
        for _ in range(max_iterations):
            near = fit.step(x, t, tolerance)
            iteration += 1
            if on_iteration is not None:
                on_iteration(iteration, fit.readout())
            if near:
                break
    return _finite(fit.readout())


_DIVERGED = "the network that made them has diverged."
_NOT_FINITE = f"Some latents are not finite; {_DIVERGED}"
_FEWEST_ROWS = 2048  # that give a useful start
_BLOCK_ROWS = 2048  # latents of a block stay in the cache between their two products
_PAIRS = 10  # of past steps and gradients that L-BFGS keeps


class _Regression:
    """Penalised multinomial regression in the making, by L-BFGS (Nocedal & Wright, Alg. 7.4).

    Parameters (K, Z + 1): weights on centred latents, and the bias in the last column.
    """

    def __init__(
        self, latents: torch.Tensor, labels: torch.Tensor, n_classes: int, first: torch.Tensor
    ) -> None:
        self.latents, self.labels = latents, labels
        self.penalty = 1.0 / len(labels)
        sample = latents[first]
        self.mean = sample.mean(dim=0)
        sample = sample - self.mean
        identity = torch.eye(latents.shape[1], device=latents.device, dtype=torch.float64)
        bound = 0.5 * (sample.T @ sample).double() / len(sample) + self.penalty * identity
        if not bool(bound.isfinite().all()):
            raise PadError(_NOT_FINITE)
        factor, failed = torch.linalg.cholesky_ex(bound)
        if int(failed):  # so large that the penalty is lost in rounding
            raise PadError(f"Some latents are too large to be read out; {_DIVERGED}")
        self.metric = torch.cholesky_inverse(factor).float()
        self.parameters = latents.new_zeros((n_classes, latents.shape[1] + 1))
        self.pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.loss: float | None = None
        self.gradient = self.parameters

    def readout(self) -> Readout:
        """The classifier in the latents' own coordinates."""
        weight = self.parameters[:, :-1].clone()
        return Readout(weight, self.parameters[:, -1] - weight @ self.mean)

    def step(self, latents: torch.Tensor, labels: torch.Tensor, tolerance: float) -> bool:
        """One iteration; true for the last one with these latents.

        That is when the mean loss is estimated to be within ``tolerance`` of its minimum: the
        step is then taken without looking at where it led, which would cost as much again.
        """
        if self.loss is None:
            self.loss, self.gradient = self._objective(self.parameters, latents, labels)
        direction = self._direction(self.gradient)
        if 0.5 * float((self.gradient * direction).sum()) < tolerance:
            self.parameters = self.parameters - direction
            return True
        for _ in range(30):
            parameters = self.parameters - direction
            loss, gradient = self._objective(parameters, latents, labels)
            if loss <= self.loss + 1e-6 * abs(self.loss):
                break
            direction = direction / 2
            self.pairs.clear()
        change, turn = parameters - self.parameters, gradient - self.gradient
        if float((change * turn).sum()) > 0:
            self.pairs = [*self.pairs[1 - _PAIRS :], (change, turn)]
        self.parameters, self.loss, self.gradient = parameters, loss, gradient
        return False

    def _objective(
        self, parameters: torch.Tensor, latents: torch.Tensor, labels: torch.Tensor
    ) -> tuple[float, torch.Tensor]:
        """Mean cross-entropy plus penalty, and its gradient (K, Z + 1)."""
        weight, bias = parameters[:, :-1].contiguous(), parameters[:, -1]
        bias = (bias - weight @ self.mean)[:, None]
        loss = torch.zeros((), dtype=torch.float64, device=latents.device)
        by_weight, by_bias = torch.zeros_like(weight), torch.zeros_like(bias[:, 0])
        for x, t in zip(latents.split(_BLOCK_ROWS), labels.split(_BLOCK_ROWS), strict=True):
            # (K, rows): a softmax over few classes is fastest across the first axis.
            p = torch.mm(x, weight.T).T.contiguous().add_(bias).softmax(dim=0)
            target = t[None]
            right = p.gather(0, target)
            loss -= right.clamp_min(1e-30).log().sum()
            p.scatter_(0, target, right - 1.0)
            by_weight.addmm_(p, x)
            by_bias += p.sum(dim=1)
        n = len(labels)
        by_weight = (by_weight - by_bias[:, None] * self.mean) / n + self.penalty * weight
        value = float(loss) / n + 0.5 * self.penalty * float(weight.square().sum())
        return value, torch.cat([by_weight, by_bias[:, None] / n], dim=1)

    def _bounded(self, gradient: torch.Tensor) -> torch.Tensor:
        """The gradient times the inverse of the Hessian's bound."""
        # The bound for the bias is ½, that of an input that is always 1.
        return torch.cat([gradient[:, :-1] @ self.metric, 2.0 * gradient[:, -1:]], dim=1)

    def _direction(self, gradient: torch.Tensor) -> torch.Tensor:
        """The gradient times the estimated inverse Hessian, by the two-loop recursion."""
        direction = gradient.clone()
        shares = []
        for change, turn in reversed(self.pairs):
            share = (change * direction).sum() / (change * turn).sum()
            shares.append(share)
            direction -= share * turn
        direction = self._bounded(direction)
        if self.pairs:  # the bound is several times too large: scaled by the last step taken
            change, turn = self.pairs[-1]
            direction *= (change * turn).sum() / (turn * self._bounded(turn)).sum()
        for (change, turn), share in zip(self.pairs, reversed(shares), strict=True):
            direction += change * (share - (turn * direction).sum() / (change * turn).sum())
        return direction


def _check(latents: torch.Tensor, labels: torch.Tensor, n_classes: int) -> None:
    if latents.ndim != 2 or labels.shape != latents.shape[:1] or len(labels) == 0:
        raise PadError(
            f"A read-out needs latents (N, Z) and labels (N,) with N ≥ 1, not "
            f"{tuple(latents.shape)} and {tuple(labels.shape)}."
        )
    if int(labels.min()) < 0 or int(labels.max()) >= n_classes:
        raise PadError(f"Labels must lie in 0..{n_classes - 1} for {n_classes} classes.")


def _finite(readout: Readout) -> Readout:
    # Asked of the result, not of the latents: that would take as long as an iteration.
    if not bool(readout.weight.isfinite().all()):
        raise PadError(_NOT_FINITE)
    return readout


def _readout(weight: np.ndarray, bias: np.ndarray, device: torch.device) -> Readout:
    weights = torch.from_numpy(weight.copy()).to(device)
    return Readout(weights, torch.from_numpy(bias[:, 0].copy()).to(device))
