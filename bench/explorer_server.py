"""The time in which the explorer's server computes dreams, accuracies, the list of checkpoints.

    python -m bench.explorer_server [--quick]

The networks are copies of a checkpoint that ships. The floor of dreams is the arithmetic of their
convolutions at the rate of a large float32 matrix product on one thread, which is all that a viewer
gets. Accuracies use as many threads as the server does. ``bench.explorer_pages`` measures pages,
``bench.explorer_browser`` the browser's share.
"""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from safetensors.torch import load_file, safe_open

from bench import plain
from bench.checkpoints import copies, different
from bench.measure import (
    MatrixProduct,
    Result,
    arguments,
    as_the_explorer,
    device_and_threads,
    flops_of,
    in_turn,
    p95,
    report,
    row,
)
from explorer.dreaming import dreams
from explorer.library import networks as loaders
from explorer.session.choices import Dream
from explorer.views.probe import cache
from explorer.views.probe.accuracy import Disturbance, Subject
from explorer.widgets.pictures import source
from pad_core.checkpoint.file import PadNetwork, load
from pad_core.data.images import SIDE_PX, picture_grid, png_bytes, to_uint8, to_unit
from pad_core.dreaming.reader import Reader
from pad_core.evaluation.linear_probe import LinearProbe
from pad_core.model.hippocampus import mix

CPU = torch.device("cpu")
NETWORKS = 5
IMAGES = 1_000  # for the accuracies of each network
FEW = 20  # of these for the plain code
Task = Callable[[], object]


def twin(network: PadNetwork) -> tuple[plain.Encoder, plain.Generator]:
    """The plain code's networks with the same weights."""
    encoder, decoder = plain.Encoder(), plain.Generator()
    encoder.load_state_dict(network.networks.encoder.state_dict())
    decoder.load_state_dict(network.networks.generator.state_dict())
    return encoder, decoder


def layer_of(probe: LinearProbe) -> torch.nn.Linear:
    """The plain code's probe with the same weights."""
    layer = torch.nn.Linear(probe.weight.shape[1], len(probe.bias))
    layer.load_state_dict({"weight": probe.weight, "bias": probe.bias})
    return layer


def night_latency(network: PadNetwork, n: int, product: MatrixProduct) -> list[Result]:
    """A slider moved → recall, NREM and REM of eight memories, as on the page."""
    seeds = itertools.count()
    encoder, decoder = twin(network)
    stored = network.memories["test"].latents

    def ours() -> None:
        dream = Dream(seed=next(seeds), intensity=0.5)
        recalled = dreams.recall(network, dream)
        for pictures in (
            recalled,
            dreams.perturb(network, recalled, dream),
            dreams.mix(network, recalled, dream),
        ):
            source(pictures.picture)

    @torch.no_grad()
    def slow() -> None:
        pictures = []
        for z, z_old in stored[torch.randperm(len(stored))[:16]].view(8, 2, 1, -1):
            dream = decoder(z)
            occluded = plain.occlude(dream, torch.rand(1, 32, 32).tolist(), 0.5, 4)
            recovered = decoder(encoder(occluded)[0])
            mixed = decoder(mix(z, z_old, torch.randn_like(z), network.condition.rem_mixture))
            encoder(mixed)[1].item()
            pictures += [dream, occluded, recovered, decoder(z_old), mixed]
        for picture in pictures:
            png_bytes(picture_grid(to_uint8(picture), 1))

    return _latencies("a slider moved → 8 memories' night, 40 images", ours, slow, n, product)


def wall_latency(network: PadNetwork, n: int, product: MatrixProduct) -> list[Result]:
    """A slider moved → eight REM dreams of each of eight pairs, with probe, as on the page."""
    recalled, reader = dreams.recall(network, Dream()), Reader.fit(network)
    encoder, decoder = twin(network)
    layer = layer_of(reader.probe)
    steps = itertools.cycle(i / 100 for i in range(101))

    def ours() -> None:
        dreamt = dreams.mix(network, recalled, Dream(lam=next(steps)), dreams.N_NIGHTS)
        reader.interpret(dreamt.encoded, dreamt.realness)
        source(dreamt.picture[SIDE_PX:])

    @torch.no_grad()
    def slow() -> None:
        for _ in range(dreams.N_NIGHTS):
            for z, z_old in zip(recalled.current, recalled.previous, strict=True):
                noise = torch.randn(1, len(z))
                mixed = decoder(mix(z[None], z_old[None], noise, network.condition.rem_mixture))
                latents, realness = encoder(mixed)
                realness.item()
                layer(latents).softmax(dim=1).tolist()
                (reader.memories - latents).norm(dim=1).min().item()
                png_bytes(picture_grid(to_uint8(mixed), 1))

    return _latencies("a slider moved → 8 memories, 64 dreams", ours, slow, n, product)


def _latencies(name: str, ours: Task, slow: Task, n: int, product: MatrixProduct) -> list[Result]:
    flops = flops_of(slow)
    seconds = in_turn(n, CPU, ours=ours, plain=slow, product=product)
    floor = [1000 * flops * s / product.flops for s in seconds["product"]]
    quick, late = ([1000 * s for s in seconds[what]] for what in ("ours", "plain"))
    where, of = device_and_threads(CPU), "the pictures' arithmetic at an fp32 matrix product's rate"
    one = "the same pictures, one after the other"
    return [
        row(f"{name}, computed, median", "ms", quick, where, late, floor, of, one),
        row(f"{name}, computed, p95 of {n}", "ms", [p95(quick)], where, [p95(late)]),
    ]


class Occlusion:
    """The Probe page's slider: accuracies of networks at one more percent of occlusion."""

    def __init__(self, networks: list[PadNetwork]) -> None:
        self._lab = cache.live_probe()
        self._subjects = {str(i): Subject(network, None) for i, network in enumerate(networks)}
        self._percent = 0

    def first(self) -> None:
        """Compute until every network has an estimate."""
        self._percent += 1
        self._wait(1)

    def rest(self) -> None:
        """Compute until every estimate rests on all images."""
        self._wait(IMAGES)
        self._leave()

    def again(self) -> None:
        """Compute the same once more."""
        self._wait(IMAGES)
        self._leave()

    def _wait(self, images: int) -> None:
        disturbance = Disturbance(self._percent, 4, 0.0, 0)
        while True:
            readings = self._lab.read("bench", self._subjects, disturbance, "converged").values()
            assert not any(r.error for r in readings), readings
            if all(r.estimate and r.estimate.images >= images for r in readings):
                return
            time.sleep(0.002)

    def _leave(self) -> None:
        """Withdraw the request, or the server would continue with more masks."""
        self._lab.read("bench", {}, Disturbance(0, 4, 0.0, 0), "converged")


def accuracy_latency(networks: list[PadNetwork], n: int) -> list[Result]:
    """Occlusion slider → accuracy of each network's probe on images that it recalls."""
    occlusion = Occlusion(networks)
    reals, twins = [], []
    for network in networks:
        test = network.memories["test"]
        reals.append(to_unit(to_uint8(network.generate(test.latents[:IMAGES]))))
        twins.append((twin(network)[0], layer_of(Reader.fit(network).probe)))
    labels = networks[0].memories["test"].labels

    @torch.no_grad()
    def slow() -> None:
        for (encoder, layer), pictures in zip(twins, reals, strict=True):
            for picture, label in zip(pictures[:FEW], labels, strict=False):
                occluded = plain.occlude(picture[None], torch.rand(1, 32, 32).tolist(), 0.3, 4)
                _ = (layer(encoder(occluded)[0]).argmax() == label).item()

    @torch.inference_mode()
    def passes(network: PadNetwork, pictures: torch.Tensor) -> None:
        for batch in pictures.split(128):
            network.networks.encoder.latents(batch)

    with ThreadPoolExecutor(len(networks)) as pool:
        seconds = in_turn(
            n,
            CPU,
            first=occlusion.first,
            rest=occlusion.rest,
            again=occlusion.again,
            pause=lambda: time.sleep(0.5),  # lets a running step end
            plain=slow,
            bare=lambda: list(pool.map(passes, networks, reals)),
        )
    full = [a + b for a, b in zip(seconds["first"], seconds["rest"], strict=True)]
    name, where = (
        f"occlusion slider → accuracy of {len(networks)} networks",
        device_and_threads(CPU),
    )
    return [
        row(f"{name}, first estimate", "ms", [1000 * s for s in seconds["first"]], where),
        row(
            f"{name}, {IMAGES:,} images each", "s", full, where,
            plain=[s * IMAGES / FEW for s in seconds["plain"]],
            plain_of=f"one after the other, {FEW} images of each, scaled",
            floor=seconds["bare"], floor_of="the encoders' bare forward passes, all at once",
        ),
        row(f"{name}, cached", "ms", [1000 * s for s in seconds["again"]], where),
    ]  # fmt: skip


def listing(folder: Path, n: int) -> Result:
    """List a folder of n new checkpoints."""
    source = copies(folder, 1)[0]
    with source.open("rb") as file:
        head = file.read(8)
        length = 8 + int.from_bytes(head, "little")
        head += file.read(length - 8)
    crowd = folder / "many"
    crowd.mkdir()
    for i in range(n):
        # A sparse file: it has the size, but no weights on the disk.
        with (crowd / f"{i:04}.safetensors").open("wb") as file:
            file.write(head)
            file.truncate(source.stat().st_size)

    def ours() -> None:
        loaders._load_header.cache_clear()
        found = loaders.list_checkpoints(str(crowd), None)
        assert len(found.headers) >= n, found.problems

    def slow() -> None:
        for path in itertools.islice(crowd.iterdir(), max(1, n // 20)):
            load_file(path)
            with safe_open(path, framework="pt") as file:
                json.loads(file.metadata()["pad"])

    def bare() -> None:
        for path in crowd.iterdir():
            with path.open("rb") as file:
                json.loads(json.loads(file.read(length)[8:])["__metadata__"]["pad"])

    seconds = in_turn(3, CPU, ours=ours, plain=slow, bare=bare)
    return row(
        f"listing a folder of {n:,} checkpoints", "s", seconds["ours"], device_and_threads(CPU),
        plain=[20 * s if n >= 20 else n * s for s in seconds["plain"]],
        plain_of="loading a twentieth of them, scaled",
        floor=seconds["bare"], floor_of="reading and parsing their headers",
    )  # fmt: skip


def main() -> None:
    options = arguments(__doc__.splitlines()[0]).parse_args()
    quick = options.quick
    as_the_explorer()
    product = MatrixProduct(CPU, torch.float32, quick)
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        networks = [load(path) for path in different(scratch, 2 if quick else NETWORKS)]
        found = [
            *night_latency(networks[0], 3 if quick else 60, product),
            *wall_latency(networks[0], 3 if quick else 100, product),
            *accuracy_latency(networks, 1 if quick else 9),
            listing(scratch, 10 if quick else 1_000),
        ]
    report(found, options.out)


if __name__ == "__main__":
    main()
