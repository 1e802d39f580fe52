"""How long the explorer's server takes to answer, and how much memory it holds.

    python -m bench.explorer_server [--quick]

The networks are copies of the checkpoints that ship. The floor of an answer is the arithmetic
of its convolutions at the rate of a large float32 matrix product on one thread, which is what
the server gives a viewer. The browser's share is not in here.
"""

from __future__ import annotations

import itertools
import json
import logging
import re
import shutil
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, safe_open
from streamlit.testing.v1 import AppTest

from bench import plain
from bench.measure import (
    MatrixProduct,
    Row,
    arguments,
    describe,
    flops_of,
    in_turn,
    p95,
    report,
    resident_mb,
    row,
)
from explorer import loaders
from explorer.choices import Choices
from explorer.compute import dreams
from pad_core.checkpoint import PadNetwork, load
from pad_core.hippocampus import mix
from pad_core.images import picture_grid, png_bytes, to_uint8
from pad_core.measures import encode_occluded
from pad_core.randomness import generator
from pad_core.readout import fit_converged

ROOT = Path(__file__).resolve().parents[1]
CPU = torch.device("cpu")
NETWORKS = 5
IMAGES = 1_000


def copies(folder: Path, n: int) -> list[Path]:
    """n checkpoints under names of their own."""
    shipped = itertools.cycle(sorted((ROOT / "checkpoints").glob("*.safetensors")))
    paths = [folder / f"network-{i}.safetensors" for i in range(n)]
    for path, source in zip(paths, shipped, strict=False):
        shutil.copyfile(source, path)
    return paths


def dream_latency(network: PadNetwork, n: int, product: MatrixProduct) -> list[Row]:
    """A slider moved → new dreams: recall, NREM and REM of eight memories each, as PNG."""
    seeds = itertools.count()
    encoder, decoder = plain.Encoder(), plain.Generator()
    encoder.load_state_dict(network.networks.encoder.state_dict())
    decoder.load_state_dict(network.networks.generator.state_dict())
    stored = network.memories["test"].latents

    def ours() -> None:
        choices = Choices(seed=next(seeds), intensity=0.5)
        recalled = dreams.recall(network, choices)
        for pictures in (
            recalled,
            dreams.perturb(network, recalled, choices),
            dreams.mix(network, recalled, choices),
        ):
            png_bytes(pictures.picture)

    @torch.no_grad()
    def slow() -> None:
        """The same pictures, one after the other."""
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

    flops = flops_of(slow)
    seconds = in_turn(n, CPU, ours=ours, plain=slow, product=product)
    floor = [1000 * flops * s / product.flops for s in seconds["product"]]
    quick, late = ([1000 * s for s in seconds[name]] for name in ("ours", "plain"))
    name, where = "a slider moved → 8 memories' dreams, computed", describe(CPU)
    of = "the pictures' arithmetic at an fp32 matrix product's rate"
    return [
        row(f"{name}, median", "ms", quick, where, late, floor, of),
        row(f"{name}, p95 of {n}", "ms", [p95(quick)], where, [p95(late)]),
    ]


def accuracy_latency(networks: list[PadNetwork], n: int, images: int, quick: bool) -> Row:
    """Occlusion slider → accuracy of each network's read-out on images that it dreams up."""
    fitted, reals = [], []
    for network in networks:
        train, test = network.memories["train"], network.memories["test"]
        fitted.append(fit_converged(train.latents, train.labels, len(network.class_names)))
        reals.append((network.generate(test.latents[:images]), test.labels[:images]))
    twins = []
    for network, readout in zip(networks, fitted, strict=True):
        encoder, layer = plain.Encoder(), torch.nn.Linear(256, len(network.class_names))
        encoder.load_state_dict(network.networks.encoder.state_dict())
        layer.load_state_dict({"weight": readout.weight, "bias": readout.bias})
        twins.append((encoder, layer))

    def ours() -> None:
        for network, readout, (pictures, labels) in zip(networks, fitted, reals, strict=True):
            random = generator(0, "bench")
            latents = encode_occluded(network.networks.encoder, pictures, 0.3, 4, random)
            readout.accuracy(latents, labels)

    few = max(1, images // 20)

    @torch.no_grad()
    def slow() -> None:
        for (encoder, layer), (pictures, labels) in zip(twins, reals, strict=True):
            for picture, label in zip(pictures[:few], labels, strict=False):
                occluded = plain.occlude(picture[None], torch.rand(1, 32, 32).tolist(), 0.3, 4)
                _ = (layer(encoder(occluded)[0]).argmax() == label).item()

    @torch.inference_mode()
    def bare() -> None:
        for network, (pictures, _) in zip(networks, reals, strict=True):
            for batch in pictures.split(500):
                network.networks.encoder.latents(batch)

    seconds = in_turn(n, CPU, ours=ours, plain=slow, bare=bare)
    return row(
        f"occlusion slider → accuracy of {len(networks)} networks on {images:,} images each",
        "s", seconds["ours"], describe(CPU),
        plain=[s * images / few for s in seconds["plain"]],
        floor=seconds["bare"], floor_of="the encoders' bare forward passes",
    )  # fmt: skip


def listing(folder: Path, n: int) -> Row:
    """List a folder of n checkpoints that no one has listed before."""
    source = copies(folder, 1)[0]
    with source.open("rb") as file:
        head = file.read(8)
        length = 8 + int.from_bytes(head, "little")
        head += file.read(length - 8)
    crowd = folder / "many"
    crowd.mkdir()
    for i in range(n):
        # Its size without its weights: a hole takes no place on the disk.
        with (crowd / f"{i:04}.safetensors").open("wb") as file:
            file.write(head)
            file.truncate(source.stat().st_size)

    def ours() -> None:
        loaders._load_header.clear()
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
        f"listing a folder of {n:,} checkpoints", "s", seconds["ours"], describe(CPU),
        plain=[20 * s if n >= 20 else n * s for s in seconds["plain"]],
        floor=seconds["bare"], floor_of="reading and parsing their headers",
    )  # fmt: skip


def pages(paths: list[Path], interactions: int) -> list[Row]:
    """The app as Streamlit runs it: a slider's latency, and the server's memory.

    Each interaction runs the whole page, where a viewer's runs only the panels it concerns.
    """
    page = AppTest.from_file(ROOT / "explorer/app.py", default_timeout=120)
    page.query_params["folder"] = str(paths[0].parent)
    for path in paths:
        page.query_params["checkpoint"] = str(path)
        page.run()
        assert not page.exception, page.exception
    positions = itertools.cycle(i / 100 for i in range(101))

    def move() -> None:
        slider = next(s for s in page.slider if re.match(r"intensity\b", s.key or ""))
        slider.set_value(next(positions)).run()
        assert not page.exception, page.exception

    early = max(1, interactions // 5)
    seconds = in_turn(early, CPU, move=move)["move"]
    before = resident_mb()
    seconds += in_turn(interactions - early, CPU, move=move)["move"]
    after = resident_mb()
    where, milliseconds = describe(CPU), [1000 * s for s in seconds]
    name = "a slider moved → the page, run on the server"
    return [
        row(f"{name}, median", "ms", milliseconds, where),
        row(f"{name}, p95 of {interactions}", "ms", [p95(milliseconds)], where),
        row(f"server: memory, {len(paths)} networks, {interactions} interactions", "MB", [after],
            where),
        row(f"server: memory that the last {interactions - early} of these added", "MB",
            [after - before], where),
    ]  # fmt: skip


def main() -> None:
    options = arguments(__doc__.splitlines()[0]).parse_args()
    quick = options.quick
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)  # Streamlit's, about caches without a server
    product = MatrixProduct(CPU, torch.float32, quick)
    with tempfile.TemporaryDirectory() as scratch:
        paths = copies(Path(scratch), 2 if quick else NETWORKS)
        # First of all, while nothing else has been loaded: the memory is the server's.
        found = pages(paths, 5 if quick else 500)
        networks = [load(path) for path in paths]
        found += dream_latency(networks[0], 3 if quick else 100, product)
        found.append(accuracy_latency(networks, 1 if quick else 5, 20 if quick else IMAGES, quick))
        found.append(listing(Path(scratch), 10 if quick else 1_000))
    report(found, options.out)


if __name__ == "__main__":
    main()
