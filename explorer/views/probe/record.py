"""What is recorded of networks: how much can be read out as real images are occluded, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.views.probe.accuracy import Measure
from pad_core.checkpoint.file import PadNetwork
from pad_core.report.claims import beside_paper
from pad_core.report.paper import PAPER_SEPARABILITY, paper_name

REAL = "real images"  # what is measured on, in records and estimates
_FULL_MODEL, _WITHOUT_REM = "pad", "wo_rem"


@dataclass(frozen=True)
class Record:
    """A network's recorded occlusion curve on real test images.

    label: tells the network from the others. percent: of patches occluded, ascending from 0.
    accuracy: in percent, of each; low, high: its 95 % interval over images, () if not recorded.
    images: what was tested on, a name and a fingerprint; n_images: how many. paper: mean and SEM
    in the paper's Table 1, if comparable.
    """

    label: str
    condition: str
    percent: tuple[int, ...]
    accuracy: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    images: tuple[str, str | None]
    n_images: int
    paper: tuple[float, float] | None = None

    def nearest(self, percent: float) -> int:
        """The place on the curve that lies nearest to an intensity in percent."""
        return min(range(len(self.percent)), key=lambda i: abs(self.percent[i] - percent))

    def lost(self, percent: float) -> int:
        """Points lost against undisturbed images, at the nearest recorded intensity.

        Of accuracies as they are shown: 57 % and 40 % are 17 points apart.
        """
        return round(self.accuracy[0]) - round(self.accuracy[self.nearest(percent)])


def recorded(network: PadNetwork, label: str, measure: Measure) -> Record | None:
    """What ``evaluate --record`` wrote of a network by this measure; None without real images."""
    found, paper = network.metrics, measure == "paper"
    curve = found.get("occlusion" if paper else "occlusion_converged")
    if not isinstance(curve, dict) or "0" not in curve or found.get("on") != REAL:
        return None
    interval = found.get("occlusion_interval", {}) if paper else {}
    names = sorted(curve, key=int)
    known = all(name in interval for name in names)
    low, high = (tuple(interval[name][i] for name in names) if known else () for i in (0, 1))
    return Record(
        label,
        network.header.condition.name,
        tuple(map(int, names)),
        tuple(curve[name] for name in names),
        low,
        high,
        (found["dataset"], found.get("dataset_sha256")),
        found["occlusion_n"],
        published(network, measure, REAL),
    )


def published(network: PadNetwork, measure: Measure, on: str) -> tuple[float, float] | None:
    """The paper's mean and SEM on undisturbed images, if they may stand beside ours.

    Ours must be measured by its protocol, on real images, of a network that was trained as the
    paper's were, on CIFAR-10 or SVHN.
    """
    header = network.header
    if measure != "paper" or on != REAL or beside_paper(header):
        return None
    values = PAPER_SEPARABILITY[paper_name(header.dataset_name) or ""]
    return values.get(header.condition.name)


def told(records: Sequence[Record], percent: float) -> str:
    """What networks tested on the same images lose at the nearest intensity, and read rightly.

    The first sentence names the network that loses most, the second the one that lacks REM alone,
    or else the one that does worst; each with the full model, or that which does best: 'At 30 %
    occlusion, w/o NREM loses 18 points, PAD 8. Undisturbed, 46 % of images are read rightly from
    w/o REM, 56 % from PAD.'
    """
    at = records[0].percent[records[0].nearest(percent)]
    return f"{_occluded(records, at)} {_undisturbed(records)}" if at else _undisturbed(records)


def _occluded(records: Sequence[Record], at: int) -> str:
    ranked = sorted(records, key=lambda one: one.lost(at))
    most, other = ranked[-1], _beside(ranked[-1], ranked)
    points = most.lost(at)
    said = f"At {at} % occlusion, {most.label} loses {points} point{'s' if points != 1 else ''}"
    return f"{said}, {other.label} {other.lost(at)}." if other else f"{said}."


def _undisturbed(records: Sequence[Record]) -> str:
    ranked = sorted(records, key=lambda one: -one.accuracy[0])
    least = next((one for one in ranked if one.condition == _WITHOUT_REM), ranked[-1])
    other = _beside(least, ranked)
    said = f"Undisturbed, {least.accuracy[0]:.0f} % of images are read rightly from {least.label}"
    return f"{said}, {other.accuracy[0]:.0f} % from {other.label}." if other else f"{said}."


def _beside(one: Record, ranked: Sequence[Record]) -> Record | None:
    """The full model beside a network, else the best of these; None if there is no other."""
    others = [other for other in ranked if other is not one]
    return next((o for o in others if o.condition == _FULL_MODEL), next(iter(others), None))
