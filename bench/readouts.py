"""How long the read-outs take, beside a plain PyTorch implementation and scikit-learn.

    python bench/readouts.py [--latents FILE]

FILE is a torch file of (latents, labels, test latents, test labels); by default 50,000
synthetic latents of 256 dimensions in ten overlapping classes stand in. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from typing import Any

import torch
from sklearn.linear_model import LogisticRegression
from torch.utils.data import DataLoader, TensorDataset

from pad_core.readout import SGD_BATCH_SIZE, SGD_EPOCHS, SGD_LEARNING_RATE, fit_converged, train_sgd


def synthetic(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    means = 0.12 * torch.randn(10, 256, generator=torch.Generator().manual_seed(9))
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(10, (n,), generator=random)
    return means[labels] + torch.randn(n, 256, generator=random), labels


def plain_epoch(latents: torch.Tensor, labels: torch.Tensor) -> None:
    layer = torch.nn.Linear(latents.shape[1], 10)
    optimiser = torch.optim.SGD(layer.parameters(), lr=SGD_LEARNING_RATE)
    for x, t in DataLoader(TensorDataset(latents, labels), SGD_BATCH_SIZE, shuffle=True):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(layer(x), t).backward()
        optimiser.step()


def best(run: Callable[[], Any], times: int) -> tuple[float, Any]:
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - started)
    return min(seconds), result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latents", help="torch file with four tensors")
    parser.add_argument("--sklearn", action="store_true", help="compare with it too; slow")
    options = parser.parse_args()
    if options.latents:
        latents, labels, test, test_labels = torch.load(options.latents)
    else:
        (latents, labels), (test, test_labels) = synthetic(50_000, 0), synthetic(10_000, 1)
    plain, _ = best(lambda: plain_epoch(latents, labels), 1)
    sgd, paper = best(lambda: train_sgd(latents, labels, 10, seed=0), 2)
    converged, readout = best(lambda: fit_converged(latents, labels, 10), 5)
    found = {
        "latents": list(latents.shape),
        "threads": torch.get_num_threads(),
        "load_average": round(os.getloadavg()[0], 1),
        "plain_dataloader_s": round(plain * SGD_EPOCHS, 2),
        "train_sgd_s": round(sgd, 3),
        "fit_converged_s": round(converged, 3),
        "plain_over_sgd": round(plain * SGD_EPOCHS / sgd, 1),
        "sgd_over_converged": round(sgd / converged, 1),
        "accuracy_paper": paper.accuracy(test, test_labels),
        "accuracy_converged": readout.accuracy(test, test_labels),
    }
    if options.sklearn:
        model = LogisticRegression(max_iter=2000, tol=1e-5)
        seconds, model = best(lambda: model.fit(latents.numpy(), labels.numpy()), 1)
        score = 100 * model.score(test.numpy(), test_labels.numpy())
        found |= {"sklearn_s": round(seconds, 1), "accuracy_sklearn": score}
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
