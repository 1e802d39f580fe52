"""Training: wake-sleep cycles over a data set, safe against interruption.

A run is a folder:

    run.json             the recipe, written once
    history.jsonl        one line per finished epoch
    progress.json        where the run is right now, rewritten every second
    state.safetensors    full precision, optimisers and random streams: resumes exactly
    latest.safetensors   the network after the last epoch, 16 bits: the explorer opens it
    epoch-0001.safetensors …   the same, for epochs that were asked to be kept
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import torch

from pad_core import checkpoint, phases
from pad_core.conditions import Condition, Phase
from pad_core.cuda_graph import GraphedCycle
from pad_core.datasets import DataSet
from pad_core.errors import PadError
from pad_core.evaluation import separability
from pad_core.files import read_header, read_tensors, write_atomically, write_tensors
from pad_core.hippocampus import Hippocampus
from pad_core.images import to_unit
from pad_core.networks import build_networks
from pad_core.occlusion import draw_nrem_mask
from pad_core.occupancy import asked_to_stop, occupied
from pad_core.randomness import Streams, check_seed, generator

Precision = Literal["fp32", "bf16"]
STATE_VERSION = 1


@dataclass(frozen=True)
class Recipe:
    """What a run does; with the same recipe, a CPU run gives the same weights again.

    Defaults as in the paper (§4.3). ``dataset`` is the spec as typed. ``precision`` is that
    of the convolutions; weights, losses and optimisers are float32 in any case.
    """

    dataset: str
    condition: Condition
    epochs: int
    seed: int = 0
    batch_size: int = 64
    learning_rate: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    precision: Precision = "fp32"

    def __post_init__(self) -> None:
        check_seed(self.seed)
        for name, low, high in (("epochs", 1, 100_000), ("batch_size", 2, 65_536)):
            value = getattr(self, name)
            if not isinstance(value, int) or not low <= value <= high:
                raise PadError(f"{name} is a whole number from {low} to {high}, not {value!r}.")
        if not 0 < self.learning_rate < 1:
            raise PadError(f"learning_rate lies between 0 and 1, not {self.learning_rate!r}.")

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return asdict(self) | {"condition": self.condition.to_dict()}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Recipe:
        """The inverse of ``to_dict``."""
        return cls(**(fields | {"condition": Condition.from_dict(fields["condition"])}))


@dataclass(frozen=True)
class Progress:
    """Where a run is: after ``step`` of ``steps`` cycles of ``epoch`` of ``epochs``.

    losses: means over the epoch so far. seconds_left: until the last epoch ends.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    images_per_s: float
    seconds_left: float
    losses: dict[str, float]


def choose_device(name: str = "auto") -> torch.device:
    """'auto' is CUDA where there is one, else the CPU; PadError where it can't be had."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):
        raise PadError(f"Device {name!r} is not available here; use cpu, cuda or auto.") from None
    return device


def choose_precision(device: torch.device) -> Precision:
    """bfloat16 where the hardware multiplies it faster than float32, else float32."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    # Without these instructions the CPU emulates bfloat16, which is slower than float32.
    # (Releases of PyTorch that can't tell get float32.)
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return "bf16" if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else "fp32"


def run_folder(runs: Path, dataset: str, condition: Condition, seed: int) -> Path:
    """Where a run lies unless told otherwise: RUNS/DATA-CONDITION-seedS."""
    return runs / f"{dataset}-{condition.name}-seed{seed}"


def read_progress(folder: Path) -> Progress | None:
    """What a run folder's progress.json says, None where it has none."""
    try:
        report = json.loads((folder / "progress.json").read_text("utf-8"))
        return Progress(**{field.name: report[field.name] for field in fields(Progress)})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def epochs_done(folder: Path) -> int:
    """Finished epochs of a run folder; 0 where there is no run."""
    try:
        return int(read_state_header(folder)["epoch"])
    except PadError:
        return 0


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
            name: torch.optim.Adam(
                network.parameters(),
                lr=recipe.learning_rate,
                betas=(recipe.beta1, recipe.beta2),
                fused=True,
                capturable=self.device.type == "cuda",  # steps are counted there, as a graph has to
            )
            for name, network in self.networks._asdict().items()
        }

    def cycle(self, images: torch.Tensor) -> phases.Losses:
        """Live through one wake-sleep cycle with a mini-batch, learning in each phase.

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
            total = torch.stack([weights[name] * loss for name, loss in live.items()]).sum()
            for optimiser in self.optimisers.values():
                optimiser.zero_grad()
            total.backward()
            for name in phases.LEARNS[phase]:
                self.optimisers[name].step()
            named |= {name: loss.detach() for name, loss in live.items()}
        return named

    def fastest_cycle(self) -> Callable[[torch.Tensor], phases.Losses]:
        """``cycle`` to go on with: on CUDA as one graph, after which ``restore`` is no more."""
        if self.device.type != "cuda":
            return self.cycle
        optimisers = list(self.optimisers.values())
        return GraphedCycle(self.cycle, self.hippocampus, optimisers, self.streams.used)

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
        noise = torch.randn((n, 256), generator=random, device=self.device)
        return noise * math.sqrt(variance)

    def _recall(self, mixed: bool, stream: str) -> torch.Tensor:
        if not mixed:
            return self.hippocampus.replay()
        return self.hippocampus.replay_mixed(self.recipe.condition.mixture, self.streams[stream])

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        enabled = self.recipe.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)

    def state(self) -> dict[str, torch.Tensor]:
        """Everything that decides how the run goes on, as named tensors."""
        tensors: dict[str, torch.Tensor] = {}
        for part, network in self.networks._asdict().items():
            names = [name for name, _ in network.named_parameters()]
            tensors |= {f"{part}.{k}": v for k, v in network.state_dict().items()}
            for index, values in self.optimisers[part].state_dict()["state"].items():
                tensors |= {f"adam.{part}.{names[index]}.{k}": v for k, v in values.items()}
        tensors |= {f"stream.{name}": value for name, value in self.streams.state().items()}
        if self.hippocampus.current is not None:
            tensors["hippocampus"] = self.hippocampus.current
        return tensors

    def restore(self, tensors: dict[str, torch.Tensor]) -> None:
        """Go on from ``state()``."""
        for part, network in self.networks._asdict().items():
            network.load_state_dict({k: tensors[f"{part}.{k}"] for k in network.state_dict()})
            optimiser = self.optimisers[part]
            saved = optimiser.state_dict()
            # The fused optimiser walks through memory: moments are laid out as their weights.
            saved["state"] = {
                index: {
                    "step": tensors[f"adam.{part}.{name}.step"],
                    **{
                        key: torch.empty_like(parameter).copy_(tensors[f"adam.{part}.{name}.{key}"])
                        for key in ("exp_avg", "exp_avg_sq")
                    },
                }
                for index, (name, parameter) in enumerate(network.named_parameters())
                if f"adam.{part}.{name}.step" in tensors
            }
            optimiser.load_state_dict(saved)
        streams = {k.removeprefix("stream."): v for k, v in tensors.items() if "stream." in k}
        self.streams.restore(streams)
        if "hippocampus" in tensors:
            self.hippocampus.store(tensors["hippocampus"].to(self.device))


class Run:
    """A run folder that this process trains in."""

    def __init__(
        self, folder: Path, recipe: Recipe, dataset: DataSet, device: torch.device
    ) -> None:
        self.folder = folder
        self.recipe = recipe
        self.dataset = dataset
        self.trainer = Trainer(recipe, device)
        self.cycle = self.trainer.fastest_cycle()
        self.history: list[dict[str, Any]] = []
        self.epoch = 0  # finished epochs
        self.step = 0  # finished cycles of the next one
        self.sums: dict[str, torch.Tensor] = {}  # of the losses over those cycles
        self.seconds = 0.0  # that those cycles took
        self.train = dataset.train.to(device)
        self.steps = len(self.train) // recipe.batch_size  # the last partial batch is dropped
        if self.steps == 0:
            raise PadError(
                f"{dataset.name} has {len(self.train)} training images, fewer than one "
                f"mini-batch of {recipe.batch_size}; use a smaller --batch-size."
            )

    def resume(self) -> None:
        """Load the folder's state; a folder without one starts from the beginning."""
        if not (self.folder / "state.safetensors").exists():
            return
        tensors, header = read_state(self.folder)
        before = Recipe.from_dict(header["recipe"])
        if replace(before, epochs=self.recipe.epochs) != self.recipe:
            old, new = before.to_dict(), self.recipe.to_dict()
            changed = [k for k in old if old[k] != new[k] and k != "epochs"]
            what = "; ".join(f"{k} was {old[k]!r}, now {new[k]!r}" for k in changed)
            raise PadError(f"{self.folder} was started differently ({what}); use another --run.")
        self.trainer.restore(tensors)
        self.epoch, self.step = header["epoch"], header["step"]
        self.history, self.seconds = header["history"], header["seconds"]
        self.sums = {
            name.removeprefix("sum."): tensor.to(self.trainer.device)
            for name, tensor in tensors.items()
            if name.startswith("sum.")
        }
        self._write_history()

    def state_header(self) -> dict[str, Any]:
        """What the state says of itself; ``header_from_state`` turns it into a checkpoint's."""
        return {
            "format": "pad-run",
            "format_version": STATE_VERSION,
            "recipe": self.recipe.to_dict(),
            "device": describe_hardware(self.trainer.device),
            "torch": torch.__version__,
            "epoch": self.epoch,
            "step": self.step,
            "seconds": self.seconds,
            "history": self.history,
        }

    def save(self) -> None:
        """Write the state; the files agree whenever the process dies."""
        header = self.state_header()
        sums = {f"sum.{name}": value for name, value in self.sums.items()}
        write_tensors(self.folder / "state.safetensors", self.trainer.state() | sums, header)
        self._write_history()

    def batches(self) -> Iterator[torch.Tensor]:
        """The rest of this epoch's mini-batches, (B, 3, 32, 32) in [−1, 1]."""
        # From seed and epoch alone: an interrupted epoch finds its order again.
        random = generator(self.recipe.seed, "order", self.epoch + 1)
        order = torch.randperm(len(self.train), generator=random).to(self.trainer.device)
        size = self.recipe.batch_size
        for step in range(self.step, self.steps):
            yield to_unit(self.train.images[order[step * size : (step + 1) * size]])

    def mean_losses(self) -> dict[str, float]:
        """Means over the cycles of this epoch so far."""
        return {name: value.item() / max(self.step, 1) for name, value in self.sums.items()}

    def export_latest(self, *names: str) -> None:
        """Write the network as it is now, at 16 bits, under these file names."""
        networks = self.trainer.networks
        header = header_from_state(self.state_header(), self.dataset)
        memories = checkpoint.choose_memories(self.dataset, networks.encoder)
        for name in names:
            path = self.folder / f"{name}.safetensors"
            checkpoint.save(path, networks, header, memories, bits=16)

    def _write_history(self) -> None:
        lines = "".join(json.dumps(entry) + "\n" for entry in self.history)
        write_atomically(self.folder / "history.jsonl", lines.encode())


def train(
    folder: Path,
    recipe: Recipe,
    dataset: DataSet,
    *,
    device: torch.device | str = "cpu",
    resume: bool = False,
    probe_every: int = 0,
    keep_epochs: Sequence[int] = (),
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_epoch: Callable[[dict[str, Any]], None] = lambda entry: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Run:
    """Train a network in a run folder until its last epoch, or until it should stop.

    Args:
        resume: go on where the folder's state stands; otherwise the folder must be new.
        probe_every: measure linear separability every so many epochs, and after the first
            and the last; 0 never.
        keep_epochs: epochs after which the network is kept as a file of its own.
        on_progress: called after a mini-batch, a few times a second at most.
        on_epoch: called with each finished epoch's history entry.
        should_stop: asked after each mini-batch; when true, or when ``occupancy.ask_to_stop``
            was called for the folder, the state is written and the run returns.

    Raises:
        PadError: a folder in use or not fitting the recipe, or losses that are no longer
            finite.
    """
    with occupied(folder):
        if (folder / "run.json").exists() and not resume:
            raise PadError(
                f"{folder} already holds a run; add --resume to go on, or give another --run."
            )
        run = Run(folder, recipe, dataset, torch.device(device))
        if resume:
            run.resume()
        description = json.dumps(recipe.to_dict(), indent=2, ensure_ascii=False)
        write_atomically(folder / "run.json", description.encode())
        while run.epoch < recipe.epochs:
            if not _train_epoch(run, on_progress, should_stop):
                run.save()
                return run
            entry = _finish_epoch(run, probe_every)
            names = ["latest"]
            if run.epoch in keep_epochs:
                names.append(f"epoch-{run.epoch:04d}")
            run.export_latest(*names)
            run.save()
            on_epoch(entry)
        return run


def describe_hardware(device: torch.device) -> str:
    """'cuda (NVIDIA H200)' or 'cpu (x86_64)'."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return f"{device.type} ({name})"


def header_from_state(state: dict[str, Any], dataset: DataSet) -> checkpoint.Header:
    """The header of a checkpoint exported from a run whose state has this header."""
    recipe = dict(state["recipe"])
    condition, seed = Condition.from_dict(recipe.pop("condition")), recipe.pop("seed")
    return checkpoint.Header(
        condition=condition,
        dataset=checkpoint.describe(dataset),
        class_names=dataset.class_names,
        seed=seed,
        epoch=state["epoch"],
        recipe=recipe | {"device": state["device"], "torch": state["torch"]},
        history=state["history"],
    )


def read_state(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Tensors and header of a run folder's state; PadError where there is none."""
    header = read_state_header(folder)
    return read_tensors(folder / "state.safetensors")[0], header


def read_state_header(folder: Path) -> dict[str, Any]:
    """The header of a run folder's state; PadError where there is none."""
    path = folder / "state.safetensors"
    if not path.exists():
        raise PadError(f"{folder} is not a run folder: it has no state.safetensors.")
    header = read_header(path)
    if header.get("format") != "pad-run" or header.get("format_version") != STATE_VERSION:
        raise PadError(f"{path} is not the state of a run of this program's version.")
    return header


def _train_epoch(
    run: Run, on_progress: Callable[[Progress], None], should_stop: Callable[[], bool]
) -> bool:
    """Live through the rest of an epoch; False if it was stopped before its end."""
    started, shown, written = time.perf_counter(), 0.0, 0.0
    first_step, seconds_before = run.step, run.seconds
    for images in run.batches():
        for name, loss in run.cycle(images).items():
            run.sums[name] = run.sums.get(name, 0.0) + loss.double()
        run.step += 1
        now = time.perf_counter()
        run.seconds = seconds_before + now - started
        # Reading a loss waits for the device: a few times a second, not at every step.
        if now - shown > 0.25 or run.step == run.steps:
            shown = now
            progress = _progress(run, (run.step - first_step) / (now - started))
            on_progress(progress)
            if now - written > 1.0 or run.step == run.steps:
                written = now
                report = asdict(progress) | {"pid": os.getpid(), "time": time.time()}
                write_atomically(run.folder / "progress.json", json.dumps(report).encode())
        if should_stop() or asked_to_stop(run.folder):
            return run.step == run.steps
    return True


def _progress(run: Run, cycles_per_s: float) -> Progress:
    cycles_left = (run.recipe.epochs - run.epoch) * run.steps - run.step
    return Progress(
        epoch=run.epoch + 1,
        epochs=run.recipe.epochs,
        step=run.step,
        steps=run.steps,
        images_per_s=cycles_per_s * run.recipe.batch_size,
        seconds_left=cycles_left / cycles_per_s,
        losses=run.mean_losses(),
    )


def _finish_epoch(run: Run, probe_every: int) -> dict[str, Any]:
    losses = run.mean_losses()
    if not all(math.isfinite(value) for value in losses.values()):
        raise PadError(
            f"The losses are no longer finite in epoch {run.epoch + 1} ({losses}); train with "
            f"--precision fp32 or a smaller --learning-rate."
        )
    run.epoch += 1
    entry: dict[str, Any] = {
        "epoch": run.epoch,
        "losses": {name: round(value, 6) for name, value in losses.items()},
        "seconds": round(run.seconds, 2),
        "images_per_s": round(run.steps * run.recipe.batch_size / run.seconds, 1),
    }
    last = run.epoch == run.recipe.epochs
    if probe_every and (run.epoch % probe_every == 0 or run.epoch == 1 or last):
        entry |= separability(run.trainer.networks.encoder, run.dataset)
    run.history.append(entry)
    run.step, run.sums, run.seconds = 0, {}, 0.0
    return entry
