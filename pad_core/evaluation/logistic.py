"""Multinomial logistic regression by L-BFGS, with few passes over many latents."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from pad_core.errors import PadError
from pad_core.system.randomness import generator

_DIVERGED = "the network that made them has diverged."
NOT_FINITE = f"Some latents are not finite; {_DIVERGED}"
# Nats; bfloat16 allows no finer tolerance. With 50,000 latents of CIFAR-10 in 8 random orders, it
# misjudged the mean loss by up to 0.0021 (at 129 parameters on the way), and the final gradient by
# 0.7 to 1.7 times its length. Tolerances of 1e-3 and 5e-4 took no harm. At 3e-4, one of the 8
# stopped 0.15 above the minimum, 5 points short of its accuracy; at 1e-4, four did.
HALF_FROM = 1e-3
FEWEST_ROWS = 2048  # fewer give no useful start
# A block's latents stay in the cache between their two products, those of pixels, too.
_BLOCK_ROWS, _BLOCK_BYTES = 6144, 6 << 20
_PAIRS = 10  # of past steps and gradients that L-BFGS keeps


class Regression:
    """Penalised multinomial regression, step by step, by L-BFGS (Nocedal & Wright, Alg. 7.4).

    Parameters (K, Z + 1): weights on centred latents, and the bias in the last column.
    """

    def __init__(
        self, latents: torch.Tensor, labels: torch.Tensor, n_classes: int, dtype: torch.dtype
    ) -> None:
        self.labels = labels
        self.penalty = 1.0 / len(labels)
        order = torch.randperm(len(labels), generator=generator(0, "converged read-out"))
        self.order = order.to(latents.device)
        sample = latents[self.order[: 2 * FEWEST_ROWS]].float()
        self.mean = sample.mean(dim=0)
        sample -= self.mean
        # Centred before rounding, so that their common part takes none of the few digits.
        self.centred = torch.empty_like(latents, dtype=dtype)
        self.block = min(_BLOCK_ROWS, max(1, _BLOCK_BYTES // self.centred[:1].nbytes))
        blocks = zip(self.centred.split(self.block), latents.split(self.block), strict=True)
        for centred, block in blocks:
            centred.copy_(block - self.mean)
        identity = torch.eye(latents.shape[1], device=latents.device, dtype=torch.float64)
        bound = 0.5 * (sample.T @ sample).double() / len(sample) + self.penalty * identity
        if not bool(bound.isfinite().all()):
            raise PadError(NOT_FINITE)
        factor, failed = torch.linalg.cholesky_ex(bound)
        if int(failed):  # latents so large that rounding loses the penalty
            raise PadError(f"Some latents are too large for a linear probe; {_DIVERGED}")
        self.metric = torch.cholesky_inverse(factor).float()
        self.parameters = self.mean.new_zeros((n_classes, latents.shape[1] + 1))
        self.pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.loss: float | None = None
        self.gradient = self.parameters

    def coefficients(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Weights (K, Z) and biases (K,) in the latents' own coordinates."""
        weight = self.parameters[:, :-1].clone()
        return weight, self.parameters[:, -1] - weight @ self.mean

    def minimise(self, rows: int, tolerance: float, most: int) -> Iterator[None]:
        """Iterate with the first ``rows`` latents of a random order, or with all of them."""
        self.loss = None  # losses are comparable on the same latents only
        x, t = self.centred, self.labels
        if rows < len(t):
            x, t = x[self.order[:rows]], t[self.order[:rows]]
        for _ in range(most):
            near = self.step(x, t, tolerance)
            yield
            if near:
                return

    def step(self, latents: torch.Tensor, labels: torch.Tensor, tolerance: float) -> bool:
        """One iteration; returns whether it is the last one with these latents.

        It is the last if the mean loss is estimated to be within ``tolerance`` of its minimum. The
        step is then taken, but not evaluated, which would cost as much again.
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
        weight, bias = parameters[:, :-1].contiguous(), parameters[:, -1:]
        rounded = weight.to(latents.dtype)
        loss = torch.zeros((), dtype=torch.float64, device=latents.device)
        by_weight, by_bias = torch.zeros_like(weight), torch.zeros_like(bias[:, 0])
        for x, t in zip(latents.split(self.block), labels.split(self.block), strict=True):
            # (K, rows): over few classes, a softmax is fastest across the first axis.
            p = torch.mm(rounded, x.T).float().add_(bias).softmax(dim=0)
            target = t[None]
            right = p.gather(0, target)
            loss -= right.clamp_min(1e-30).log().sum()
            p.scatter_(0, target, right - 1.0)
            by_weight += torch.mm(p.to(x.dtype), x)
            by_bias += p.sum(dim=1)
        n = len(labels)
        by_weight = by_weight / n + self.penalty * weight
        value = float(loss) / n + 0.5 * self.penalty * float(weight.square().sum())
        return value, torch.cat([by_weight, by_bias[:, None] / n], dim=1)

    def _bounded(self, gradient: torch.Tensor) -> torch.Tensor:
        """The gradient times the inverse of the Hessian's bound."""
        # The bias is the weight of an input that is always 1: its bound is ½.
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
        if self.pairs:  # the bound is several times too large, so the last step scales it
            change, turn = self.pairs[-1]
            direction *= (change * turn).sum() / (turn * self._bounded(turn)).sum()
        for (change, turn), share in zip(self.pairs, reversed(shares), strict=True):
            direction += change * (share - (turn * direction).sum() / (change * turn).sum())
        return direction
