"""The built-in conditions: the paper's, and what its Discussion proposes."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from pad_core.errors import PadError, closest
from pad_core.model.condition.declaration import Condition, Kind, Phase

PAD = Condition("pad")
# Without REM there is nothing to discriminate, and the autoencoder needs noise (Eq. 12);
# NREM is halved there (§4.4.6).
_WITHOUT_REM = replace(PAD, weight_external=0.0, wake_noise_variance=0.5)

_PAPER = (
    PAD,
    replace(PAD, name="wo_memory_mix", rem_replay="single"),
    replace(_WITHOUT_REM, name="wo_rem", phases=("wake", "nrem"), weight_nrem=0.5),
    replace(PAD, name="wo_nrem", phases=("wake", "rem")),
    replace(_WITHOUT_REM, name="wake_only", phases=("wake",)),
    replace(PAD, name="rem_noise_only", lam_prime=0.0),
    replace(PAD, name="rem_memory_only", lam_prime=1.0),
    replace(PAD, name="rem_before_nrem", phases=("wake", "rem", "nrem")),
    replace(PAD, name="nrem_mixed_memory", nrem_replay="mixed"),
)
_LONG: tuple[Phase, ...] = ("wake", "nrem", "nrem", "nrem", "rem", "rem", "rem")
_LONG_REM_FIRST: tuple[Phase, ...] = ("wake", "rem", "rem", "rem", "nrem", "nrem", "nrem")
_MOVED = replace(PAD, perturbation=("translation", "rotation"))
_FAST = replace(PAD, rate_nrem=4.0, rate_rem=4.0)
_APART = replace(_MOVED, phases=("wake", "nrem", "contrast", "rem"), contrast="nt_xent")
# What the paper's Discussion proposes or expects to matter.
_DISCUSSION = (
    replace(PAD, name="nrem_translation", perturbation=("translation",)),
    replace(PAD, name="nrem_rotation", perturbation=("rotation",)),
    replace(PAD, name="nrem_noise", perturbation=("noise",)),
    replace(PAD, name="nrem_blur", perturbation=("blur",)),
    replace(_MOVED, name="nrem_many", perturbation=get_args(Kind), perturbation_strength=0.5),
    replace(PAD, name="rem_components", mixing="components"),
    replace(PAD, name="rem_four_memories", memories=4),
    replace(PAD, name="rem_long_memory", hippocampus=32, recency=0.1),
    replace(PAD, name="long_sleep", phases=_LONG),
    replace(PAD, name="long_sleep_rem_first", phases=_LONG_REM_FIRST),
    replace(_FAST, name="fast_sleep"),
    replace(_FAST, name="fast_sleep_rem_first", phases=("wake", "rem", "nrem")),
    replace(_MOVED, name="nrem_contrast", contrast="nt_xent"),
    replace(_APART, name="contrast_phase"),
    replace(_APART, name="barlow_phase", contrast="barlow_twins"),
)
CONDITIONS: dict[str, Condition] = {c.name: c for c in (*_PAPER, *_DISCUSSION)}
TABLE_1 = ("pad", "wo_memory_mix", "wo_rem", "wo_nrem", "wake_only")
PAPER = tuple(condition.name for condition in _PAPER)
DISCUSSION = tuple(condition.name for condition in _DISCUSSION)


def built_in(name: str) -> Condition:
    """The built-in condition of that name; PadError lists them otherwise."""
    if not isinstance(name, str) or name not in CONDITIONS:
        raise PadError(
            f"There is no condition {name!r}{closest(name, CONDITIONS)}; "
            f"choose one of {', '.join(CONDITIONS)}, or a JSON file of your own."
        )
    return CONDITIONS[name]
