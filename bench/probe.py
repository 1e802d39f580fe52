"""The time of linear probes and occlusion curves on the CPU.

    python -m bench.probe [--quick] [--latents FILE] [--sklearn]

FILE is a torch file of (latents, labels, test latents, test labels); without it, 50,000 synthetic
latents of 256 dimensions in ten overlapping classes are used. Work of minutes is measured in part
and multiplied: the plain probe on one epoch, the occlusion curve on a fifth of its images, the
plain curve on 256 images at one level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pickle import UnpicklingError

import torch
from sklearn.linear_model import LogisticRegression

from bench import plain
from bench.measure import (
    Copy,
    MatrixProduct,
    Result,
    arguments,
    device_and_threads,
    flops_of,
    in_turn,
    report,
    row,
)
from pad_core.data.images import to_unit
from pad_core.data.imagesets import ImageSet
from pad_core.data.load import load_dataset
from pad_core.evaluation.linear_probe import SGD_EPOCHS, fit_converged, train_sgd
from pad_core.evaluation.paper_measures import INTENSITIES, Probes, occlusion_curve
from pad_core.model.networks import LATENT_SIZE, build_networks
from pad_core.system.hardware import choose_precision

CLASSES = 10
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Size:
    """How much is measured.

    latents: for a probe; rounds: of its measurement. curve: images of the whole curve; images:
    measured; plain_images: measured in plain code; curve_rounds: of its measurement.
    """

    latents: int
    rounds: int
    curve: int
    images: int
    plain_images: int
    curve_rounds: int


FULL, QUICK = Size(50_000, 15, 10_000, 2_000, 256, 3), Size(640, 1, 64, 64, 8, 1)
Data = tuple[torch.Tensor, torch.Tensor]


def synthetic(n: int, seed: int) -> Data:
    """Latents (n, 256) of ten classes that overlap about as those of a trained network do."""
    means = 0.12 * torch.randn(CLASSES, LATENT_SIZE, generator=torch.Generator().manual_seed(9))
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (n,), generator=random)
    return means[labels] + torch.randn(n, LATENT_SIZE, generator=random), labels


def probes(
    train: Data, test: Data, size: Size, quick: bool, sklearn: bool, kind: str
) -> list[Result]:
    """The results about probes of one kind of latents."""
    product, copy = MatrixProduct(CPU, torch.float32, quick), Copy(CPU, quick)
    half = choose_precision(CPU) == "bf16"  # then the converged probe multiplies in bfloat16
    own = MatrixProduct(CPU, torch.bfloat16, quick) if half else product
    tasks: dict[str, Callable] = {
        "sgd": lambda: train_sgd(*train, CLASSES, seed=0),
        "converged": lambda: fit_converged(*train, CLASSES),
        "plain": lambda: plain.train_probe(*train, CLASSES, epochs=1),
        "product": product,
        "own": own,
        "copy": copy,
    }
    seconds = in_turn(size.rounds, CPU, **tasks)
    n = len(train[1])
    # Forward, and back to the weights; the latents are read once an epoch.
    sgd_flops = SGD_EPOCHS * n * 2 * 2 * LATENT_SIZE * CLASSES
    sgd_bytes = SGD_EPOCHS * n * LATENT_SIZE * 4
    converged_flops = flops_of(tasks["converged"])
    by_product = [s / product.flops for s in seconds["product"]]
    by_copy = [s / copy.bytes for s in seconds["copy"]]
    slow = [SGD_EPOCHS * s for s in seconds["plain"]]
    where, what = device_and_threads(CPU), f"{n:,} {kind} latents"
    one_epoch = f"the paper's protocol, one epoch of it, times {SGD_EPOCHS}"
    found = [
        row(
            "matrix product, fp32", "GFLOP/s",
            [product.flops / s / 1e9 for s in seconds["product"]], where,
        ),
        row("memory bandwidth", "GB/s", [copy.bytes / s / 1e9 for s in seconds["copy"]], where),
        row(
            f"probe, the paper's protocol, {what}", "s", seconds["sgd"], where, plain=slow,
            plain_of=one_epoch,
            floor=[
                max(sgd_flops * p, sgd_bytes * c) for p, c in zip(by_product, by_copy, strict=True)
            ],
            floor_of="the longer of arithmetic at an fp32 matrix product's rate and of reading "
            "the latents once an epoch",
        ),
        row(
            f"probe, converged, {what}", "s", seconds["converged"], where, plain=slow,
            plain_of=one_epoch,
            floor=[converged_flops * s / own.flops for s in seconds["own"]],
            floor_of=f"the same iterations at {'a bf16' if half else 'an fp32'} matrix product's "
            "rate",
        ),
    ]  # fmt: skip
    for name, task in (("the paper's protocol", "sgd"), ("converged", "converged")):
        accuracy = tasks[task]().accuracy(*test)
        found.append(
            row(f"probe, {name}: accuracy on {len(test[1]):,} {kind}", "%", [accuracy], where)
        )
    if sklearn:
        model = LogisticRegression(max_iter=2000, tol=1e-5)
        inputs = [tensor.numpy() for tensor in train]
        slower = in_turn(1, CPU, fit=lambda: model.fit(*inputs))["fit"]
        found.append(row(f"scikit-learn's logistic regression, {what}", "s", slower, where))
        share = model.score(*(tensor.numpy() for tensor in test))
        found.append(row("scikit-learn's logistic regression: accuracy", "%", [100 * share], where))
    return found


def curve(images: ImageSet, train: Data, size: Size) -> Result:
    """The result about one occlusion curve: eleven levels, one mask an image and level."""
    networks = build_networks(0)
    fitted = Probes([train_sgd(*train, CLASSES, 0, epochs=1)], fit_converged(*train, CLASSES))
    encoder = plain.Encoder()
    encoder.load_state_dict(networks.encoder.state_dict())
    layer = torch.nn.Linear(LATENT_SIZE, CLASSES)
    few = images.first(size.plain_images)

    def ours() -> None:
        points = occlusion_curve(networks.encoder, fitted, images.images, images.labels, draws=1)
        assert len(list(points)) == len(INTENSITIES)

    @torch.inference_mode()
    def bare() -> None:
        for intensity in INTENSITIES:
            # One wholly occluded image is enough: all are the same.
            for batch in unit if intensity < 100 else [unit[0][:1]]:
                networks.encoder.latents(batch)

    unit = to_unit(images.images).split(128)  # as ours
    seconds = in_turn(
        size.curve_rounds,
        CPU,
        ours=ours,
        bare=bare,
        plain=lambda: plain.occluded_accuracy(encoder, layer, few, 0.5),
    )
    part, plain_part = len(images) / size.curve, len(few) / size.curve / len(INTENSITIES)
    return row(
        f"occlusion curve, {len(INTENSITIES)} levels × {size.curve:,} images", "s",
        [s / part for s in seconds["ours"]], device_and_threads(CPU),
        plain=[s / plain_part for s in seconds["plain"]],
        plain_of=f"{len(few)} images at one level, scaled",
        floor=[s / part for s in seconds["bare"]], floor_of="the encoder's bare forward passes",
    )  # fmt: skip


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--latents", help="torch file with four tensors")
    parser.add_argument("--sklearn", action="store_true", help="also measure scikit-learn; slow")
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    if options.latents:
        try:
            latents, labels, test_latents, test_labels = torch.load(options.latents)
        except (OSError, ValueError, TypeError, RuntimeError, UnpicklingError):
            parser.error(f"{options.latents} can't be read, or is no torch file of four tensors")
        train, test = (latents, labels), (test_latents, test_labels)
    else:
        train, test = synthetic(size.latents, 0), synthetic(10_000, 1)
    images = load_dataset("fashion-mini").train.first(size.images)
    kind = "given" if options.latents else "synthetic"
    found = probes(train, test, size, options.quick, options.sklearn, kind)
    report([*found, curve(images, train, size)], options.out)


if __name__ == "__main__":
    main()
