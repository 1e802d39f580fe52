"""The benchmark works, compares like with like, and does its sums."""

from __future__ import annotations

import copy
import io
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch

import pad_core.cli.bench
from bench import measure, plain, precision
from bench.probe import synthetic
from bench.train import FLOPS_PER_IMAGE
from pad_core.cli.main import main
from pad_core.errors import PadError
from pad_core.evaluation.linear_probe import SGD_BATCH_SIZE, SGD_EPOCHS, fit_converged, train_sgd
from pad_core.evaluation.paper_measures import Probes, occlusion_curve
from pad_core.model import phases
from pad_core.model.networks import Networks, build_networks, encode_all
from pad_core.model.occlusion import draw_uniforms, masks
from pad_core.system.randomness import generator

CPU = torch.device("cpu")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
DEVICES = ["cpu", pytest.param("cuda", marks=needs_gpu)]
# Of a gradient's length, and of a loss. Layers in float64 tell a wrong formula, whatever the
# processor; losses are float32 in any case. In float32, sums in another order can also put a unit
# on the other side of its LeakyReLU's kink, which one processor does and another does not.
# bfloat16 rounds to 2⁻⁸, layer after layer.
PRECISIONS = {"fp64": (1e-5, 1e-5), "fp32": (2e-2, 1e-4), "bf16": (0.15, 2e-2)}


@pytest.fixture(scope="module")
def pair(small):
    """Our networks and the plain ones, with the same weights, of a size as in training."""
    networks = build_networks(7)
    with torch.no_grad():
        for network in networks:
            for parameter in network.parameters():
                parameter *= 3
            network.to(memory_format=torch.channels_last)
    training = plain.Training(small.train, 16, CPU)
    training.encoder.load_state_dict(networks.encoder.state_dict())
    training.generator.load_state_dict(networks.generator.state_dict())
    return networks, training


def gradients(encoder, generator):
    named = [*encoder.named_parameters(), *generator.named_parameters()]
    return {name: p.grad for name, p in named if p.grad is not None}


def differences(pair, phase, precision, device, random):
    """How far a fast phase is from the plain one: by loss and by parameter's gradient."""
    dtype = torch.float64 if precision == "fp64" else torch.float32
    networks = Networks(*(copy.deepcopy(network).to(device, dtype) for network in pair[0]))
    training = copy.copy(pair[1])  # its optimisers know the originals: these weights stay
    training.encoder = copy.deepcopy(training.encoder).to(device, dtype)
    training.generator = copy.deepcopy(training.generator).to(device, dtype)
    training.losses = {}
    images = (torch.rand((16, 3, 32, 32), generator=random) * 2 - 1).to(device, dtype)
    latents = torch.randn((16, 256), generator=random).to(device, dtype)
    mask = masks(draw_uniforms(1, random), 0.3, 4).to(device)

    with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
        if phase == "wake":
            losses = phases.wake(networks, images).losses
        elif phase == "nrem":
            losses = phases.nrem(networks, latents, lambda dream: dream * mask)
        else:
            losses = phases.rem(networks, latents)
    step = {
        "wake": lambda: training.wake(images),
        "nrem": lambda: training.nrem(latents, mask),
        "rem": lambda: training.rem(latents),
    }
    step[phase]()
    torch.stack(list(losses.values())).sum().backward()

    assert losses.keys() == training.losses.keys()
    by_loss = {
        name: abs(losses[name].item() / value - 1) for name, (value,) in training.losses.items()
    }
    found, expected = gradients(*networks), gradients(training.encoder, training.generator)
    assert found.keys() == expected.keys()
    by_gradient = {}
    for name, gradient in expected.items():
        size = gradient.norm().item()
        assert size > 0, name
        by_gradient[name] = (found[name] - gradient).norm().item() / size
    return by_loss, by_gradient


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("phase", ["wake", "nrem", "rem"])
def test_a_fast_phase_has_the_losses_and_gradients_of_the_plain_one(
    phase, precision, device, pair, random, monkeypatch
):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    by_loss, by_gradient = differences(pair, phase, precision, device, random)
    gradient_bound, loss_bound = PRECISIONS[precision]
    for name, error in by_loss.items():
        assert error < loss_bound, f"{name} differs by {error:.1e} of its value"
    for name, error in by_gradient.items():
        assert error < gradient_bound, f"{name} differs by {error:.1e} of its length"


@pytest.mark.parametrize("phase", ["wake", "nrem", "rem"])
def test_the_comparison_notices_a_slope_that_is_off_by_a_thousandth(
    phase, pair, random, monkeypatch
):
    monkeypatch.setattr(plain, "SLOPE", 1.001 * plain.SLOPE)
    _, by_gradient = differences(pair, phase, "fp64", "cpu", random)
    assert min(by_gradient.values()) > 2 * PRECISIONS["fp64"][0]


@pytest.mark.parametrize(("size", "intensity"), [(1, 0.2), (4, 0.5), (7, 0.8), (8, 1.0)])
def test_masks_are_those_of_the_loop_over_tiles(size, intensity, random):
    uniforms = draw_uniforms(3, random)
    images = torch.rand((3, 3, 32, 32), generator=random) + 0.5
    expected = plain.occlude(images, uniforms.tolist(), intensity, size)
    assert torch.equal(images * masks(uniforms, intensity, size), expected)


@pytest.mark.parametrize("intensity", [0, 20, 60, 100])
def test_a_point_of_an_occlusion_curve_is_that_of_the_plain_code(intensity, pair, small):
    networks, training = pair
    train, test = (encode_all(networks.encoder, s.images) for s in (small.train, small.test))
    probe = fit_converged(train, small.train.labels, 10)
    layer = torch.nn.Linear(256, 10)
    layer.load_state_dict({"weight": probe.weight, "bias": probe.bias})
    (point,) = occlusion_curve(
        networks.encoder,
        Probes([probe], probe),
        small.test.images,
        small.test.labels,
        draws=1,
        intensities=[intensity],
    )
    # The plain code draws from torch's own generator: the same numbers.
    torch.set_rng_state(generator(0, "occlusion curve", intensity).get_state())
    expected = plain.occluded_accuracy(training.encoder, layer, small.test, intensity / 100)
    assert point.accuracy == pytest.approx(expected, abs=1.01)  # one image on a class border
    clean = probe.accuracy(test, small.test.labels)
    assert clean > 50
    assert (point.accuracy == pytest.approx(clean)) == (intensity == 0)


def test_the_probe_is_that_of_the_plain_code(monkeypatch):
    """On one mini-batch, whose order says nothing, from the same weights."""
    latents, labels = synthetic(SGD_BATCH_SIZE, 0)
    initial = torch.nn.Linear(256, 10)
    uniform = torch.empty((10, 257)).uniform_(-1 / 16, 1 / 16, generator=generator(3, "readout"))
    initial.load_state_dict({"weight": uniform[:, :-1], "bias": uniform[:, -1]})
    monkeypatch.setattr(plain.nn, "Linear", lambda size, n_classes: initial)
    layer, losses = plain.train_probe(latents, labels, 10, epochs=SGD_EPOCHS)
    assert len(losses) == SGD_EPOCHS
    assert losses[-1] < 0.5 * losses[0]
    probe = train_sgd(latents, labels, 10, seed=3)
    torch.testing.assert_close(probe.weight, layer.weight.detach(), rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(probe.bias, layer.bias.detach(), rtol=1e-3, atol=1e-5)


def test_the_plain_code_trains(small):
    torch.manual_seed(0)
    training = plain.Training(small.train, 16, CPU)
    training.cycles(20)
    losses = training.losses["image"]
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
    latents = torch.randn(640, 256)
    labels = (latents[:, 0] > 0).long()
    layer, steps = plain.train_probe(latents, labels, 2, epochs=3)
    assert len(steps) == 30
    assert (layer(latents).argmax(1) == labels).float().mean() > 0.9


def test_the_arithmetic_of_a_cycle_is_that_of_its_layers(small):
    training = plain.Training(small.train, 16, CPU)
    training.cycles(1)
    counted = measure.flops_of(lambda: training.cycles(1)) / 16
    # The plain code also computes the head that a phase doesn't need: two products an image.
    unneeded = 2 * 2 * 16 * 256
    assert counted == pytest.approx(FLOPS_PER_IMAGE + unneeded * (256 + 1) / 2, rel=1e-2)


def test_rows_compare_round_by_round():
    rate = measure.row("a", "images/s", [10, 20, 60], "cpu", plain=[5, 5, 20], floor=[20, 20, 80])
    assert (rate.value, rate.plain, rate.ratio) == (20, 5, 3)
    assert (rate.fraction_of_floor, rate.n, rate.low, rate.high) == (0.75, 3, 10, 60)
    time = measure.row("b", "s", [2.0], "cpu", plain=[8.0], floor=[1.0])
    assert (time.ratio, time.fraction_of_floor) == (4, 0.5)
    alone = measure.row("c", "MB", [3.0], "cpu")
    assert alone.plain is alone.ratio is alone.floor is alone.fraction_of_floor is None


def test_work_in_turn_is_interleaved():
    seen = []
    seconds = measure.in_turn(2, CPU, a=lambda: seen.append("a"), b=lambda: seen.append("b"))
    assert seen == ["a", "b"] * 3
    assert [len(times) for times in seconds.values()] == [2, 2]


def test_quantiles_and_arithmetic():
    assert measure.p95(range(100)) == 95
    assert measure.p95([3, 1]) == 3
    product = measure.MatrixProduct(CPU, torch.float32, quick=True)
    assert measure.flops_of(product) == product.flops


def test_memory_counts_from_when_the_work_can_begin():
    mb = 2 * 10**8 // 10**6

    def grow():
        return torch.ones(mb * 10**6 // 4)

    before = grow()
    memory = measure.PeakMemory(CPU)
    assert memory.mb() < mb / 4
    after = grow()
    assert memory.mb() == pytest.approx(mb, rel=0.2)
    assert before is not after


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pgrep") is None, reason="needs pgrep, to see what is left")
def test_ended_by_a_signal_it_leaves_no_work_behind(tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "pad_core", "bench", "train", "--device", "cpu"]
    asked = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert asked.stderr.readline() == "Measuring: train …\n"
    deadline = time.monotonic() + 60
    while not at_work(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)  # a process has to have begun before it can be ended
    asked.terminate()
    assert asked.wait(30) == 128 + signal.SIGTERM
    assert at_work(tmp_path) == ""
    assert not list(tmp_path.glob("tmp*"))


def at_work(folder):
    """The processes whose command names this folder."""
    return subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True).stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_command_measures_everything_in_a_tiny_size():
    command = [sys.executable, "-m", "pad_core", "bench", "--quick", "--json", "--device", "cpu"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {row["name"].split(",")[0].split(" ")[0] for row in rows} >= {
        "training", "matrix", "memory", "probe", "occlusion", "a", "listing", "server:",
    }  # fmt: skip
    fields = {"name", "value", "unit", "plain", "ratio", "floor", "fraction_of_floor", "device"}
    for row in rows:
        assert fields <= row.keys()
        assert math.isfinite(row["value"])
        assert row["value"] > 0 or row["unit"] == "MB", row
        assert row["device"].startswith("cpu (")
        assert row["plain"] is None or row["plain"] > 0


def test_the_table_shows_what_there_is():
    from rich.console import Console

    rows = [
        measure.row(
            "training",
            "images/s",
            [410.0],
            "cpu",
            [190.0],
            [600.0],
            floor_of="a product's rate",
            plain_of="an epoch",
        ),
        measure.row("memory", "MB", [2345.6], "cpu"),
    ]
    console = Console(width=120, file=io.StringIO())
    console.print(pad_core.cli.bench.table([vars(row) for row in rows]))
    text = console.file.getvalue()
    for part in ("training", "410 images/s", "190", "2.16", "600", "68 %", "2,346 MB",
                 "training: n = 1; floor: a product's rate; plain: an epoch"):  # fmt: skip
        assert part in text


class TestRefusals:
    def test_without_the_repository(self, monkeypatch, tmp_path, capsys):
        monkeypatch.setattr(pad_core.cli.bench, "ROOT", tmp_path)
        assert main(["bench", "train", "--quick"]) == 2
        error = capsys.readouterr().err
        assert "clone of the repository" in error
        assert len(error.splitlines()) == 1

    def test_a_part_that_fails(self, monkeypatch):
        monkeypatch.setitem(pad_core.cli.bench.PARTS, "train", ("bench.no_such",))
        with pytest.raises(PadError, match=r"'train' failed.*No module named bench.no_such"):
            list(pad_core.cli.bench.bench(["train"], CPU, quick=True))

    def test_a_failure_elsewhere_says_what_it_was(self):
        with (
            measure.Elsewhere(CPU, int, "nothing") as task,
            pytest.raises(ValueError, match="invalid literal"),
        ):
            task()

    @pytest.mark.parametrize(
        "words", [["--seeds", "0"], ["--images", "10"], ["--device", "tpu"], ["--dataset", "lost"]]
    )
    def test_a_price_of_bfloat16_that_nothing_could_tell(self, words, monkeypatch, capsys):
        monkeypatch.setattr(sys, "argv", ["precision", *words])
        with pytest.raises(SystemExit, match="2"):
            precision.main()
        assert "error:" in capsys.readouterr().err


@pytest.mark.slow
def test_the_price_of_bfloat16_is_a_mean_over_pairs(image_folder, monkeypatch, capsys):
    monkeypatch.setattr(precision, "BATCH_SIZE", 8)
    words = "--images 8 --epochs 1 --seeds 2 --device cpu --dataset"
    monkeypatch.setattr(sys, "argv", ["precision", *words.split(), f"folder:{image_folder}"])
    precision.main()
    *pairs, paper, converged = capsys.readouterr().out.splitlines()
    found = [json.loads(pair) for pair in pairs]
    assert [pair["seed"] for pair in found] == [0, 1]
    for line, measure_name in ((paper, precision.MEASURES[0]), (converged, precision.MEASURES[1])):
        gained = [pair["bf16"][measure_name] - pair["fp32"][measure_name] for pair in found]
        assert line.startswith(f"{measure_name}: bfloat16 minus float32 {sum(gained) / 2:+.2f}")
        assert f"n = 2 pairs, 1 epochs of 8 images of {image_folder.name}, 40 test" in line
