"""``evaluate`` for files: find their data, measure one after the other, show how far it is."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from pad_core.checkpoint.file import PadNetwork, load, update_metrics
from pad_core.data.load import DataSet, is_local, load_dataset
from pad_core.errors import PadError, printable
from pad_core.evaluation.battery import Reference
from pad_core.evaluation.evaluate import Protocol, evaluate, measure_baselines, measure_reference
from pad_core.evaluation.frechet import Features, classifier_features, inception_features
from pad_core.system.files import file_sha256
from pad_core.system.hardware import choose_device

MEMORIES = "memories"


def evaluate_files(
    files: Sequence[Path],
    data: str | None,
    root: str,
    protocol: Protocol,
    fid: str | None = None,
    device: str = "cpu",
    record: bool = False,
) -> list[dict[str, Any]]:
    """Evaluate checkpoints; one JSON-ready object each, with 'file' and 'sha256' in front.

    Args:
        data: spec of a data set, 'memories', or None for each checkpoint's own data set where
            it is here without a download, and its memories where it is not.
        record: write each result into its file's header; the sha256 is then the new one.
        fid: None for the shipped classifier's features, 'download' or a file of Inception
            weights for FID. Where those can't be had, a line on stderr says so and the
            classifier's take their place, under their own name.

    Raises:
        PadError: a file or data set that can't be read, or, to be recorded, of other classes.
    """
    chosen = choose_device(device)
    # All are opened before the first is measured: a wrong name fails at once.
    networks = [load(path, chosen) for path in files]
    features = _features(fid, str(chosen))
    loaded: dict[str, DataSet | None] = {}
    baselines: dict[str, dict[str, Any]] = {}
    beside: dict[str, Reference] = {}
    found = []
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(24), TaskProgressColumn(),
        TimeRemainingColumn(compact=True),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading images", total=len(networks) + 1.0)
        for index, network in enumerate(networks):
            spec = _spec(network, data, root)
            if spec not in loaded:
                loaded[spec] = None if spec == MEMORIES else load_dataset(spec, root)
            dataset = loaded[spec]
            label = f"{index + 1}/{len(networks)} {network.name}"

            def step(what: str, share: float, done: float = index, label: str = label) -> None:
                bar.update(task, description=f"{label}: {what}", completed=done + share)

            if record and dataset is not None and dataset.class_names != network.class_names:
                raise PadError(
                    f"{network.path} was trained on {network.header.dataset.get('name')}, whose "
                    f"classes are not those of {dataset.name}: its header records its own data "
                    "only; leave out --record."
                )
            if dataset is not None and spec not in baselines:
                baselines[spec] = measure_baselines(dataset, protocol, lambda what, share: None)
                beside[spec] = measure_reference(dataset, features, protocol)
            result = evaluate(
                network, dataset, features, protocol, baselines.get(spec), step, beside.get(spec)
            )
            if record:
                update_metrics(network.path, result)
            digest = file_sha256(network.path) if record else network.sha256
            found.append({"file": printable(str(network.path)), "sha256": digest} | result)
        bar.update(task, completed=len(networks) + 1.0)
    return found


def _spec(network: PadNetwork, data: str | None, root: str) -> str:
    if data is not None:
        return data
    spec = str(network.header.dataset.get("spec", ""))
    return spec if is_local(spec, root) else MEMORIES


def _features(fid: str | None, device: str) -> Features:
    if fid is not None:
        try:
            return inception_features(None if fid == "download" else Path(fid), device)
        except PadError as error:
            instead = "The Fréchet distance is measured on the shipped classifier's features."
            print(f"No FID: {error} {instead}", file=sys.stderr)
    return classifier_features(device)
