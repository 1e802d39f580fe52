"""What bfloat16 costs: the same trainings in float32 and in bfloat16, by both linear probes.

    python -m bench.precision [--dataset SPEC] [--epochs N] [--seeds N] [--images N]

Both networks of a pair have the same weights, order, masks and noise, but rounding soon leads them
apart, as another seed would. One difference says nothing, so the mean over pairs is printed, in
points of separability, with its standard error. On fashion-mini a pair takes 40 s an epoch on one
core of a Zen 4.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from typing import Any

import torch

from bench.measure import device_and_threads, device_here
from bench.train import batches
from pad_core.checkpoint.training_config import Recipe
from pad_core.data.load import DataSet, load_dataset
from pad_core.errors import PadError
from pad_core.evaluation.paper_measures import separability
from pad_core.evaluation.statistics import mean_sem
from pad_core.model.condition import PAD
from pad_core.training.cycle import Trainer

BATCH_SIZE = 64
MEASURES = ("linear_separability", "converged_separability")


def trained(recipe: Recipe, dataset: DataSet, device: torch.device) -> dict[str, Any]:
    """Both separabilities of a network trained by a recipe, evaluated in float32."""
    trainer = Trainer(recipe, device)
    cycle = trainer.fastest(trainer.cycle)
    order = torch.Generator().manual_seed(recipe.seed)
    images = batches(dataset.train, recipe.batch_size, device, order)
    for _ in range(recipe.epochs * (len(dataset.train) // recipe.batch_size)):
        cycle(next(images))
    return separability(trainer.networks.encoder, dataset)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="fashion-mini")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument(
        "--images", type=int, default=1_000_000, help="largest number of training images"
    )
    parser.add_argument("--device", type=device_here, default="auto")
    options = parser.parse_args()
    if min(options.epochs, options.seeds) < 1 or options.images < BATCH_SIZE:
        parser.error(f"1 epoch and seed, and {BATCH_SIZE} images, are the least that can train")
    device = options.device
    try:
        whole = load_dataset(options.dataset)
    except PadError as error:
        parser.error(str(error))
    dataset = replace(whole, train=whole.train.first(options.images))
    pairs = []
    for seed in range(options.seeds):
        recipe = Recipe(options.dataset, PAD, options.epochs, seed, BATCH_SIZE)
        pair = {
            precision: trained(replace(recipe, precision=precision), dataset, device)
            for precision in ("fp32", "bf16")
        }
        print(json.dumps({"seed": seed} | pair), flush=True)
        pairs.append(pair)
    for measure in MEASURES:
        gained = [pair["bf16"][measure] - pair["fp32"][measure] for pair in pairs]
        mean, sem = mean_sem(gained)
        print(
            f"{measure}: bfloat16 minus float32 {mean:+.2f} points"
            + (f" ± {sem:.2f} (standard error)" if sem is not None else "")
            + f", n = {len(pairs)} pairs, {options.epochs} epochs of {len(dataset.train):,} "
            f"images of {whole.name}, {len(dataset.test):,} test images; "
            f"{device_and_threads(device)}"
        )


if __name__ == "__main__":
    main()
