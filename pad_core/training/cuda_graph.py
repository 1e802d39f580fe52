"""A whole wake-sleep cycle as one CUDA graph.

A mini-batch of 64 small images keeps a large GPU busy for less time than Python takes to launch
the few hundred kernels of a cycle. A captured graph launches all of them at once. Several
networks train at the same time if each replays its own graph on its own CUDA stream:
``with torch.cuda.stream(stream): cycle(images)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from pad_core.model.hippocampus import Hippocampus
from pad_core.model.phases import Losses

# Cycles that run kernel by kernel first. The first one has no previous memories, and so computes
# something else. In all of them cuBLAS, cuDNN, Adam and the random streams do set-up that is not
# allowed during capture.
EAGER_CYCLES = 3


class GraphedCycle:
    """A cycle that is captured after its first calls, and replayed from then on.

    No cycle runs twice: the first calls count, and capturing computes nothing. Random numbers
    continue, because the graph knows the generators. The graph reads and writes the memory that
    it was captured with: change weights, moments and memories in place only.

    Args:
        cycle: computes on CUDA alone and never waits for it, as ``Trainer.cycle`` does.
        hippocampus, optimisers: those that the cycle uses.
        generators: called before capture; returns those that the cycle draws from.
    """

    def __init__(
        self,
        cycle: Callable[[torch.Tensor], Losses],
        hippocampus: Hippocampus,
        optimisers: Sequence[torch.optim.Optimizer],
        generators: Callable[[], Sequence[torch.Generator]],
    ) -> None:
        self._cycle = cycle
        self._hippocampus = hippocampus
        self._optimisers = optimisers
        self._generators = generators
        self._lived = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._given = torch.empty(0)
        self._losses: Losses = {}

    def __call__(self, given: torch.Tensor) -> Losses:
        """Live through one cycle.

        Args:
            given: the cycle's mini-batch, of the same shape each time.

        Returns:
            The losses. After capture, these are the same tensors each time, overwritten by the
            next call.
        """
        if self._lived < EAGER_CYCLES:
            self._lived += 1
            return self._cycle(given)
        if self._graph is None:
            self._graph = self._capture(given)
        if given.shape != self._given.shape:
            was, now = tuple(self._given.shape), tuple(given.shape)
            raise ValueError(f"the cycle was captured with a mini-batch {was}, this one is {now}")
        self._given.copy_(given)
        self._graph.replay()
        return self._losses

    def _capture(self, given: torch.Tensor) -> torch.cuda.CUDAGraph:
        graph = torch.cuda.CUDAGraph()
        for random in self._generators():
            graph.register_generator_state(random)
        self._given = given.clone()
        memories = [latents.clone() for latents in self._hippocampus.kept()]
        self._hippocampus.restore(memories)
        for optimiser in self._optimisers:
            optimiser.zero_grad()  # the graph brings its own gradients
        # On the network's own stream: libraries keep a workspace for each stream, and graphs that
        # share one could not run at the same time. The default stream can't be captured. Other
        # threads may use the GPU meanwhile.
        stream = torch.cuda.current_stream(given.device)
        if stream == torch.cuda.default_stream(given.device):
            stream = torch.cuda.Stream(given.device)
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            self._losses = self._cycle(self._given)
            # The memories of this cycle are the next one's previous ones. The oldest is copied
            # first, because each takes the place of the next older one.
            for held, younger in reversed([*zip(memories, self._hippocampus.kept(), strict=True)]):
                held.copy_(younger)
        self._hippocampus.restore(memories)
        return graph
