"""``evaluate`` for files: find their data, measure one after the other, show the progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from pad_core.checkpoint.evaluation_record import Evaluation
from pad_core.checkpoint.file import PadNetwork, load, update_metrics
from pad_core.checkpoint.same_data import comparable_record, what_changed
from pad_core.data.load import DataSet, is_local, load_dataset
from pad_core.errors import PadError, printable
from pad_core.evaluation.evaluate import Protocol, evaluate, measure_baselines, measure_reference
from pad_core.evaluation.frechet import Features, classifier_features, inception_features
from pad_core.evaluation.other_measures import Reference
from pad_core.system.files import file_sha256
from pad_core.system.hardware import choose_device

MEMORIES = "memories"
DOWNLOAD = "download"  # Inception's weights


class EvaluationOfFile(Evaluation):
    """An evaluation with the checkpoint's path and its hash."""

    file: str
    sha256: str


def evaluate_files(
    files: Sequence[Path],
    data: str | None,
    root: str,
    protocol: Protocol,
    fid: str | None = None,
    device: str = "cpu",
    record: bool = False,
    on_problem: Callable[[str], None] = lambda problem: None,
) -> Iterator[EvaluationOfFile]:
    """Evaluate checkpoints, one after the other: JSON-ready, with 'file' and 'sha256' in front.

    Args:
        data: spec of a data set, 'memories', or None for each checkpoint's own data set if that
            lies here, else its memories.
        record: write each result into its file's header; ``sha256`` is then the new one.
        fid: None for the shipped classifier's features, 'download' or a file of Inception
            weights for FID. If they can't be downloaded, a line on stderr says so and the
            classifier's features take their place, under their own name, unless ``record``.
        on_problem: called with a sentence about a checkpoint that can't be measured or recorded;
            the others go on.

    Raises:
        PadError: an unreadable file, data set or file of weights, or a data set of other classes
            or a distance of other features that is to be recorded.
    """
    chosen = choose_device(device)
    # All are opened before the first is measured: a wrong name fails at once.
    networks = [load(path, chosen) for path in files]
    specs = [_spec(network, data, root) for network in networks]
    features = _features(fid, str(chosen), record)
    loaded: dict[str, DataSet | None] = {}
    baselines: dict[str, dict[str, Any]] = {}
    beside: dict[str, Reference] = {}
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(24), TaskProgressColumn(),
        TimeRemainingColumn(compact=True),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading images", total=len(networks) + 1.0)
        for spec, network in zip(specs, networks, strict=True):
            if spec not in loaded:
                loaded[spec] = None if spec == MEMORIES else load_dataset(spec, root)
            _check_own(network, loaded[spec], record)
        for index, (spec, network) in enumerate(zip(specs, networks, strict=True)):
            dataset = loaded[spec]
            label = f"{index + 1}/{len(networks)} {network.name}"

            def step(what: str, share: float, done: float = index, label: str = label) -> None:
                bar.update(task, description=f"{label}: {what}", completed=done + share)

            try:
                if dataset is not None and spec not in baselines:
                    baselines[spec] = measure_baselines(dataset, protocol, lambda what, share: None)
                    beside[spec] = measure_reference(dataset, features, protocol)
                result = evaluate(
                    network,
                    dataset,
                    features,
                    protocol,
                    baselines.get(spec),
                    step,
                    beside.get(spec),
                )
            except PadError as error:  # the other networks' results are still good
                on_problem(f"{network.path} is not measured: {error}")
                continue
            digest = network.sha256
            if record:
                try:
                    update_metrics(network.path, result)
                    digest = file_sha256(network.path)
                except PadError as error:
                    on_problem(f"Not recorded: {error}")
            yield {"file": printable(str(network.path)), "sha256": digest, **result}
        bar.update(task, completed=len(networks) + 1.0)


def _check_own(network: PadNetwork, dataset: DataSet | None, record: bool) -> None:
    """Print a line on stderr if a network's own data set has changed since it was trained.

    Raises:
        PadError: a network's header can't record what is measured on these data.
    """
    header = network.header
    if dataset is None:
        return
    if record and dataset.class_names != network.class_names:
        raise PadError(
            f"{network.path} was trained on {header.dataset.get('name')}, whose classes are "
            f"not those of {dataset.name}, and its header records its own data only; leave "
            "out --record."
        )
    trained_on = header.dataset | {"class_names": list(network.class_names)}
    changed = what_changed(trained_on, comparable_record(dataset))
    if not changed or header.dataset_name != dataset.name:
        return
    sentence = (
        f"{dataset.spec} now has {changed} than when {network.path} was trained: some images "
        "may serve both training and testing"
    )
    if record and "number" in changed:
        raise PadError(f"{sentence}; leave out --record, or give the data of that time.")
    print(f"{sentence}.", file=sys.stderr)


def _spec(network: PadNetwork, data: str | None, root: str) -> str:
    if data is not None:
        return data
    spec = str(network.header.dataset.get("spec", ""))
    return spec if is_local(spec, root) else MEMORIES


def _features(fid: str | None, device: str, record: bool) -> Features:
    if fid is None:
        return classifier_features(device)
    if fid != DOWNLOAD:
        if not Path(fid).is_file():
            raise PadError(f"There is no file {fid}, which --fid names.")
        return inception_features(Path(fid), device)
    try:
        return inception_features(None, device)
    except PadError as error:
        if record:
            raise PadError(f"No FID to record: {error} Leave out --fid or --record.") from None
        instead = "The Fréchet distance is measured on the shipped classifier's features."
        print(f"No FID: {error} {instead}", file=sys.stderr)
        return classifier_features(device)
