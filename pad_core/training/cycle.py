"""The trainer: networks, optimisers, hippocampus and random streams that live cycle by cycle."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Any

import torch

from pad_core.checkpoint.training_config import Recipe
from pad_core.errors import PadError
from pad_core.model import phases
from pad_core.model.condition import Phase
from pad_core.model.hippocampus import Hippocampus
from pad_core.model.networks import LATENT_SIZE, Networks, build_networks
from pad_core.model.perturbation import perturb
from pad_core.system.malloc import keep_freed_memory
from pad_core.system.randomness import Streams
from pad_core.training.cuda_graph import GraphedCycle
from pad_core.training.optimiser import ChannelsLastAdam, in_memory_order, in_shape_order

Tensors = dict[str, torch.Tensor]


class Trainer:
    """Networks, optimisers, hippocampus and random streams of one run."""

    def __init__(self, recipe: Recipe, device: torch.device | str = "cpu") -> None:
        self.recipe = recipe
        self.device = torch.device(device)
        self.networks = build_networks(recipe.seed)
        for network in self.networks:
            network.to(self.device).to(memory_format=torch.channels_last)
        self.hippocampus = Hippocampus(recipe.condition.hippocampus)
        self.streams = Streams(recipe.seed, self.device)
        self.optimisers = {
            name: ChannelsLastAdam(network, recipe.learning_rate, (recipe.beta1, recipe.beta2))
            for name, network in self.networks._asdict().items()
        }

    @property
    def losses(self) -> tuple[str, ...]:
        """Names of the losses that are optimised, in the condition's order."""
        weights, lived = self.recipe.condition.loss_weights, self.recipe.condition.phases
        present = {name for phase in lived for name in phases.LOSSES[phase]}
        return tuple(name for name, weight in weights.items() if weight > 0 and name in present)

    def cycle(self, images: torch.Tensor) -> phases.Losses:
        """Live through one wake-sleep cycle with a mini-batch, learning in each phase.

        A phase whose losses all have weight 0 is computed, too, but trains nothing.

        Args:
            images: (B, 3, 32, 32) in [−1, 1].

        Returns:
            The unweighted losses that are optimised, detached. A phase that occurs several times
            gives their means.
        """
        named: dict[str, list[torch.Tensor]] = {}
        condition = self.recipe.condition
        weights = condition.loss_weights
        for place, phase in enumerate(condition.phases):
            with self._autocast():
                losses = self._live(phase, images, first=place == 0)
            live = {name: loss for name, loss in losses.items() if weights[name] > 0}
            if not live:
                continue
            total = torch.stack([weights[name] * loss for name, loss in live.items()]).sum()
            for optimiser in self.optimisers.values():
                optimiser.zero_grad(set_to_none=not self.recipe.adam_coasts)
            total.backward()
            for name in phases.LEARNS[phase]:
                self.optimisers[name].learning_rate = self.recipe.learning_rate * condition.rate(
                    phase
                )
                self.optimisers[name].step()
            for name, loss in live.items():
                named.setdefault(name, []).append(loss.detach())
        return {
            name: torch.stack(found).mean() if len(found) > 1 else found[0]
            for name, found in named.items()
        }

    def fastest(
        self, cycle: Callable[[torch.Tensor], phases.Losses]
    ) -> Callable[[torch.Tensor], phases.Losses]:
        """The fastest way to run many cycles: ``cycle`` itself, or a wrapper of it.

        On CUDA it becomes one graph; ``restore`` must not be called after that. On a CPU this
        process then keeps the memory that a cycle frees.

        Args:
            cycle: takes a mini-batch, computes on this trainer's device and never waits for it.
        """
        if self.device.type == "cpu":
            keep_freed_memory()
        if self.device.type != "cuda":
            return cycle
        optimisers = list(self.optimisers.values())
        return GraphedCycle(cycle, self.hippocampus, optimisers, self.streams.used)

    def _live(self, phase: Phase, images: torch.Tensor, first: bool) -> phases.Losses:
        """A phase's losses; first: whether the images are new to the hippocampus."""
        condition = self.recipe.condition
        if phase == "wake":
            losses, latents = phases.wake(self.networks, images, self._wake_noise(len(images)))
            (self.hippocampus.store if first else self.hippocampus.refresh)(latents)
            return losses
        if phase == "rem":
            recalled = self._recall(condition.rem_replay == "mixed", "rem noise")
            return phases.rem(self.networks, recalled)
        learnt_here = condition.contrast_phase == phase
        push_apart = phases.contrastive_loss(condition) if learnt_here else None
        if phase == "nrem":
            replayed = self._recall(condition.nrem_replay == "mixed", "nrem noise")
            return phases.nrem(self.networks, replayed, self._perturb, push_apart)
        assert push_apart is not None, "a condition with this phase has the loss"
        return phases.contrast(self.networks, self.hippocampus.replay(), self._perturb, push_apart)

    def _perturb(self, dreams: torch.Tensor) -> torch.Tensor:
        condition = self.recipe.condition
        random = self.streams["nrem mask"]
        return perturb(dreams, condition.perturbation, condition.perturbation_strength, random)

    def _wake_noise(self, n: int) -> torch.Tensor | None:
        variance = self.recipe.condition.wake_noise_variance
        if variance == 0:
            return None
        random = self.streams["wake noise"]
        noise = torch.randn((n, LATENT_SIZE), generator=random, device=self.device)
        return noise * math.sqrt(variance)

    def _recall(self, mixed: bool, stream: str) -> torch.Tensor:
        if not mixed:
            return self.hippocampus.replay()
        condition = self.recipe.condition
        return self.hippocampus.replay_mixed(
            condition.mixture, self.streams[stream], condition.recollection
        )

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        enabled = self.recipe.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)

    def check_finite(self) -> None:
        """PadError if a weight is no longer finite, because all later epochs would be lost."""
        for part, network in self.networks._asdict().items():
            for name, weight in network.named_parameters():
                if not bool(weight.isfinite().all()):
                    raise PadError(f"The weights {part}.{name} are no longer finite; {DIVERGED}")

    def state(self) -> Tensors:
        """Everything that decides how the run continues, as named tensors."""
        tensors: Tensors = {}
        for part, network in self.networks._asdict().items():
            names = [name for name, _ in network.named_parameters()]
            tensors |= {f"{part}.{k}": v for k, v in network.state_dict().items()}
            for index, values in self.optimisers[part].state_dict()["state"].items():
                prefix = f"adam.{part}.{names[index]}."
                tensors |= {prefix + k: in_shape_order(v) for k, v in values.items()}
        tensors |= {f"stream.{name}": value for name, value in self.streams.state().items()}
        # With a span above 1, older memories have numbers; a state holds no tensor twice.
        for age, latents in enumerate(self.hippocampus.kept()):
            tensors[_memory_key(age)] = latents.clone() if age else latents
        return tensors

    def restore(self, tensors: Tensors) -> None:
        """Continue from ``state()``; PadError if it comes from another kind of device."""
        restore_weights(self.networks, tensors)
        try:
            for part, network in self.networks._asdict().items():
                self._restore_optimiser(part, network, tensors)
            prefix = "stream."
            self.streams.restore(
                {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
            )
        except (KeyError, RuntimeError, TypeError) as error:
            raise PadError(f"the saved optimisers or random streams don't fit ({error}).") from None
        ages = range(self.recipe.condition.hippocampus)
        stored = [tensors[key] for age in ages if (key := _memory_key(age)) in tensors]
        for latents in stored:
            if latents.shape != (self.recipe.batch_size, LATENT_SIZE):
                raise PadError(f"the stored latents have shape {tuple(latents.shape)}.")
        if stored:
            self.hippocampus.restore([latents.to(self.device) for latents in stored])

    def _restore_optimiser(self, part: str, network: torch.nn.Module, tensors: Tensors) -> None:
        optimiser = self.optimisers[part]
        saved = optimiser.state_dict()
        saved["state"] = {
            index: {
                "step": tensors[f"adam.{part}.{name}.step"],
                **{
                    key: in_memory_order(
                        torch.empty_like(parameter).copy_(tensors[f"adam.{part}.{name}.{key}"])
                    )
                    for key in ("exp_avg", "exp_avg_sq")
                },
            }
            for index, (name, parameter) in enumerate(network.named_parameters())
            if f"adam.{part}.{name}.step" in tensors
        }
        optimiser.load_state_dict(saved)


def _memory_key(age: int) -> str:
    return f"hippocampus.{age}" if age else "hippocampus"


DIVERGED = "the run has diverged: train in another run folder with lower learning rates."


def restore_weights(networks: Networks, tensors: Tensors) -> None:
    """Load the weights of a run's state into networks; PadError if they don't fit."""
    for part, network in networks._asdict().items():
        try:
            network.load_state_dict({k: tensors[f"{part}.{k}"] for k in network.state_dict()})
        except (KeyError, RuntimeError) as error:
            raise PadError(
                f"the saved weights don't fit ({' '.join(str(error).split())})."
            ) from None
