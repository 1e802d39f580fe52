"""Which fields of a condition have an effect: a change that has none would only mislead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pad_core.model.condition.declaration import Condition


def idle_fields(condition: Condition) -> dict[str, str]:
    """Fields that change nothing in this condition, each with the reason."""
    return _in_phases(condition) | _in_mixtures(condition) | _in_contrast(condition)


def _in_phases(condition: Condition) -> dict[str, str]:
    reasons: dict[str, str] = {}
    of_phase = {
        "nrem": ("nrem_replay", "weight_nrem", "rate_nrem"),
        "rem": ("rem_replay", "weight_internal", "rate_rem"),
        "contrast": ("rate_contrast",),
    }
    for phase, fields in of_phase.items():
        if phase not in condition.phases:
            reasons |= dict.fromkeys(fields, f"its cycle has no {_spoken(phase)}")
    if not {"nrem", "contrast"} & set(condition.phases):
        perturbing = ("perturbation", "perturbation_strength", "contrast")
        reasons |= dict.fromkeys(perturbing, "its cycle has no NREM")
    return reasons


def _in_mixtures(condition: Condition) -> dict[str, str]:
    older = ("mixing", "memories", "hippocampus", "recency")
    replays = {"nrem": condition.nrem_replay, "rem": condition.rem_replay}
    if "mixed" not in {replays.get(phase) for phase in condition.phases}:
        mixture = ("lam", "lam_prime", "noise_level", *older)
        return dict.fromkeys(mixture, "none of its phases mixes memories")
    reasons: dict[str, str] = {}
    if condition.hippocampus == 1:
        reasons["recency"] = "hippocampus = 1 keeps no memories but the last"
    if condition.lam == 1:
        reasons |= dict.fromkeys(older, "lam = 1 leaves no older memories in the mixture")
    if condition.lam_prime == 0:
        reasons |= dict.fromkeys(("lam", *older), "lam_prime = 0 leaves no memories in the mixture")
    elif condition.lam_prime == 1:
        reasons["noise_level"] = "lam_prime = 1 leaves no noise in the mixture"
    return reasons


def _in_contrast(condition: Condition) -> dict[str, str]:
    if condition.contrast_phase is None:
        settings = ("weight_contrast", "temperature", "redundancy")
        return dict.fromkeys(settings, "it has no contrastive loss")
    other = {"nt_xent": "redundancy", "barlow_twins": "temperature"}[condition.contrast]
    return {other: f"contrast = {condition.contrast!r} does not use it"}


def _spoken(phase: str) -> str:
    return "phase of its own for contrast" if phase == "contrast" else phase.upper()
