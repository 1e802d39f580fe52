"""What the paper claims, and how we ask whether our networks agree.

A claim compares two conditions in one measure, or one condition with its own beginning. With
two networks (seeds) or more of both conditions the test is Welch's t over seeds. With one of
either it is a z-test over test images and, where a read-out is trained, over read-out seeds:
that says how sure the difference of *these* networks is, not of others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from pad_core.checkpoint.schema import Header
from pad_core.evaluation.statistics import Difference, accuracy_se, mean_sem, welch, z_test
from pad_core.report.catalogue import Shelf
from pad_core.report.palette import style
from pad_core.report.paper import PAPER_EPOCHS, PAPER_IMAGES, paper_name
from pad_core.report.summary import Group

Status = Literal["agrees", "does not agree", "cannot be told"]
ALPHA = 0.05
ALIKE_POINTS = 2.0  # how far apart accuracies may be that the paper calls alike

WHILE_TRAINING = "Linear separability, read out while it trained (one read-out)"
DECLINE_POINTS = 1.0  # what an accuracy has to lose before it counts as a decline


def beside_paper(header: Header) -> str:
    """What stands between a network's numbers and the paper's, as a sentence; '' for nothing."""
    name = paper_name(header.dataset_name)
    if name is None:
        return "The paper has no such data."
    n_train, whole, epochs = header.dataset["n_train"], PAPER_IMAGES[name], header.epoch
    if n_train < 0.9 * whole:
        return (
            f"The paper's networks were trained on {whole:,} images of {name}: the {epochs} epochs "
            f"of {n_train:,} here have as many as {epochs * n_train / whole:.1f} of those."
        )
    these = f"these {epochs}" if epochs > 1 else "this one"
    return "" if epochs == PAPER_EPOCHS else f"The paper trains {PAPER_EPOCHS} epochs, not {these}."


class Verdict(NamedTuple):
    """Whether ours agrees, on what grounds, and how many networks of a condition these are.

    networks: of the condition that has fewest; 0 where nothing could be compared. With 1, the
    verdict is about these very networks: others of their conditions may differ.
    """

    status: Status
    grounds: str
    networks: int = 0

    @property
    def told(self) -> str:
        """'agrees with the paper, n = 1'."""
        of = "" if self.status == "cannot be told" else " with the paper"
        return f"{self.status}{of}" + (f", n = {self.networks}" if self.networks else "")


class Claim(NamedTuple):
    """A claim in our words, where the paper makes it, and how to judge it on a data set."""

    text: str
    where: str
    judge: Callable[[Shelf, str], Verdict]
    conditions: tuple[str, ...] = ("pad",)


class Measure(NamedTuple):
    """A number of an evaluation: its name, its path, and its standard error where known.

    varies_over: what that standard error is about.
    """

    name: str
    path: tuple[str, ...]
    error: Callable[[dict[str, Any]], float | None]
    digits: int = 2
    varies_over: str = "test images and read-out seeds"


def _separability_error(e: dict[str, Any]) -> float:
    spread = (e.get("linear_separability_sd") or 0.0) / math.sqrt(e["protocol"]["readout_seeds"])
    return math.hypot(accuracy_se(e["linear_separability"], e["n_test"]), spread)


def occluded(intensity: int) -> Measure:
    """Accuracy by the paper's protocol at an occlusion intensity in percent."""

    def error(e: dict[str, Any]) -> float:
        low, high = e["occlusion_interval"][str(intensity)]
        return float(high - low) / 3.92

    return Measure(f"accuracy at {intensity} % occlusion", ("occlusion", str(intensity)), error)


SEPARABILITY = Measure(
    "linear separability (by evaluate, mean of its read-outs)",
    ("linear_separability",),
    _separability_error,
)
INTRA = Measure(
    "intra/inter ratio", ("intra_inter_ratio",),
    lambda e: e["intra_inter_ratio_se"], 3, "test images",
)  # fmt: skip
OCCLUDED_RATIO = Measure(
    "clean-occluded/inter ratio", ("clean_occluded_ratio",),
    lambda e: e["clean_occluded_ratio_se"], 3, "test images",
)  # fmt: skip


def higher(measure: Measure, high: str, low: str, where: str, text: str) -> Claim:
    """The claim that ``measure`` is higher in one condition than in the other."""

    def judge(shelf: Shelf, dataset: str) -> Verdict:
        groups = shelf.group(dataset, high), shelf.group(dataset, low)
        if groups[0] is None or groups[1] is None:
            return _missing(groups, (high, low))
        difference = _difference(measure, groups[0], groups[1])
        if difference is None:
            return Verdict("cannot be told", f"{measure.name} was not recorded with its error.")
        grounds = _grounds(measure, groups[0], groups[1], difference)
        n = _fewest(groups[0], groups[1])
        if difference.p >= ALPHA:
            return Verdict("cannot be told", f"{grounds} The difference may be chance.", n)
        return Verdict("agrees" if difference.estimate > 0 else "does not agree", grounds, n)

    return Claim(text, where, judge, (high, low))


def alike(
    measure: Measure, one: str, other: str, where: str, text: str, lower: bool = False
) -> Claim:
    """The claim of no big difference: within 2 points, or, with ``lower``, not that far below."""

    def judge(shelf: Shelf, dataset: str) -> Verdict:
        groups = shelf.group(dataset, one), shelf.group(dataset, other)
        if groups[0] is None or groups[1] is None:
            return _missing(groups, (one, other))
        difference = _difference(measure, groups[0], groups[1])
        if difference is None:
            return Verdict("cannot be told", f"{measure.name} was not recorded with its error.")
        grounds = _grounds(measure, groups[0], groups[1], difference)
        apart = difference.estimate if lower else -abs(difference.estimate)
        n = _fewest(groups[0], groups[1])
        if apart >= -ALIKE_POINTS:
            if not lower or difference.estimate < 0:
                though = ", though the difference is hardly chance" if difference.p < ALPHA else ""
                grounds += f" Within {ALIKE_POINTS:g} points counts as alike{though}."
            return Verdict("agrees", grounds, n)
        if difference.p >= ALPHA:
            return Verdict("cannot be told", f"{grounds} The difference may be chance.", n)
        return Verdict("does not agree", grounds, n)

    return Claim(text, where, judge, (one, other))


def trend(
    value: Callable[[dict[str, Any]], float | None],
    rises: bool,
    condition: str,
    where: str,
    text: str,
    what: str,
) -> Claim:
    """The claim that a value of the history rises (or falls) from the first to the last epoch.

    what: names the value, and says how it was measured.
    """

    def judge(shelf: Shelf, dataset: str) -> Verdict:
        changes = []
        for entry in shelf.latest(dataset, condition):
            seen = [(h["epoch"], v) for h in entry.header.history if (v := value(h)) is not None]
            if len(seen) > 1:
                changes.append((seen[0], seen[-1]))
        if not changes:
            return Verdict("cannot be told", f"No history of {style(condition).label} has it.")
        if all(abs(last[1] - first[1]) < 0.01 * abs(first[1]) for first, last in changes):
            return Verdict(
                "cannot be told",
                f"{what} changed by less than 1 % from first to last epoch.",
                len(changes),
            )
        expected = [(last[1] > first[1]) == rises for first, last in changes]
        (e0, v0), (e1, v1) = changes[0]
        whose = ""
        if len(changes) > 1:
            verb = "rises" if rises else "falls"
            whose = f"; it {verb} in {sum(expected)} of {len(changes)} networks, this is the first"
        grounds = (
            f"{what}: {v0:.3g} at epoch {e0}, {v1:.3g} at epoch {e1}{whose}. First against last "
            "epoch, no test."
        )
        return Verdict("agrees" if all(expected) else "does not agree", grounds, len(changes))

    return Claim(text, where, judge, (condition,))


def declines(
    value: Callable[[dict[str, Any]], float | None], condition: str, where: str, text: str
) -> Claim:
    """The claim that accuracy (percent) falls late in training; needs histories of 50 epochs.

    The mean of the last fifth of the measured values stands against the best mean of as many
    values in a row before, as single ones scatter.
    """

    def judge(shelf: Shelf, dataset: str) -> Verdict:
        falls = []
        for entry in shelf.latest(dataset, condition):
            seen = [v for h in entry.header.history if (v := value(h)) is not None]
            window = len(seen) // 5
            if entry.header.epoch >= PAPER_EPOCHS and window > 0:
                means = [sum(seen[i : i + window]) / window for i in range(len(seen) - window + 1)]
                falls.append((max(means[:-1]), means[-1]))
        if not falls:
            return Verdict(
                "cannot be told",
                f"The paper saw it over 100 epochs; no history of {style(condition).label} has "
                f"{PAPER_EPOCHS} epochs with five measurements.",
            )
        fell = [last < best - DECLINE_POINTS for best, last in falls]
        best, last = falls[0]
        whose = ""
        if len(fell) > 1:
            whose = f"; {sum(fell)} of {len(fell)} networks fall so, this is the first"
        grounds = (
            f"{WHILE_TRAINING}: {best:.2f} % at its best, {last:.2f} % at the end{whose}. "
            f"A fall counts from {DECLINE_POINTS:g} point. Means over a fifth of the "
            "measurements, no test."
        )
        return Verdict("agrees" if all(fell) else "does not agree", grounds, len(fell))

    return Claim(text, where, judge, (condition,))


def above_untrained(condition: str, where: str, text: str) -> Claim:
    """The claim that a condition's intra/inter ratio is about that of an untrained network."""

    def judge(shelf: Shelf, dataset: str) -> Verdict:
        group, pad = shelf.group(dataset, condition), shelf.group(dataset, "pad")
        if group is None or pad is None:
            return _missing((group, pad), (condition, "pad"))
        untrained = group.values("baselines", "untrained", "intra_inter_ratio")
        if not untrained:
            return Verdict("cannot be told", "The untrained network was not measured.")
        ours, full = mean_sem(group.values(*INTRA.path))[0], mean_sem(pad.values(*INTRA.path))[0]
        if math.isnan(ours + full):
            return Verdict("cannot be told", f"The {INTRA.name} was not measured.")
        nearer = abs(ours - untrained[0]) < abs(ours - full)
        grounds = (
            f"{style(condition).label} {ours:.3f}, untrained {untrained[0]:.3f}, PAD {full:.3f}; "
            f"nearer to {'the untrained network' if nearer else 'PAD'}. No test."
        )
        return Verdict("agrees" if nearer else "does not agree", grounds, _fewest(group, pad))

    return Claim(text, where, judge, (condition, "pad"))


def dreams_improve(kind: str) -> Claim:
    """The claim that the Fréchet distance of NREM or REM dreams falls with training."""

    def judge(shelf: Shelf, dataset: str) -> Verdict:
        early, late = shelf.group(dataset, "pad", early=True), shelf.group(dataset, "pad")
        names = [] if late is None else [
            name for name in late.evaluations[0]["frechet"] if name.endswith(f", {kind} dreams")
        ]  # fmt: skip
        if early is None or late is None or not names:
            return Verdict("cannot be told", "Needs an early and a late network, both recorded.")
        first = {e["seed"]: e for e in early.evaluations}
        pairs = [
            (first[e["seed"]]["frechet"].get(names[0]), e["frechet"][names[0]], first[e["seed"]], e)
            for e in late.evaluations
            if e["seed"] in first
        ]
        pairs = [pair for pair in pairs if pair[0] is not None]
        if not pairs:
            return Verdict("cannot be told", "Early and late networks used different features.")
        falls = [before > after for before, after, _, _ in pairs]
        before, after, one, other = pairs[0]
        whose = ""
        if len(falls) > 1:
            whose = f"; it falls in {sum(falls)} of {len(falls)} networks, this is the first"
        grounds = (
            f"{names[0]}: {before:.3g} at epoch {one['epoch']}, {after:.3g} at epoch "
            f"{other['epoch']}{whose}. No test."
        )
        return Verdict("agrees" if all(falls) else "does not agree", grounds, len(falls))

    where = "§2.2, Figure 3d"
    return Claim(f"{kind} dreams become more like images with training.", where, judge)


def _fewest(one: Group, other: Group) -> int:
    return min(len(one.evaluations), len(other.evaluations))


def _difference(measure: Measure, one: Group, other: Group) -> Difference | None:
    a, b = one.values(*measure.path), other.values(*measure.path)
    if min(len(a), len(b)) >= 2:
        return welch(a, b)
    if not a or not b:
        return None
    errors = []
    for group in (one, other):
        parts = [measure.error(e) for e in group.evaluations]
        if any(part is None for part in parts):
            return None
        errors.append(math.sqrt(sum(part**2 for part in parts if part is not None)) / len(parts))
    over = f"{measure.varies_over}; too few networks to test over seeds"
    return z_test(mean_sem(a)[0], errors[0], mean_sem(b)[0], errors[1], over)


def _grounds(measure: Measure, one: Group, other: Group, difference: Difference) -> str:
    shown = []
    for group in (one, other):
        mean = mean_sem(group.values(*measure.path))[0]
        shown.append(
            f"{style(group.condition).label} {mean:.{measure.digits}f} "
            f"(epoch {group.epoch}, n = {len(group.evaluations)})"
        )
    p = "p < 0.001" if difference.p < 0.001 else f"p = {difference.p:.3f}"
    grounds = (
        f"{measure.name[0].upper()}{measure.name[1:]}: {shown[0]}, {shown[1]}; "
        f"difference {difference.estimate:+.{measure.digits}f}, {p} ({difference.test})."
    )
    converged = [group.values("converged_separability") for group in (one, other)]
    if measure is SEPARABILITY and all(converged):
        means = " and ".join(f"{mean_sem(values)[0]:.2f}" for values in converged)
        grounds += f" Converged read-outs, which the paper has not: {means}."
    return grounds


def _missing(groups: tuple[Group | None, Group | None], names: tuple[str, str]) -> Verdict:
    lacking = [style(n).label for n, group in zip(names, groups, strict=True) if group is None]
    return Verdict("cannot be told", f"Missing or not evaluated: {' and '.join(lacking)}.")
