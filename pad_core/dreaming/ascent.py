"""Gradient ascent, a step at a time: what is sought can be watched, stopped and branched.

A step is data that holds all that the next one needs. To go back is to take an earlier step; to
branch is to go on from it toward something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from pad_core.dreaming.goals import Objective, Seen

_BETAS, _EPSILON = (0.9, 0.999), 1e-8

See = Callable[[torch.Tensor], Seen]
"""From parameters (B, …) to pictures and what the encoder makes of them, with gradients."""
Cost = Callable[[torch.Tensor], torch.Tensor]
"""From parameters (B, …) to what they cost, (B,)."""


@dataclass(frozen=True)
class State:
    """Where an ascent of B pictures stands: parameters (B, …), Adam's moments of the same
    shape, and how many steps it has taken since it began."""

    parameters: torch.Tensor
    first: torch.Tensor
    second: torch.Tensor
    number: int = 0

    @classmethod
    def start(cls, parameters: torch.Tensor) -> State:
        """Before the first step."""
        still = torch.zeros_like(parameters)
        return cls(parameters.detach(), still, still)

    def moved(self, gradient: torch.Tensor, rate: float) -> State:
        """One step of Adam up a gradient (Kingma & Ba 2015, Algorithm 1)."""
        n = self.number + 1
        first = _BETAS[0] * self.first + (1 - _BETAS[0]) * gradient
        second = _BETAS[1] * self.second + (1 - _BETAS[1]) * gradient.square()
        mean, square = first / (1 - _BETAS[0] ** n), second / (1 - _BETAS[1] ** n)
        return State(self.parameters + rate * mean / (square.sqrt() + _EPSILON), first, second, n)


@dataclass(frozen=True)
class Step:
    """What an ascent of B pictures has come to.

    state: where it stands; seen: the pictures, without gradients; value: of the objective, and
    cost: of the parameters before it is weighed, (B,) each.
    """

    state: State
    seen: Seen
    value: torch.Tensor
    cost: torch.Tensor

    @property
    def number(self) -> int:
        """Steps taken since the ascent began."""
        return self.state.number

    @property
    def realness(self) -> torch.Tensor:
        """d of each picture, 0 to 1, the mean over its places: (B,)."""
        return _of_pictures(self.seen.logits.sigmoid(), len(self.seen.images))


def ascend(
    state: State,
    see: See,
    objective: Objective,
    rate: float,
    cost: Cost | None = None,
    weight: float = 0.0,
    glance: Callable[[int], See] | None = None,
) -> Iterator[Step]:
    """Climb objective − weight · cost for ever, each picture by itself; the start comes first.

    Args:
        rate: of Adam: about how far a parameter moves in a step.
        cost, weight: of the parameters; without a cost it is 0.
        glance: by a step's number, another way of seeing that gives the gradient alone, such as
            a jittered one. What steps tell is seen by ``see``.
    """
    while True:
        parameters = state.parameters.clone().requires_grad_()
        seen = see(parameters)
        value = _of_pictures(objective(seen), len(seen.images))
        price = cost(parameters) if cost else torch.zeros(len(parameters))
        yield Step(state, Seen(*(part.detach() for part in seen)), value.detach(), price.detach())
        if glance is not None:
            glimpse = glance(state.number)(parameters)
            value = _of_pictures(objective(glimpse), len(glimpse.images))
        gained = (value - weight * price).sum()
        (gradient,) = torch.autograd.grad(gained, parameters)
        state = state.moved(gradient, rate)


def _of_pictures(values: torch.Tensor, n: int) -> torch.Tensor:
    """Values of places (B·P,) as the pictures' means, (B,)."""
    return values.reshape(n, -1).mean(dim=1)
