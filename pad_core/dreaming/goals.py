"""What a dream is to become, as a number of each picture that an ascent makes larger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch.nn import functional as F

from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.reader import Reader
from pad_core.errors import PadError
from pad_core.evaluation.formulas import principal_components
from pad_core.model.networks import LATENT_SIZE

N_COMPONENTS = 16  # principal ones that can be goals
INDEXED = {"class": "the probe's class", "unit": "a unit of z", "component": "a component of z"}
OF_D = ("real", "unreal")
KINDS = (*INDEXED, *OF_D, "picture")


class Seen(NamedTuple):
    """Pictures and what the encoder makes of them.

    images: (B, 3, H, W) in [−1, 1]; encoded: E_z, (B·P, Z), and logits: of d, (B·P,), where an
    image larger than 32×32 is looked at in P places.
    """

    images: torch.Tensor
    encoded: torch.Tensor
    logits: torch.Tensor


Objective = Callable[[Seen], torch.Tensor]
"""What an ascent makes larger: of B pictures seen (B,), or (B·P,) of their places."""


@dataclass(frozen=True)
class Goal:
    """One of KINDS, written 'class:3', 'unit:17', 'component:0', 'real', 'unreal' or 'picture'.

    index: of the class, the unit or the principal component, from 0; 0 for the others.
    """

    kind: str
    index: int = 0

    @classmethod
    def parse(cls, text: str) -> Goal:
        """The goal that a text names; PadError for any other text."""
        kind, colon, index = text.partition(":")
        right = kind in INDEXED and index.isascii() and index.isdigit() and len(index) < 6
        if right or (kind in KINDS and kind not in INDEXED and not colon):
            return cls(kind, int(index or 0))
        raise PadError(
            f"A goal is class:K, unit:K or component:K with a number K from 0, real, unreal or "
            f"picture, not {text[:40]!r}."
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.index}" if self.kind in INDEXED else self.kind

    def name(self, class_names: tuple[str, ...]) -> str:
        """What people call it: 'cat', 'unit 17', 'component 1' (from 1), 'higher d', 'lower d'."""
        if self.kind == "class" and self.index < len(class_names):
            return class_names[self.index]
        names = {
            "real": "higher d",
            "unreal": "lower d",
            "component": f"component {self.index + 1}",
            "picture": "the picture",
        }
        return names.get(self.kind, f"{self.kind} {self.index}")


def is_learnt(network: PadNetwork, goal: Goal) -> bool:
    """Whether the network learnt what a goal is of: *d* is as at first where no loss trains it."""
    return goal.kind not in OF_D or network.condition.trains_discriminator


def check_learnt(network: PadNetwork, goal: Goal) -> None:
    """PadError where the goal is of a *d* that the network never trained."""
    if not is_learnt(network, goal):
        raise PadError(f"{network.name} never trained d: no dream can be steered by it.")


def objective(reader: Reader, goal: Goal, picture: torch.Tensor | None = None) -> Objective:
    """What a goal means to a network.

    A class: its log-odds by the probe, log p/(1 − p), in nats. d: its log-odds, or minus these;
    log-odds never saturate, as probabilities do. A unit of z, or a
    principal component of the stored memories: its value, in standard deviations of the memories
    off their mean. A picture: ``likeness``.

    Args:
        picture: to look like, (3, 32, 32) in [−1, 1].

    Raises:
        PadError: a class, unit, component or picture that there isn't.
    """
    _check(reader, goal)
    if goal.kind == "picture":
        if picture is None:
            raise PadError("There is no picture to look like; choose one.")
        return likeness(picture)
    if goal.kind == "class":
        return lambda seen: log_odds(reader.probe.scores(seen.encoded), goal.index)
    if goal.kind == "real":
        return lambda seen: seen.logits
    if goal.kind == "unreal":
        return lambda seen: -seen.logits
    towards = direction(reader, goal).to(reader.memories.dtype)
    activities = reader.memories @ towards
    mean, sd = activities.mean(), activities.std().clamp_min(1e-6)
    return lambda seen: (seen.encoded @ towards - mean) / sd


def log_odds(scores: torch.Tensor, index: int) -> torch.Tensor:
    """log p/(1 − p) of one class after a softmax: scores (B, K) → (B,), in nats."""
    others = [k for k in range(scores.shape[1]) if k != index]
    return scores[:, index] - scores[:, others].logsumexp(dim=1)


def direction(reader: Reader, goal: Goal) -> torch.Tensor:
    """The unit vector of latent space that a unit or a component is, (Z,).

    Raises:
        PadError: fewer memories than components.
    """
    if goal.kind == "unit":
        return F.one_hot(torch.tensor(goal.index), LATENT_SIZE).float()
    found = principal_components(reader.memories, goal.index + 1).components[goal.index]
    return torch.from_numpy(found).float()


def likeness(target: torch.Tensor) -> Objective:
    """To look like a picture: minus the mean squared difference of pixels.

    Args:
        target: (3, H, W), or one for each picture, (B, 3, H, W), in [−1, 1].
    """
    return lambda seen: -(seen.images - target).square().mean(dim=(1, 2, 3))


def same_encoding(codes: torch.Tensor, unit: float) -> Objective:
    """To have given codes (B, Z): minus the distance from them, in the unit of distances."""
    # The root has no gradient at 0, which an ascent may reach.
    return lambda seen: -((seen.encoded - codes).square().sum(dim=1) + 1e-12).sqrt() / unit


def _check(reader: Reader, goal: Goal) -> None:
    if goal.kind not in KINDS:
        raise PadError(f"A goal is one of {', '.join(KINDS)}, not {goal.kind!r}.")
    sizes = {
        "class": len(reader.network.class_names),
        "unit": LATENT_SIZE,
        "component": N_COMPONENTS,
    }
    most = sizes.get(goal.kind, 1)
    if not 0 <= goal.index < most:
        raise PadError(
            f"There is no {goal.kind} {goal.index}: {reader.network.path.name} has {most} of "
            f"them, counted from 0."
        )
    if goal.kind == "class" and most < 2:
        raise PadError("This network's images have no classes to steer toward; choose d or a unit.")
