"""How alike several networks see the same images: linear CKA and RSA of each pair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich.box import SIMPLE
from rich.table import Table

from pad_core.checkpoint.file import PadNetwork, load
from pad_core.data.images import as_unit
from pad_core.data.load import is_local, load_dataset
from pad_core.errors import PadError, printable
from pad_core.evaluation.paper_measures import evaluated_images
from pad_core.evaluation.similarity import geometry_of, pairwise
from pad_core.evaluation.state_similarity import LAYERS, activities
from pad_core.system.hardware import choose_device

_BATCH_SIZE = 250
FIELDS = {
    "files": "checkpoints, in the order of the matrices' rows and columns",
    "names": "of the networks: data set, condition, seed, epoch",
    "dataset": "whose test images all of them saw",
    "images": "how many",
    "layer": "of the encoder: conv1, conv2, conv3, or z, the latents",
    "cka": "linear CKA of each pair of networks, rows of numbers in 0–1",
    "rsa": "Spearman's correlation of their dissimilarities of images, rows of numbers in −1–1",
}


def compare_files(
    files: Sequence[Path],
    data: str | None,
    root: str,
    images: int = 1_000,
    layer: str = "z",
    device: str = "cpu",
) -> dict[str, Any]:
    """Compare two networks or more on the same test images; the object's fields are ``FIELDS``.

    Args:
        data: spec of a data set; None for the networks' own, if all have the same.
        images: at most this many test images, always the same ones.
        layer: one of ``state_similarity.LAYERS``.

    Raises:
        PadError: a single file, an unreadable one, no images to compare on, or another layer.
    """
    if len(files) < 2:
        raise PadError("A comparison takes two checkpoints or more.")
    if layer not in LAYERS:
        raise PadError(f"A layer is one of {', '.join(LAYERS)}, not {layer!r}.")
    chosen = choose_device(device)
    networks = [load(path, chosen) for path in files]
    dataset = load_dataset(_own(networks, root) if data is None else data, root)
    places = evaluated_images(len(dataset.test), images, 0)
    seen = dataset.test.images[places]
    matrices = pairwise([geometry_of(activity(network, seen, layer)) for network in networks])
    return {
        "files": [printable(str(path)) for path in files],
        "names": [network.name for network in networks],
        "dataset": dataset.name,
        "images": len(places),
        "layer": layer,
    } | {
        name: [[float(f"{value:.6g}") if value == value else None for value in row] for row in rows]
        for name, rows in matrices._asdict().items()
    }


def comparison_tables(found: dict[str, Any]) -> list[Table]:
    """Both matrices as tables; networks are numbered, and named in the first column."""
    tables = []
    for key, title in (("cka", "Linear CKA"), ("rsa", "Representational similarity (RSA)")):
        table = Table(
            title=f"{title} of {found['layer']} on {found['images']:,} test images of "
            f"{found['dataset']}",
            box=SIMPLE,
        )
        table.add_column("", min_width=20)
        for number in range(1, len(found["names"]) + 1):
            table.add_column(str(number), justify="right")
        for number, (name, row) in enumerate(zip(found["names"], found[key], strict=True), 1):
            cells = ("–" if value is None else f"{value:.3f}" for value in row)
            table.add_row(f"{number} {name}", *cells)
        tables.append(table)
    return tables


def _own(networks: Sequence[PadNetwork], root: str) -> str:
    specs = {str(network.header.dataset.get("spec", "")) for network in networks}
    if len(specs) > 1:
        raise PadError(
            "These networks were trained on different data: choose with --data the images to "
            "compare them on."
        )
    (spec,) = specs
    if not is_local(spec, root):
        raise PadError(
            f"{networks[0].header.dataset_name}, which these networks were trained on, is not "
            "here; say with --data where it lies, or which images to take."
        )
    return spec


@torch.inference_mode()
def activity(network: PadNetwork, images: torch.Tensor, layer: str) -> torch.Tensor:
    """Activity of one of ``state_similarity.LAYERS`` that images elicit, on the network's device.

    Args:
        images: (N, 3, 32, 32), uint8 or float in [−1, 1].

    Returns:
        (N, units).
    """
    encoder = network.networks.encoder
    device = encoder.conv1.weight.device
    batches = (as_unit(batch.to(device)) for batch in images.split(_BATCH_SIZE))
    return torch.cat([activities(encoder, batch)[layer] for batch in batches])
