"""A cycle as a CUDA graph: captured and replayed, it must be the cycle itself.

Without a GPU, a tape of the cycle's operators takes the graph's place. As a graph does, it
replays them on the same memory, runs no Python in between, and computes nothing when recorded.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import get_args

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pad_core.checkpoint.training_config import Recipe
from pad_core.model import phases
from pad_core.model.condition import CONDITIONS, PAD, Kind
from pad_core.model.networks import Encoder, Generator, Networks
from pad_core.model.perturbation import perturb
from pad_core.training.cuda_graph import EAGER_CYCLES, GraphedCycle
from pad_core.training.cycle import Trainer

# More memories than cycles are lived before capturing, and Wake twice.
BUSY = replace(
    CONDITIONS["nrem_contrast"], name="busy", perturbation=CONDITIONS["nrem_many"].perturbation,
    mixing="components", memories=3, hippocampus=EAGER_CYCLES + 2, recency=0.3,
    nrem_replay="mixed", phases=("wake", "nrem", "rem", "wake", "nrem"), rate_nrem=3.0,
)  # fmt: skip

WAITS = ("_local_scalar_dense", "nonzero", "is_nonzero", "equal", "masked_select", "_unique2")


class NoWaiting(TorchDispatchMode):
    """Refuses operators whose result the host has to wait for."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert func.overloadpacket.__name__ not in WAITS, f"{func} waits for the device"
        return func(*args, **(kwargs or {}))


class Tape(TorchDispatchMode):
    """Records operators; leaves everything as if they had not run; replays them."""

    def __init__(self):
        super().__init__()
        self.operations = []
        self.before = []  # tensors and generators that recording changed, with what they were
        self.seeds = set()  # of the generators: dispatching wraps these anew

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        schema = func._schema.arguments
        given = [*zip(schema, args, strict=False)]
        given += [(a, kwargs[a.name]) for a in schema if a.name in kwargs]
        for argument, value in given:
            for leaf in tree_leaves(value):
                if isinstance(leaf, torch.Generator):
                    self.seeds.add(leaf.initial_seed())
                    self.before.append((leaf, leaf.get_state()))
                elif argument.alias_info and argument.alias_info.is_write and leaf is not None:
                    self.before.append((leaf, leaf.clone()))
        result = func(*args, **kwargs)
        self.operations.append((func, args, kwargs, result))
        return result

    def rewind(self):
        for changed, value in reversed(self.before):
            if isinstance(changed, torch.Generator):
                changed.set_state(value)
            else:
                changed.copy_(value)

    @torch.no_grad()
    def replay(self):
        for func, args, kwargs, result in self.operations:
            again = func(*args, **kwargs)
            if any(returned.alias_info for returned in func._schema.returns):
                continue  # a view of memory that is already up to date, or that memory itself
            for old, new in zip(tree_leaves(result), tree_leaves(again), strict=True):
                if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)


class TapeGraph:
    """Stands in for ``torch.cuda.CUDAGraph``."""

    def __init__(self):
        self.tape = Tape()
        self.registered = set()

    def register_generator_state(self, random):
        self.registered.add(random.initial_seed())

    def replay(self):
        assert self.tape.seeds <= self.registered, "draws from an unregistered generator"
        self.tape.replay()


@contextlib.contextmanager
def tape_capture(graph, stream, capture_error_mode):
    with graph.tape:
        yield
    with torch.no_grad():
        graph.tape.rewind()


@pytest.fixture
def tape_graphs(monkeypatch):
    monkeypatch.setattr(torch.cuda, "CUDAGraph", TapeGraph)
    monkeypatch.setattr(torch.cuda, "graph", tape_capture)
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: None)
    for name in ("current_stream", "default_stream"):
        monkeypatch.setattr(torch.cuda, name, lambda device: None)


def graphed(trainer):
    optimisers = list(trainer.optimisers.values())
    return GraphedCycle(trainer.cycle, trainer.hippocampus, optimisers, trainer.streams.used)


def batches(n, device="cpu"):
    random = torch.Generator().manual_seed(1)
    return [(torch.rand((8, 3, 32, 32), generator=random) * 2 - 1).to(device) for _ in range(n)]


def recipe(condition=PAD, precision="fp32"):
    return Recipe("fashion-mini", condition, epochs=1, batch_size=8, precision=precision)


@pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS)
def test_a_cycle_never_waits_for_the_device(condition):
    trainer = Trainer(recipe(condition))
    with NoWaiting():
        for images in batches(2):
            trainer.cycle(images)


def test_no_combination_of_fields_waits_for_the_device():
    trainer = Trainer(recipe(BUSY))
    with NoWaiting():
        for images in batches(2):
            trainer.cycle(images)


def test_waiting_is_noticed():
    with NoWaiting(), pytest.raises(AssertionError, match="waits"):
        torch.ones(1).item()


REPLAYED = (
    "pad", "wo_rem", "wake_only", "nrem_mixed_memory", "rem_long_memory", "rem_four_memories",
    "fast_sleep", "barlow_phase",
)  # fmt: skip


@pytest.mark.parametrize(
    "condition", [*(CONDITIONS[name] for name in REPLAYED), BUSY], ids=[*REPLAYED, "busy"]
)
def test_replayed_cycles_are_those_of_the_trainer(condition, tape_graphs):
    eager, replayed = (Trainer(recipe(condition)) for _ in range(2))
    cycle = graphed(replayed)
    for images in batches(EAGER_CYCLES + 4):
        expected, found = eager.cycle(images), cycle(images)
        assert found.keys() == expected.keys()
        for loss, value in expected.items():
            torch.testing.assert_close(found[loss], value, rtol=1e-5, atol=1e-6)
    states = eager.state(), replayed.state()
    assert states[0].keys() == states[1].keys()
    for key, value in states[0].items():
        torch.testing.assert_close(states[1][key], value, rtol=1e-4, atol=1e-6, msg=key)


def test_the_graph_is_captured_once_and_only_after_the_first_cycles(tape_graphs):
    trainer, lived = Trainer(recipe()), []
    cycle = GraphedCycle(
        lambda images: lived.append(images) or trainer.cycle(images),
        trainer.hippocampus,
        list(trainer.optimisers.values()),
        trainer.streams.used,
    )
    for images in batches(EAGER_CYCLES + 3):
        cycle(images)
    assert len(lived) == EAGER_CYCLES + 1


def asks_for_a_driver():
    """Whether this PyTorch wants one even for tensors without content, as 2.6 does."""
    try:
        with FakeTensorMode():
            torch.empty(1, device="cuda").uniform_()
    except RuntimeError:
        return True
    return False


@pytest.mark.skipif(asks_for_a_driver(), reason="this PyTorch needs a GPU for it")
@pytest.mark.parametrize("name", ["contrast_phase", "barlow_phase"])
@pytest.mark.parametrize("kind", get_args(Kind))
def test_phases_on_cuda_stay_there(name, kind):
    """Shapes and devices only, on tensors without content: needs no GPU."""
    condition = CONDITIONS[name]

    def drawn(dreams):
        return perturb(dreams, (kind,), 1.0, None)

    with FakeTensorMode(), torch.device("cuda"):
        networks = Networks(Encoder(), Generator())
        images = torch.empty(8, 3, 32, 32)
        losses, latents = phases.wake(networks, images, torch.empty(8, 256))
        losses |= phases.nrem(networks, latents, drawn) | phases.rem(networks, latents)
        losses |= phases.contrast(networks, latents, drawn, phases.contrastive_loss(condition))
        assert {loss.device.type for loss in losses.values()} == {"cuda"}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize(
    ("condition", "precision"),
    [(PAD, "fp32"), (PAD, "bf16"), (BUSY, "fp32"), (CONDITIONS["barlow_phase"], "fp32")],
    ids=["pad", "pad, bf16", "busy", "barlow_phase"],
)
def test_on_a_gpu_the_graph_equals_the_eager_cycle(condition, precision):
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
        eager, replayed = (Trainer(recipe(condition, precision), "cuda") for _ in range(2))
        cycle = replayed.fastest(replayed.cycle)
        assert isinstance(cycle, GraphedCycle)
        for images in batches(EAGER_CYCLES + 6, "cuda"):
            expected, found = eager.cycle(images), cycle(images)
            for loss, value in expected.items():
                torch.testing.assert_close(found[loss], value, rtol=1e-3, atol=1e-4)
        for name, stream in eager.streams.state().items():
            assert torch.equal(replayed.streams.state()[name], stream), name
        for a, b in zip(eager.networks, replayed.networks, strict=True):
            for weight, other in zip(a.parameters(), b.parameters(), strict=True):
                # Adam's steps have size ~lr whatever the gradient's: rounding can turn a few.
                assert ((weight - other).abs() < 2e-4).float().mean() > 0.99


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_networks_on_streams_of_their_own_do_not_disturb_one_another():
    alone = Trainer(recipe(), "cuda")
    crowd = [Trainer(recipe(), "cuda") for _ in range(3)]
    cycles = [(torch.cuda.Stream(), trainer.fastest(trainer.cycle)) for trainer in crowd]
    torch.cuda.synchronize()
    for images in batches(EAGER_CYCLES + 6, "cuda"):
        torch.cuda.synchronize()
        expected = alone.cycle(images)
        for stream, cycle in cycles:
            with torch.cuda.stream(stream):
                cycle(images)
    torch.cuda.synchronize()
    for _, cycle in cycles:
        for loss, value in expected.items():
            torch.testing.assert_close(cycle._losses[loss], value, rtol=1e-2, atol=1e-3)
