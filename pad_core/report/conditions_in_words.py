"""Conditions in words: a line for each built-in one, and what a condition's fields say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from pad_core.model.condition import CONDITIONS, PAD, Condition
from pad_core.system.fields import fields_of

TOLD: dict[str, str] = {
    "pad": "The full model: NREM recovers occluded memories, REM dreams of two and noise.",
    "wo_memory_mix": "REM dreams of single memories, without noise.",
    "wo_rem": "No REM and no discriminator; noise on the latents in Wake, NREM loss halved.",
    "wo_nrem": "No NREM: dreams are never perturbed.",
    "wake_only": "No sleep: an autoencoder with noise on its latents.",
    "rem_noise_only": "REM dreams of noise alone (λ′ = 0).",
    "rem_memory_only": "REM dreams of memories alone (λ′ = 1).",
    "rem_before_nrem": "REM comes before NREM.",
    "nrem_mixed_memory": "NREM replays mixtures, too.",
    "nrem_translation": "NREM shifts dreams by up to 8 pixels in place of occluding them.",
    "nrem_rotation": "NREM turns dreams by up to 45° in place of occluding them.",
    "nrem_noise": "NREM adds noise to the pixels of dreams in place of occluding them.",
    "nrem_blur": "NREM blurs dreams in place of occluding them.",
    "nrem_many": "NREM occludes, shifts, turns, adds noise and blurs, each at half strength.",
    "rem_components": "REM takes each component of a mixture from one of two memories.",
    "rem_four_memories": "REM mixes four memories: half is the current one's, half the others'.",
    "rem_long_memory": "REM mixes in memories of the last 32 mini-batches, mostly recent ones.",
    "long_sleep": "Three NREM phases, then three REM phases, after each Wake.",
    "long_sleep_rem_first": "Three REM phases, then three NREM phases, after each Wake.",
    "fast_sleep": "NREM and REM learn four times as fast as Wake.",
    "fast_sleep_rem_first": "NREM and REM learn four times as fast as Wake; REM comes first.",
    "nrem_contrast": "NREM shifts and turns dreams, and pushes different memories apart (NT-Xent).",
    "contrast_phase": "After NREM, a phase of its own pushes different memories apart (NT-Xent).",
    "barlow_phase": "After NREM, a phase of its own makes units less redundant (Barlow Twins).",
}

_FIELDS = fields_of(Condition)
_BEYOND = list(_FIELDS)[list(_FIELDS).index("weight_internal") + 1 :]  # the paper's cycles


def told(condition: Condition) -> str:
    """One line on a built-in condition; '' for a user's own."""
    known = CONDITIONS.get(condition.name) == condition
    return TOLD.get(condition.name, "") if known else ""


def cycle(phases: Sequence[str], names: Mapping[str, str] = MappingProxyType({})) -> str:
    """The phases of a cycle in order: 'wake → nrem × 3 → rem'; names: for people."""
    runs = [(names.get(phase, phase), len([*same])) for phase, same in groupby(phases)]
    return " → ".join(name + (f" × {n}" if n > 1 else "") for name, n in runs)


def perturbations(condition: Condition) -> str:
    """What NREM does to dreams: 'grey squares', 'translation and rotation'."""
    return listed([_FIELDS["perturbation"].word(kind) for kind in condition.perturbation])


def listed(words: list[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def details(condition: Condition) -> dict[str, str]:
    """In words, by subject: how a condition differs from the paper's cycles."""
    usual = PAD.to_dict()
    changed = {name for name, value in condition.to_dict().items() if value != usual[name]}
    changed -= set(condition.idle_fields)
    found: dict[str, str] = {}
    said = {"perturbation", "perturbation_strength", "mixing", "memories", "hippocampus", "recency"}
    said |= {"contrast", "weight_contrast", "temperature", "redundancy"}
    if changed & {"perturbation", "perturbation_strength"}:
        words = perturbations(condition)
        found["perturbation"] = f"{words}, strength {condition.perturbation_strength:g}"
    if changed & {"mixing", "memories", "hippocampus", "recency"}:
        mixed = "by components" if condition.mixing == "components" else "convex"
        found["mixing"] = f"{condition.memories} memories, {mixed}"
        if condition.hippocampus > 1:
            found["mixing"] += (
                f"; of the last {condition.hippocampus} mini-batches, recency {condition.recency:g}"
            )
    rates = {phase: condition.rate(phase) for phase in dict.fromkeys(condition.phases)}
    if faster := [f"{phase} × {rate:g}" for phase, rate in rates.items() if rate != 1]:
        found["rates"] = ", ".join(faster)
    if condition.contrast_phase:
        setting = (
            f"τ = {condition.temperature:g}"
            if condition.contrast == "nt_xent"
            else f"redundancy × {condition.redundancy:g}"
        )
        where = "in NREM" if condition.contrast_phase == "nrem" else "in a phase of its own"
        found["contrast"] = (
            f"{_FIELDS['contrast'].word(condition.contrast)} {where}, {setting}, "
            f"weight {condition.weight_contrast:g}"
        )
    for name in _BEYOND:
        if name in changed - said and not name.startswith("rate_"):
            field = _FIELDS[name]
            found[field.title.lower()] = field.word(getattr(condition, name))
    return found
