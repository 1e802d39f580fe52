"""The paper's claims about what sleep is like, and the tests that judge our networks by them.

Each test is about differences within a network: before and after training, or NREM and REM.
"""

from __future__ import annotations

from collections.abc import Sequence

from pad_core.checkpoint.evaluation_record import Evaluation
from pad_core.evaluation.statistics import p_different, sample_mean
from pad_core.report.catalogue import Catalogue
from pad_core.report.claims import (
    ALPHA,
    Claim,
    Verdict,
    number_at,
    p_text,
    status_of,
    without,
)
from pad_core.report.summary import mean_and_sem

_SIGNATURES = "Discussion, Signatures of generative learning"


def dreams_improve(kind: str) -> Claim:
    """The claim that the Fréchet distance of NREM or REM dreams falls with training."""

    def judge(catalogue: Catalogue, dataset: str) -> Verdict:
        early, late = catalogue.group(dataset, "pad", early=True), catalogue.group(dataset, "pad")
        measured = {} if late is None else late.evaluations[0].get("frechet", {})
        names = [name for name in measured if name.endswith(f", {kind} dreams")]
        if early is None or late is None or not names:
            return Verdict("cannot be told", "Needs an early and a late network, both recorded.")
        first = {e["seed"]: e for e in early.evaluations}
        pairs = [
            (before, after, first[e["seed"]], e)
            for e in late.evaluations
            if e["seed"] in first
            and (before := number_at(first[e["seed"]], "frechet", names[0])) is not None
            and (after := number_at(e, "frechet", names[0])) is not None
        ]
        if not pairs:
            return Verdict("cannot be told", "Early and late networks used different features.")
        before, after, one, other = pairs[0]
        grounds = (
            f"{names[0]}: {before:.3g} at epoch {one['epoch']}, {after:.3g} at epoch "
            f"{other['epoch']}"
        )
        if len(pairs) > 1:
            grounds += f" in the first of {len(pairs)} networks"
        return _judged([a - b for a, b, _, _ in pairs], grounds, "it falls by")

    where = "§2.2, Figure 3d"
    return Claim(f"{kind} dreams become more like images with training.", where, judge)


def state_approaches(state: str, layer: str) -> Claim:
    """The claim that activity in NREM or REM is more like Wake's after training than before.

    Before: an untrained network, the same one for all.
    """

    def judge(catalogue: Catalogue, dataset: str) -> Verdict:
        group = catalogue.group(dataset, "pad")
        if group is None:
            return without((group,), ("pad",))
        path = _path(layer, state)
        after, before = group.values(*path), group.values("baselines", "untrained", *path)
        if not after or not before:
            return Verdict("cannot be told", "It was not recorded before and after training.")
        grounds = (
            f"Correlation of {layer}'s activity in {state} and Wake: untrained {before[0]:.3f}, "
            f"PAD {mean_and_sem(after, 3)} (epoch {group.epoch}, n = {len(after)})"
        )
        return _judged([value - before[0] for value in after], grounds, "it rises by", "t")

    text = f"With learning, activity in {state} becomes more like Wake's ({layer})."
    return Claim(text, _SIGNATURES, judge)


def rem_stays_apart(layer: str) -> Claim:
    """The claim that after training REM's activity is less like Wake's than NREM's is."""

    def judge(catalogue: Catalogue, dataset: str) -> Verdict:
        group = catalogue.group(dataset, "pad")
        if group is None:
            return without((group,), ("pad",))
        pairs = [pair for e in group.evaluations if (pair := _both(e, layer)) is not None]
        if not pairs:
            return Verdict("cannot be told", "It was not recorded.")
        nrem, rem = (mean_and_sem([pair[i] for pair in pairs], 3) for i in (0, 1))
        grounds = (
            f"Correlation of {layer}'s activity with Wake's: NREM {nrem}, REM {rem} (epoch "
            f"{group.epoch}, n = {len(pairs)})"
        )
        return _judged([nrem - rem for nrem, rem in pairs], grounds, "NREM's is higher by")

    text = f"REM's activity stays less like Wake's than NREM's is ({layer})."
    return Claim(text, _SIGNATURES, judge)


def _path(layer: str, state: str) -> tuple[str, ...]:
    return "state_similarity", "correlation", layer, f"wake-{state.lower()}"


def _both(evaluation: Evaluation, layer: str) -> tuple[float, float] | None:
    """Similarity with Wake in NREM and in REM, if both were recorded."""
    nrem, rem = (number_at(evaluation, *_path(layer, state)) for state in ("NREM", "REM"))
    return None if nrem is None or rem is None else (nrem, rem)


def _judged(
    differences: Sequence[float], grounds: str, what: str, test: str = "paired t"
) -> Verdict:
    """A verdict on a claim that differences, one a network, are above 0.

    what: what a difference above 0 is, 'it falls by'; test: the name of the t-test.
    """
    n = len(differences)
    if n == 1:
        return Verdict(status_of(differences[0] > 0, 1), f"{grounds}. One network, no test.", 1)
    mean = sample_mean(differences)
    p = p_different(mean)
    grounds += (
        f"; {what} {mean.value:.3g} ± {mean.se:.2g} on average, {p_text(p)} ({test} over networks)."
    )
    if p >= ALPHA:
        return Verdict("cannot be told", f"{grounds} That may be chance.", n, p)
    return Verdict(status_of(mean.value > 0, n), grounds, n, p)
