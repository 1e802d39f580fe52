"""One wake-sleep cycle after the other: networks, optimisers, hippocampus, random streams."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Any

import torch

from pad_core.errors import PadError
from pad_core.model import phases
from pad_core.model.condition import Phase
from pad_core.model.hippocampus import Hippocampus
from pad_core.model.networks import LATENT_SIZE, Networks, build_networks
from pad_core.model.occlusion import draw_nrem_mask
from pad_core.system.malloc import keep_freed_memory
from pad_core.system.randomness import Streams
from pad_core.training.config import Recipe
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
        self.hippocampus = Hippocampus()
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

        A phase whose losses all have weight 0 is lived through, too, but teaches nothing.

        Args:
            images: (B, 3, 32, 32) in [−1, 1].

        Returns:
            The unweighted losses that are optimised, detached.
        """
        named: phases.Losses = {}
        weights = self.recipe.condition.loss_weights
        for phase in self.recipe.condition.phases:
            with self._autocast():
                losses = self._live(phase, images)
            live = {name: loss for name, loss in losses.items() if weights[name] > 0}
            if not live:
                continue
            total = torch.stack([weights[name] * loss for name, loss in live.items()]).sum()
            for optimiser in self.optimisers.values():
                optimiser.zero_grad(set_to_none=not self.recipe.adam_coasts)
            total.backward()
            for name in phases.LEARNS[phase]:
                self.optimisers[name].step()
            named |= {name: loss.detach() for name, loss in live.items()}
        return named

    def fastest(
        self, cycle: Callable[[torch.Tensor], phases.Losses]
    ) -> Callable[[torch.Tensor], phases.Losses]:
        """A way to live through many cycles: ``cycle``, or something around it.

        On CUDA it becomes one graph, after which there must be no ``restore`` any more; on a CPU
        this process keeps the memory that a cycle frees.

        Args:
            cycle: takes a mini-batch, computes on this trainer's device and never waits for it.
        """
        if self.device.type == "cpu":
            keep_freed_memory()
        if self.device.type != "cuda":
            return cycle
        optimisers = list(self.optimisers.values())
        return GraphedCycle(cycle, self.hippocampus, optimisers, self.streams.used)

    def _live(self, phase: Phase, images: torch.Tensor) -> phases.Losses:
        condition = self.recipe.condition
        if phase == "wake":
            losses, latents = phases.wake(self.networks, images, self._wake_noise(len(images)))
            self.hippocampus.store(latents)
            return losses
        if phase == "nrem":
            mask = draw_nrem_mask(self.streams["nrem mask"], self.device)
            replayed = self._recall(condition.nrem_replay == "mixed", "nrem noise")
            return phases.nrem(self.networks, replayed, mask)
        recalled = self._recall(condition.rem_replay == "mixed", "rem noise")
        return phases.rem(self.networks, recalled)

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
        return self.hippocampus.replay_mixed(self.recipe.condition.mixture, self.streams[stream])

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        enabled = self.recipe.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)

    def check_finite(self) -> None:
        """PadError where a weight is no longer finite: every later epoch would be lost."""
        for part, network in self.networks._asdict().items():
            for name, weight in network.named_parameters():
                if not bool(weight.isfinite().all()):
                    raise PadError(f"The weights {part}.{name} are no longer finite; {DIVERGED}")

    def state(self) -> Tensors:
        """Everything that decides how the run goes on, as named tensors."""
        tensors: Tensors = {}
        for part, network in self.networks._asdict().items():
            names = [name for name, _ in network.named_parameters()]
            tensors |= {f"{part}.{k}": v for k, v in network.state_dict().items()}
            for index, values in self.optimisers[part].state_dict()["state"].items():
                prefix = f"adam.{part}.{names[index]}."
                tensors |= {prefix + k: in_shape_order(v) for k, v in values.items()}
        tensors |= {f"stream.{name}": value for name, value in self.streams.state().items()}
        if self.hippocampus.current is not None:
            tensors["hippocampus"] = self.hippocampus.current
        return tensors

    def restore(self, tensors: Tensors) -> None:
        """Go on from ``state()``; PadError where it isn't one of this kind of device."""
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
        if (stored := tensors.get("hippocampus")) is not None:
            if stored.shape != (self.recipe.batch_size, LATENT_SIZE):
                raise PadError(f"the stored latents have shape {tuple(stored.shape)}.")
            self.hippocampus.store(stored.to(self.device))

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


DIVERGED = "the run has diverged: start anew in another --run folder with a lower --learning-rate."


def restore_weights(networks: Networks, tensors: Tensors) -> None:
    """Give networks the weights of a run's state; PadError where they don't fit."""
    for part, network in networks._asdict().items():
        try:
            network.load_state_dict({k: tensors[f"{part}.{k}"] for k in network.state_dict()})
        except (KeyError, RuntimeError) as error:
            raise PadError(
                f"the saved weights don't fit ({' '.join(str(error).split())})."
            ) from None
