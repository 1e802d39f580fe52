"""The catalogue of checkpoints: which data set, condition, seed and epoch lies in which file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pad_core.checkpoint.evaluation_record import NEEDED, Evaluation
from pad_core.checkpoint.file import load_header
from pad_core.checkpoint.schema import Header
from pad_core.data.identity import labels
from pad_core.errors import PadError
from pad_core.report.summary import Group, grouped

UNREADABLE = "state.safetensors"  # a run's own state is no checkpoint


@dataclass(frozen=True)
class Entry:
    """A checkpoint file and its header.

    told: the distinct name of its data set; '' before ``find`` has given one.
    """

    path: Path
    header: Header
    told: str = ""

    @property
    def dataset(self) -> str:
        """Name of its data set, distinct from others of the same name."""
        return self.told or self.header.dataset_name

    @property
    def key(self) -> tuple[str, str, int]:
        """Data set, condition (``Header.group``), seed."""
        return self.dataset, self.header.group, self.header.seed

    @property
    def evaluation(self) -> Evaluation | None:
        """What ``evaluate --record`` wrote; None if it, or a needed field, is missing."""
        metrics = self.header.metrics
        return metrics if metrics.keys() >= NEEDED else None


class Catalogue:
    """Checkpoints, sorted by data set, condition, seed and epoch."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = sorted(entries, key=lambda e: (*e.key, e.header.epoch, e.evaluation is None))

    @property
    def datasets(self) -> list[str]:
        """Names of the data sets, each once."""
        return list(dict.fromkeys(entry.dataset for entry in self.entries))

    def latest(self, dataset: str, condition: str) -> list[Entry]:
        """The most trained network of each seed; of equally trained ones, one with a record."""
        best: dict[int, Entry] = {}
        for entry in self.entries:
            if entry.key[:2] == (dataset, condition):
                seen = best.get(entry.header.seed)
                if seen is None or entry.header.epoch > seen.header.epoch:
                    best[entry.header.seed] = entry
        return list(best.values())

    def earliest(self, dataset: str, condition: str) -> list[Entry]:
        """The least trained network of each seed, unless it is the latest, too."""
        first: dict[int, Entry] = {}
        for entry in self.entries:
            if entry.key[:2] == (dataset, condition):
                first.setdefault(entry.header.seed, entry)
        last = {e.header.seed: e.header.epoch for e in self.latest(dataset, condition)}
        return [e for seed, e in first.items() if e.header.epoch < last[seed]]

    def group(self, dataset: str, condition: str, early: bool = False) -> Group | None:
        """Recorded evaluations of a condition's networks; None without any.

        All are on real images if one is, else on reconstructions. All are after the same number of
        epochs: the largest that has a record, or the smallest if ``early``.
        """
        recorded = Catalogue([e for e in self.entries if e.evaluation is not None])
        entries = (recorded.earliest if early else recorded.latest)(dataset, condition)
        groups = grouped([e.evaluation for e in entries if e.evaluation is not None])
        real = [g for g in groups if g.evaluations[0]["on"] == "real images"]
        ranked = sorted(real or groups, key=lambda g: g.epoch, reverse=not early)
        return next(iter(ranked), None)

    def alike(self, dataset: str, *conditions: str) -> list[Group | None]:
        """Recorded evaluations of conditions after the largest number of epochs that all share.

        A condition without any gives None, and does not constrain the others. If no number is
        shared, each condition gives its latest.
        """
        found = [self.by_epoch(dataset, condition) for condition in conditions]
        shared = set.intersection(*present) if (present := [set(f) for f in found if f]) else set()
        if not shared:
            return [self.group(dataset, condition) for condition in conditions]
        return [f.get(max(shared)) for f in found]

    def by_epoch(self, dataset: str, condition: str) -> dict[int, Group]:
        """Recorded evaluations by epoch, the last first; one of a seed, on real images if any."""
        own = [entry.evaluation for entry in self.entries if entry.key[:2] == (dataset, condition)]
        groups = grouped([evaluation for evaluation in own if evaluation is not None])
        real = [group for group in groups if group.evaluations[0]["on"] == "real images"]
        return {group.epoch: group for group in reversed(real or groups)}

    def groups(self, dataset: str, conditions: Sequence[str]) -> list[Group]:
        """The groups of ``alike``, without those conditions that have none."""
        return [group for group in self.alike(dataset, *conditions) if group is not None]

    def early_and_late_frechet(self, dataset: str) -> list[tuple[str, Group]]:
        """PAD's earliest and latest networks with a recorded Fréchet distance of dreams."""
        stages = []
        for stage, early in (("early", True), ("late", False)):
            group = self.group(dataset, "pad", early=early)
            if group is not None and group.evaluations[0]["frechet"]:
                stages.append((f"{stage} (epoch {group.epoch})", group))
        return stages


def find(paths: Sequence[Path]) -> tuple[Catalogue, list[str]]:
    """Find checkpoints among files and below folders; also a line for each unreadable one.

    Raises:
        PadError: a missing path, except for the default folders.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(p for p in path.rglob("*.safetensors") if p.name != UNREADABLE)
        elif path.exists():
            files.append(path)
        elif path not in (Path("checkpoints"), Path("runs")):
            raise PadError(f"There is no file or folder {path}.")
    entries, problems = [], []
    for file in files:
        try:
            entries.append(Entry(file, load_header(file)))
        except PadError as error:
            problems.append(str(error))
    names = labels([entry.header.data for entry in entries])
    return Catalogue(
        [replace(e, told=name) for e, name in zip(entries, names, strict=True)]
    ), problems
