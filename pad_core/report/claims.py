"""The paper's claims, and the tests that judge whether our networks agree.

A claim compares two conditions in one measure, or one condition early and late in training. With
two or more networks (seeds) of both conditions, the test is Welch's t over networks. With one
network of either, it is a t-test over test images (the same ones, if both networks saw them) and
over probe seeds. That test is about *these* networks alone, not about others of their conditions,
and settles no claim. p-values are corrected for the number of claims about a data set (Holm).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from pad_core.checkpoint.evaluation_record import Evaluation
from pad_core.checkpoint.schema import Header
from pad_core.evaluation.statistics import (
    ErrorPart,
    Estimate,
    Trend,
    accuracy_se,
    holm,
    mean_estimate,
    mean_sem,
    p_above,
    p_beyond,
    p_different,
    p_equivalent,
    paired_images,
    sample_mean,
    trend_of,
    unpack_counts,
)
from pad_core.report.catalogue import Catalogue
from pad_core.report.palette import style
from pad_core.report.paper import PAPER_EPOCHS, PAPER_IMAGES, paper_name
from pad_core.report.summary import Group, mean_and_sem, numbers

Status = Literal[
    "agrees", "does not agree", "this network does", "this network does not", "cannot be told"
]
ALPHA = 0.05
ALIKE_POINTS = 2.0  # the paper calls accuracies alike that are less far apart

WHILE_TRAINING = "Linear separability during training (one probe)"
DECLINE_POINTS = 1.0  # a smaller loss of accuracy is no decline


def beside_paper(header: Header) -> str:
    """How a network's training differs from the paper's, as a sentence; '' if it does not."""
    name = paper_name(header.dataset_name)
    if name is None:
        return "The paper has no such data set."
    n_train, whole, epochs = header.dataset["n_train"], PAPER_IMAGES[name], header.epoch
    if n_train < 0.9 * whole:
        return (
            f"The paper's networks were trained on {whole:,} images of {name}: {epochs} epochs of "
            f"{n_train:,} here show as many images as {epochs * n_train / whole:.1f} epochs there."
        )
    these = f"these {epochs}" if epochs > 1 else "this one"
    return "" if epochs == PAPER_EPOCHS else f"The paper trains {PAPER_EPOCHS} epochs, not {these}."


class Verdict(NamedTuple):
    """Whether ours agree, on what grounds, and with how many networks.

    networks: of the condition that has fewest; 0 if nothing could be compared. With 1, the verdict
    is about these very networks, and is never 'agrees' or 'does not agree'. p: the p-value of its
    test, None without a test.
    """

    status: Status
    grounds: str
    networks: int = 0
    p: float | None = None

    @property
    def kind(self) -> Literal["yes", "no", "open"]:
        """How a page marks it; a verdict on single networks is 'open', too."""
        kinds: dict[Status, Literal["yes", "no"]] = {"agrees": "yes", "does not agree": "no"}
        return kinds.get(self.status, "open")

    @property
    def told(self) -> str:
        """'agrees with the paper, 4 networks', 'cannot be told, 1 network', 'this network does'."""
        of = " with the paper" if self.status in ("agrees", "does not agree") else ""
        if not self.networks or self.status.startswith("this network"):
            return f"{self.status}{of}"
        return f"{self.status}{of}, {self.networks} network{'s' if self.networks > 1 else ''}"


class Claim(NamedTuple):
    """A claim in our words, its place in the paper, and the function that judges it on a data set.

    tested: the name of the test; claims with the same name share one test.
    """

    text: str
    where: str
    judge: Callable[[Catalogue, str], Verdict]
    conditions: tuple[str, ...] = ("pad",)
    tested: str = ""


def judge_all(claims: Sequence[Claim], catalogue: Catalogue, dataset: str) -> list[Verdict]:
    """A verdict on each claim, with p-values corrected for the number of tests (Holm)."""
    verdicts = [claim.judge(catalogue, dataset) for claim in claims]
    tested = {
        claim.tested or claim.text: verdict.p
        for claim, verdict in zip(claims, verdicts, strict=True)
        if verdict.p is not None
    }
    corrected = dict(zip(tested, holm([p for p in tested.values() if p is not None]), strict=True))
    found = []
    for claim, verdict in zip(claims, verdicts, strict=True):
        p = corrected.get(claim.tested or claim.text)
        if verdict.p is not None and p is not None:
            grounds = (
                f"{verdict.grounds} Corrected for all {len(corrected)} tests (Holm): {p_text(p)}."
            )
            chance = p >= ALPHA and verdict.status != "cannot be told"
            if chance:
                grounds += " With so many tests that may be chance."
            status: Status = "cannot be told" if chance else verdict.status
            verdict = verdict._replace(grounds=grounds, status=status)
        found.append(verdict)
    return found


class Errors(NamedTuple):
    """The parts of the error of one network's number; None for a part that was not recorded."""

    images: ErrorPart
    probes: ErrorPart | None = None

    @property
    def parts(self) -> tuple[ErrorPart, ...]:
        """The parts that were recorded."""
        return (self.images,) if self.probes is None else (self.images, self.probes)


class Measure(NamedTuple):
    """A number of an evaluation: its name, its path (also in older records), and its errors.

    probes: whether it depends on the probe seed. right: the key under which right answers about
    each image are counted.
    """

    name: str
    paths: tuple[tuple[str, ...], ...]
    errors: Callable[[Evaluation], Errors | None]
    digits: int = 2
    probes: bool = True
    right: str | None = None

    def of(self, evaluation: Mapping[str, Any]) -> float | None:
        """The number; None if it was not recorded."""
        found = (number_at(evaluation, *path) for path in self.paths)
        return next((value for value in found if value is not None), None)

    def values(self, group: Group) -> list[float]:
        """The numbers of the networks that have it."""
        return [value for e in group.evaluations if (value := self.of(e)) is not None]


def number_at(evaluation: Mapping[str, Any], *path: str) -> float | None:
    """A number of an evaluation; None if it was not recorded."""
    values = numbers([evaluation], *path)
    return values[0] if values else None


def _part(error: float | None, samples: float | None) -> ErrorPart | None:
    """ErrorPart of an error that was estimated from so many samples."""
    if error is None or samples is None or samples < 2:
        return None
    return ErrorPart(error * error, samples - 1)  # a power would overflow with an exception


def _separability_errors(e: Evaluation) -> Errors | None:
    accuracy, n = number_at(e, "linear_separability"), number_at(e, "n_test")
    if accuracy is None or n is None or n < 2:
        return None
    spread, seeds = (
        number_at(e, "linear_separability_sd"),
        number_at(e, "protocol", "readout_seeds"),
    )
    probes = None
    if spread is not None and seeds is not None and seeds >= 2:
        probes = _part(spread / math.sqrt(seeds), seeds)
    return Errors(ErrorPart(accuracy_se(accuracy, int(n)) ** 2, n - 1), probes)


def occluded(intensity: int) -> Measure:
    """Accuracy by the paper's protocol at an occlusion intensity in percent."""
    key = str(intensity)

    def errors(e: Evaluation) -> Errors | None:
        images = _part(number_at(e, "occlusion_se", key, "images"), number_at(e, "occlusion_n"))
        seeds = number_at(e, "protocol", "readout_seeds")
        probes = _part(number_at(e, "occlusion_se", key, "readouts"), seeds)
        if images is None and key in e.get("occlusion_interval", {}):  # an older record
            low, high = e["occlusion_interval"][key]
            images = _part((high - low) / 3.92, number_at(e, "occlusion_n"))
        return None if images is None else Errors(images, probes)

    return Measure(f"accuracy at {key} % occlusion", (("occlusion", key),), errors, right=key)


def _over_images(field: str, samples: Callable[[Evaluation], float | None]) -> Any:
    def errors(e: Evaluation) -> Errors | None:
        images = _part(number_at(e, field), samples(e))
        return None if images is None else Errors(images)

    return errors


SEPARABILITY = Measure(
    "linear separability (by evaluate, mean of its probes)",
    (("linear_separability",),),
    _separability_errors,
    right="0",
)
INTRA = Measure(
    "intra/inter ratio over all pairs",
    (("intra_inter_ratio_exact",), ("intra_inter_ratio",)),
    _over_images("intra_inter_ratio_se", lambda e: 10.0),  # from ten tenths of the images
    digits=3,
    probes=False,
)
OCCLUDED_RATIO = Measure(
    "clean-occluded/inter ratio",
    (("clean_occluded_ratio_exact",), ("clean_occluded_ratio",)),
    _over_images("clean_occluded_ratio_se", lambda e: number_at(e, "occlusion_n")),
    digits=3,
    probes=False,
)


def higher(measure: Measure, high: str, low: str, where: str, text: str) -> Claim:
    """The claim that ``measure`` is higher in one condition than in another."""

    def judge(catalogue: Catalogue, dataset: str) -> Verdict:
        groups = catalogue.alike(dataset, high, low)
        if groups[0] is None or groups[1] is None:
            return without(groups, (high, low))
        difference = _difference(measure, groups[0], groups[1])
        if difference is None:
            return Verdict("cannot be told", f"{measure.name} was not recorded with its error.")
        p = p_different(difference.estimate)
        grounds = f"{difference.grounds}, {p_text(p)} ({difference.test})."
        grounds += _converged(measure, groups[0], groups[1])
        n = _fewest(groups[0], groups[1])
        if p >= ALPHA:
            return Verdict("cannot be told", f"{grounds} The difference may be chance.", n, p)
        return Verdict(status_of(difference.estimate.value > 0, n), grounds, n, p)

    return Claim(text, where, judge, (high, low), f"{measure.name}: {high} > {low}")


def alike(
    measure: Measure, one: str, other: str, where: str, text: str, lower: bool = False
) -> Claim:
    """The claim of no big difference: within 2 points, or, with ``lower``, at most 2 points below.

    Two one-sided tests judge it, or one of them. A test that finds no difference would not do.
    """

    def judge(catalogue: Catalogue, dataset: str) -> Verdict:
        groups = catalogue.alike(dataset, one, other)
        if groups[0] is None or groups[1] is None:
            return without(groups, (one, other))
        difference = _difference(measure, groups[0], groups[1])
        if difference is None:
            return Verdict("cannot be told", f"{measure.name} was not recorded with its error.")
        estimate, n = difference.estimate, _fewest(groups[0], groups[1])
        if lower:
            yes = p_above(estimate, -ALIKE_POINTS)
            no = p_above(estimate.times(-1.0), ALIKE_POINTS)
            near, far = f"less than {ALIKE_POINTS:g} points below", "further below"
        else:
            yes, no = p_equivalent(estimate, ALIKE_POINTS), p_beyond(estimate, ALIKE_POINTS)
            near, far = f"within {ALIKE_POINTS:g} points", "further apart"
        p = min(yes, no)
        shown = (
            f"that it is {near}: {p_text(yes)}" if yes <= no else f"that it is {far}: {p_text(no)}"
        )
        grounds = f"{difference.grounds}; {shown} ({difference.test})."
        grounds += _converged(measure, groups[0], groups[1])
        if p >= ALPHA:
            return Verdict("cannot be told", f"{grounds} It may be either.", n, p)
        return Verdict(status_of(yes < no, n), grounds, n, p)

    kind = "not far below" if lower else "alike"
    return Claim(text, where, judge, (one, other), f"{measure.name}: {one} {kind} {other}")


def trend(
    value: Callable[[dict[str, Any]], float | None],
    rises: bool,
    condition: str,
    where: str,
    text: str,
    what: str,
) -> Claim:
    """The claim that a value of the history rises (or falls) over all epochs.

    what: the name of the value, and how it was measured.
    """

    def judge(catalogue: Catalogue, dataset: str) -> Verdict:
        curves = _curves(catalogue, dataset, condition, value)
        if not curves:
            return Verdict("cannot be told", f"No history of {style(condition).label} has it.")
        trends = [trend_of(*curve) for curve in curves]
        known = [found for found in trends if found is not None]
        sizes = [sorted(map(abs, y))[len(y) // 2] for _, y in curves]
        flat = [
            found is None or abs(found.change) < 0.01 * size
            for found, size in zip(trends, sizes, strict=True)
        ]
        if all(flat):
            grounds = f"{what} changes by less than 1 % with the epochs, or was seen too seldom."
            return Verdict("cannot be told", grounds, len(curves))
        first, p = known[0], _p_of_trends(known)
        change = sum(found.change for found in known) / len(known)
        grounds = f"{what}: {_course(*curves[0], first)}; {p_text(p)} ({_over_curves(known)})."
        n = len(known)
        if p >= ALPHA:
            return Verdict("cannot be told", f"{grounds} That may be chance.", n, p)
        return Verdict(status_of((change > 0) == rises, n), grounds, n, p)

    return Claim(text, where, judge, (condition,))


def declines(
    value: Callable[[dict[str, Any]], float | None], condition: str, where: str, text: str
) -> Claim:
    """The claim that accuracy (percent) falls late in training; needs histories of 50 epochs.

    It tests the trend over the second half of the epochs. A fall below one point does not count.
    """

    def judge(catalogue: Catalogue, dataset: str) -> Verdict:
        curves = _curves(catalogue, dataset, condition, value, PAPER_EPOCHS)
        halves = [(x[len(x) // 2 :], y[len(y) // 2 :]) for x, y in curves]
        found = [(half, t) for half in halves if (t := trend_of(*half)) is not None]
        if not found:
            return Verdict(
                "cannot be told",
                f"The paper saw it over 100 epochs; no history of {style(condition).label} has "
                f"{PAPER_EPOCHS} epochs with enough measurements.",
            )
        n, trends = len(found), [t for _, t in found]
        grounds = (
            f"{WHILE_TRAINING}, in the second half of training: {_course(*found[0][0], trends[0])} "
            f"({_over_curves(trends)}). A fall counts from {DECLINE_POINTS:g} point."
        )
        if n == 1:
            only = trends[0]
            if only.change <= -DECLINE_POINTS and only.p < ALPHA:
                return Verdict("this network does", f"{grounds} {p_text(only.p)}.", 1, only.p)
            stays = only.low > -DECLINE_POINTS
            return Verdict("this network does not" if stays else "cannot be told", grounds, 1)
        change = sample_mean([t.change for t in trends])
        falls, stays_p = p_above(change.times(-1.0)), p_above(change, -DECLINE_POINTS)
        far = change.value <= -DECLINE_POINTS
        p = falls if far else stays_p
        grounds += f" On average it changes by {change.value:+.2f} ± {change.se:.2f}, {p_text(p)}."
        return Verdict("cannot be told" if p >= ALPHA else status_of(far, n), grounds, n, p)

    return Claim(text, where, judge, (condition,))


def above_untrained(condition: str, where: str, text: str) -> Claim:
    """The claim that a condition's intra/inter ratio is about that of an untrained network.

    The test: is it nearer to that ratio than to PAD's, beyond the middle of the two?
    """

    def judge(catalogue: Catalogue, dataset: str) -> Verdict:
        group, pad = catalogue.alike(dataset, condition, "pad")
        if group is None or pad is None:
            return without((group, pad), (condition, "pad"))
        baselines = [e.get("baselines", {}).get("untrained", {}) for e in group.evaluations]
        untrained = next((v for b in baselines if (v := INTRA.of(b)) is not None), None)
        if untrained is None:
            return Verdict("cannot be told", "The untrained network was not measured.")
        n = _fewest(group, pad)
        both = [_estimate(INTRA, g, over_networks=n > 1) for g in (group, pad)]
        ours, full = both
        if ours is None or full is None:
            return Verdict("cannot be told", f"{INTRA.name} was not recorded with its error.")
        middle = full.times(0.5)
        beyond = ours - middle._replace(value=middle.value + untrained / 2)
        p = p_different(beyond)
        nearer = (beyond.value > 0) == (untrained > full.value)
        over = "networks" if n > 1 else "test images"
        grounds = (
            f"{INTRA.name[0].upper()}{INTRA.name[1:]}: {style(condition).label} {ours.value:.3f}, "
            f"untrained {untrained:.3f}, PAD {full.value:.3f}; nearer to "
            f"{'the untrained network' if nearer else 'PAD'}, {p_text(p)} (t over {over}, against "
            "the middle of the two)."
        )
        if p >= ALPHA:
            return Verdict("cannot be told", f"{grounds} That may be chance.", n, p)
        return Verdict(status_of(nearer, n), grounds, n, p)

    return Claim(text, where, judge, (condition, "pad"))


def status_of(yes: bool, networks: int) -> Status:
    """The status of a verdict on so many networks that was not left open."""
    if networks > 1:
        return "agrees" if yes else "does not agree"
    return "this network does" if yes else "this network does not"


def _fewest(one: Group, other: Group) -> int:
    return min(len(one.evaluations), len(other.evaluations))


# --- Differences ----------------------------------------------------------------------------------


class Difference(NamedTuple):
    """A difference of two groups, with its error and in words; ``test`` names the test."""

    estimate: Estimate
    grounds: str
    test: str


def _difference(measure: Measure, one: Group, other: Group) -> Difference | None:
    """The difference of two groups; None if the measure or its error was not recorded."""
    a, b = measure.values(one), measure.values(other)
    if min(len(a), len(b)) >= 2:
        estimate = sample_mean(a) - sample_mean(b)
        test = (
            f"Welch's t over networks, n = {len(a)} and {len(b)}{_same_seeds(measure, one, other)}"
        )
    elif (paired := _on_same_images(measure, one, other)) is not None:
        estimate = paired
        test = "t over the same test images and the probes of one network each"
    else:
        both = [_estimate(measure, group, over_networks=False) for group in (one, other)]
        if both[0] is None or both[1] is None:
            return None
        estimate = both[0] - both[1]
        test = f"t over {_varies(measure, one, other)}; too few networks to test over networks"
    shown = [
        f"{style(group.condition).label} {mean_and_sem(measure.values(group), measure.digits)} "
        f"(epoch {group.epoch}, n = {len(group.evaluations)})"
        for group in (one, other)
    ]
    return Difference(
        estimate,
        f"{measure.name[0].upper()}{measure.name[1:]}: {shown[0]}, {shown[1]}; difference "
        f"{estimate.value:+.{measure.digits}f} ± {estimate.se:.{measure.digits}f}",
        test,
    )


def _estimate(measure: Measure, group: Group, over_networks: bool) -> Estimate | None:
    """The mean of a group's networks, with its error over networks or within these alone."""
    if over_networks:
        values = measure.values(group)
        return sample_mean(values) if len(values) > 1 else None
    found = []
    for e in group.evaluations:
        value, errors = measure.of(e), measure.errors(e)
        if value is None or errors is None:
            return None
        found.append(Estimate(value, errors.parts))
    return mean_estimate(found) if found else None


def _varies(measure: Measure, one: Group, other: Group) -> str:
    """'test images and probes', or as much of that as was recorded."""
    if not measure.probes:
        return "test images"
    every = [measure.errors(e) for group in (one, other) for e in group.evaluations]
    known = all(errors is not None and errors.probes is not None for errors in every)
    return "test images and probes" if known else "test images alone (probes not recorded)"


def _same_seeds(measure: Measure, one: Group, other: Group) -> str:
    """In words, the paired test over seeds that both conditions have; '' for fewer than two."""
    first, second = (
        {e["seed"]: value for e in group.evaluations if (value := measure.of(e)) is not None}
        for group in (one, other)
    )
    pairs = [value - second[seed] for seed, value in first.items() if seed in second]
    if len(pairs) < 2:
        return ""
    p = p_text(p_different(sample_mean(pairs)))
    return f"; paired over the {len(pairs)} seeds that both have, {p}"


def _on_same_images(measure: Measure, one: Group, other: Group) -> Estimate | None:
    """The difference of two networks, with its error over the same images and their probes.

    None if their answers about each image were not recorded, or are about different images.
    """
    if measure.right is None or len(one.evaluations) != 1 or len(other.evaluations) != 1:
        return None
    a, b = one.evaluations[0], other.evaluations[0]
    how = [
        (
            e["dataset"],
            e.get("dataset_sha256"),
            e["on"],
            e["n_test"],
            *(e["protocol"].get(k) for k in _SAME),
        )
        for e in (a, b)
    ]
    if how[0] != how[1] or a["on"] != "real images":
        return None
    shares = []
    for e in (a, b):
        text, of = (
            (e.get("right") or {}).get(measure.right or ""),
            number_at(e, "right_of", measure.right),
        )
        if not text or not of:
            return None
        shares.append(unpack_counts(text) / of)
    errors = measure.errors(a), measure.errors(b)
    if len(shares[0]) != len(shares[1]) or len(shares[0]) < 2 or None in errors:
        return None
    probes = tuple(e.probes for e in errors if e is not None and e.probes is not None)
    pairs = paired_images(*shares).times(100.0)
    return Estimate(pairs.value, pairs.parts + probes)


# Two protocols that agree in these fields measured the same images.
_SAME = ("seed", "occlusion_images", "mask_draws", "size_px")


def _converged(measure: Measure, one: Group, other: Group) -> str:
    converged = [group.values("converged_separability") for group in (one, other)]
    if measure is not SEPARABILITY or not all(converged):
        return ""
    means = " and ".join(f"{mean_sem(values)[0]:.2f}" for values in converged)
    return f" Converged probes (not in the paper): {means}."


# --- Curves of training ---------------------------------------------------------------------------

Curve = tuple[list[float], list[float]]


def _curves(
    catalogue: Catalogue,
    dataset: str,
    condition: str,
    value: Callable[[dict[str, Any]], float | None],
    epochs: int = 0,
) -> list[Curve]:
    """Epochs and values of the histories with two values and ``epochs`` epochs, or more."""
    found = []
    for entry in catalogue.latest(dataset, condition):
        seen = [(h["epoch"], v) for h in entry.header.history if (v := value(h)) is not None]
        if len(seen) > 1 and entry.header.epoch >= epochs:
            found.append(([float(e) for e, _ in seen], [v for _, v in seen]))
    return found


def _p_of_trends(trends: Sequence[Trend]) -> float:
    if len(trends) == 1:
        return trends[0].p
    return p_different(sample_mean([found.change for found in trends]))


def _over_curves(trends: Sequence[Trend]) -> str:
    if len(trends) == 1:
        return "Kendall's test of all epochs, taken as independent"
    changes = ", ".join(f"{found.change:+.3g}" for found in trends)
    return f"t over the changes of {len(trends)} networks, {changes}; this is the first"


def _course(x: list[float], y: list[float], found: Trend) -> str:
    interval = f"95 %: {found.low:+.3g} to {found.high:+.3g}"
    return (
        f"{y[0]:.3g} at epoch {x[0]:.0f}, {y[-1]:.3g} at epoch {x[-1]:.0f}; along the line through "
        f"all epochs it changes by {found.change:+.3g} ({interval})"
    )


def p_text(p: float) -> str:
    """A p-value in words."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def without(groups: Sequence[Group | None], names: Sequence[str]) -> Verdict:
    """The verdict where some of these conditions' groups are None."""
    lacking = [style(n).label for n, group in zip(names, groups, strict=True) if group is None]
    return Verdict("cannot be told", f"Missing or not evaluated: {' and '.join(lacking)}.")
