"""Train the small classifier whose features measure dreams if FID's weights can't be had.

    python tools/train_feature_classifier.py --cifar10 SPEC --svhn SPEC --fashion SPEC

One network learns three data sets, with a head for each. The script writes
pad_core/evaluation/features.safetensors, with the test accuracies in its header.
"""

from __future__ import annotations

import argparse
import time

import torch
from torch.nn import functional as F

from pad_core.data.images import to_unit
from pad_core.data.load import DataSet, load_dataset
from pad_core.evaluation.frechet import CLASSIFIER_FILE, FeatureNetwork
from pad_core.system.tensors import write_tensors

BATCH_SIZE = 128
LEARNING_RATE = 0.004
FLIPPED = {"cifar10": True, "svhn": False, "fashion-mnist": True}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cifar10", default="cifar10", help="spec of the data set")
    parser.add_argument("--svhn", default="svhn")
    parser.add_argument("--fashion", default="fashion-mnist")
    parser.add_argument("--images-per-set", type=int, default=40_000, help="seen in an epoch")
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args()
    specs = (options.cifar10, options.svhn, options.fashion)
    datasets = [load_dataset(spec) for spec in specs]
    network = train(datasets, options.epochs, options.images_per_set)
    accuracy = {
        name: test_accuracy(network, index, dataset)
        for index, (name, dataset) in enumerate(zip(FeatureNetwork.DATASETS, datasets, strict=True))
    }
    header = {
        "format": "pad-features",
        "trained_on": [f"{d.name}: {len(d.train):,} images. {d.note}".strip() for d in datasets],
        "test_images": [len(dataset.test) for dataset in datasets],
        "test_accuracy": accuracy,
        "epochs": options.epochs,
    }
    tensors = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in network.state_dict().items()
    }
    write_tensors(CLASSIFIER_FILE, tensors, header)
    print(f"{CLASSIFIER_FILE}: {CLASSIFIER_FILE.stat().st_size / 1e6:.2f} MB, {accuracy}")


def train(datasets: list[DataSet], epochs: int, images_per_set: int) -> FeatureNetwork:
    """Mini-batches of the three sets take turns; small sets are seen several times."""
    torch.manual_seed(0)
    network = FeatureNetwork()
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=0.02)
    steps = images_per_set // BATCH_SIZE
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, LEARNING_RATE, total_steps=epochs * steps * len(datasets)
    )
    for epoch in range(1, epochs + 1):
        started = time.perf_counter()
        orders = [torch.randint(len(d.train), (steps, BATCH_SIZE)) for d in datasets]
        for step in range(steps):
            for index, dataset in enumerate(datasets):
                chosen = orders[index][step]
                name = FeatureNetwork.DATASETS[index]
                images = augmented(to_unit(dataset.train.images[chosen]), FLIPPED[name])
                scores = network.heads[index](network(images))
                loss = F.cross_entropy(scores, dataset.train.labels[chosen], label_smoothing=0.05)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
        print(f"epoch {epoch}: {time.perf_counter() - started:.0f} s", flush=True)
    return network.eval()


def augmented(images: torch.Tensor, flip: bool) -> torch.Tensor:
    """Shift a batch by up to 3 pixels, and mirror half of the batches."""
    if flip and torch.rand(()) < 0.5:
        images = images.flip(3)
    x, y = torch.randint(0, 7, (2,)).tolist()
    return F.pad(images, (3, 3, 3, 3), mode="reflect")[:, :, y : y + 32, x : x + 32]


@torch.inference_mode()
def test_accuracy(network: FeatureNetwork, index: int, dataset: DataSet) -> float:
    """Percent of the data set's test images that its head classifies correctly."""
    right = [
        network.heads[index](network(to_unit(images))).argmax(1) == labels
        for images, labels in zip(
            dataset.test.images.split(500), dataset.test.labels.split(500), strict=True
        )
    ]
    return round(100.0 * torch.cat(right).double().mean().item(), 2)


if __name__ == "__main__":
    main()
