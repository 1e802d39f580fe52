"""Conditions: what a network lives through in a cycle, as data.

A condition is the full model or one of its sleep pathologies. Every difference between
them is a field here; the training code has no branch on a condition's name. A new one
takes a few lines::

    from dataclasses import replace
    dreamier = replace(PAD, name="dreamier", lam_prime=0.8)

or a JSON file with ``name``, an optional ``base`` and the fields that differ.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from pad_core.errors import PadError
from pad_core.system.files import MAX_JSON_BYTES, parse_json, read_bytes

Phase = Literal["wake", "nrem", "rem", "contrast"]
Replay = Literal["single", "mixed"]
Mixing = Literal["convex", "components"]
Kind = Literal["squares", "translation", "rotation", "noise", "blur"]
Contrast = Literal["none", "nt_xent", "barlow_twins"]

MAX_PHASES = 32


@dataclass(frozen=True)
class Mixture:
    """How memories and noise combine: λ′(λZ + (1−λ)Z_old) + (1−λ′)σε (paper §4.3.1).

    mixing: 'convex' as above; with 'components', each component of the memories is Z's with
    probability λ, else Z_old's.
    """

    lam: float
    lam_prime: float
    noise_level: float
    mixing: Mixing = "convex"


@dataclass(frozen=True)
class Recollection:
    """Which memories are mixed: the current one and ``memories`` − 1 older ones.

    span: mini-batches before the current one that are kept; recency: in [0, 1], a memory from
    a mini-batches ago is drawn with a probability in proportion to (1 − recency)^(a − 1).
    """

    memories: int = 2
    span: int = 1
    recency: float = 0.0


@dataclass(frozen=True)
class Condition:
    """What happens in one wake-sleep cycle (paper §4.3.1, §4.4.6).

    With the defaults of the fields below ``weight_internal`` the cycle is the paper's; most of
    them follow its Discussion ('Dream augmentations, mixing strategies and fine-tuning').
    ``docs/conditions.md`` has the source of each.

    Fields:
        name: letters, digits, '_', '-', '.', '+', '='.
        phases: the cycle's order; starts with 'wake', up to 32 phases, each as often as wished.
        lam: λ in [0, 1], share of the current memory against the previous one.
        lam_prime: λ′ in [0, 1], share of memories against noise.
        noise_level: σ ≥ 0, standard deviation of the noise ε.
        rem_replay, nrem_replay: 'single' memories as stored, or 'mixed' ones.
        wake_noise_variance: Gaussian noise added to z before the generator in Wake (Eq. 12).
        weight_*: factor of each loss; 0 leaves it out. image: Eq. 2, kl: Eq. 4,
            external: Eq. 5, nrem: Eq. 6, internal: Eq. 8.
        perturbation: what is done to dreams in NREM and 'contrast', in this order; one or
            several of 'squares', 'translation', 'rotation', 'noise', 'blur'.
        perturbation_strength: in [0, 1], the share of each perturbation's full range.
        mixing: of memories, 'convex' or by 'components'; see ``Mixture``.
        memories: how many are mixed, 2 to 16: the current one has share λ, the older ones
            share the rest equally.
        hippocampus: mini-batches before the current one that are kept, 1 to 256.
        recency: in [0, 1], the preference for recent ones among them; see ``Recollection``.
        rate_*: factor of the learning rate in each phase, above 0.
        contrast: loss that pushes dreams of different memories apart: 'none', 'nt_xent' or
            'barlow_twins'. It is learnt in the phase 'contrast', or in NREM where there is none.
        weight_contrast: its factor; 0 leaves it out.
        temperature: τ > 0 of NT-Xent; redundancy: factor of Barlow Twins' second term.
    """

    name: str
    phases: tuple[Phase, ...] = ("wake", "nrem", "rem")
    lam: float = 0.5
    lam_prime: float = 0.5
    noise_level: float = 1.0
    rem_replay: Replay = "mixed"
    nrem_replay: Replay = "single"
    wake_noise_variance: float = 0.0
    weight_image: float = 1.0
    weight_kl: float = 1.0
    weight_external: float = 1.0
    weight_nrem: float = 1.0
    weight_internal: float = 1.0
    perturbation: tuple[Kind, ...] = ("squares",)
    perturbation_strength: float = 1.0
    mixing: Mixing = "convex"
    memories: int = 2
    hippocampus: int = 1
    recency: float = 0.0
    rate_wake: float = 1.0
    rate_nrem: float = 1.0
    rate_rem: float = 1.0
    rate_contrast: float = 1.0
    contrast: Contrast = "none"
    weight_contrast: float = 1.0
    temperature: float = 0.5
    redundancy: float = 0.005

    def __post_init__(self) -> None:
        if isinstance(self.perturbation, str):
            object.__setattr__(self, "perturbation", (self.perturbation,))
        for name in ("phases", "perturbation"):
            if isinstance(getattr(self, name), list):  # as JSON has it
                object.__setattr__(self, name, tuple(getattr(self, name)))
        if not isinstance(self.name, str) or not re.fullmatch(r"[\w.+=-]{1,80}", self.name):
            raise PadError(
                f"A condition's name has 1 to 80 letters, digits or _ - . + =, not {self.name!r}."
            )
        known = get_args(Phase)
        ordered = isinstance(self.phases, tuple) and self.phases[:1] == ("wake",)
        if not ordered or len(self.phases) > MAX_PHASES or any(p not in known for p in self.phases):
            raise PadError(
                f"Condition {self.name!r}: phases start with 'wake' and name up to {MAX_PHASES} "
                f"of {', '.join(known)}, not {self.phases!r}."
            )
        if "contrast" in self.phases and self.contrast == "none":
            raise PadError(
                f"Condition {self.name!r}: a phase 'contrast' needs the field contrast to be "
                "'nt_xent' or 'barlow_twins'."
            )
        kinds = get_args(Kind)
        drawn = self.perturbation
        if not isinstance(drawn, tuple) or not drawn or any(kind not in kinds for kind in drawn):
            raise PadError(
                f"Condition {self.name!r}: perturbation is one or several of {', '.join(kinds)}, "
                f"not {drawn!r}."
            )
        if len(set(drawn)) < len(drawn):
            raise PadError(f"Condition {self.name!r}: perturbation names one twice: {drawn!r}.")
        for field in dataclasses.fields(self):
            if field.name not in ("name", "phases", "perturbation"):
                value = getattr(self, field.name)
                if wanted := _mismatch(field.name, value):
                    raise PadError(
                        f"Condition {self.name!r}: {field.name} is {wanted}, not {value!r}."
                    )

    @property
    def mixture(self) -> Mixture:
        """λ, λ′, σ and manner of mixed replay."""
        return Mixture(self.lam, self.lam_prime, self.noise_level, self.mixing)

    @property
    def recollection(self) -> Recollection:
        """Which memories mixed replay takes."""
        return Recollection(self.memories, self.hippocampus, self.recency)

    @property
    def rem_mixture(self) -> Mixture:
        """The point (λ, λ′, σ) at which this condition dreams in REM."""
        if self.rem_replay == "single":
            return Mixture(1.0, 1.0, 0.0)
        return self.mixture

    @property
    def contrast_phase(self) -> Phase | None:
        """Where the contrastive loss is learnt; None where there is none."""
        places: tuple[Phase, ...] = ("contrast", "nrem")
        live = [phase for phase in places if phase in self.phases and self.contrast != "none"]
        return live[0] if live else None

    @property
    def loss_weights(self) -> dict[str, float]:
        """Loss name → factor; 'contrast' only where the condition has it."""
        names = ("image", "kl", "external", "nrem", "internal")
        last = ("contrast",) if self.contrast_phase else ()
        return {name: getattr(self, f"weight_{name}") for name in (*names, *last)}

    def rate(self, phase: Phase) -> float:
        """Factor of the learning rate in a phase."""
        return float(getattr(self, f"rate_{phase}"))

    @property
    def trains_discriminator(self) -> bool:
        """Whether any loss teaches *d*: the external one in Wake, or the internal one in REM."""
        return self.weight_external > 0 or ("rem" in self.phases and self.weight_internal > 0)

    @property
    def idle_fields(self) -> dict[str, str]:
        """Fields that change nothing in this condition, each with the reason."""
        return self._idle_in_phases() | self._idle_in_mixtures() | self._idle_in_contrast()

    def _idle_in_phases(self) -> dict[str, str]:
        reasons: dict[str, str] = {}
        of_phase = {
            "nrem": ("nrem_replay", "weight_nrem", "rate_nrem"),
            "rem": ("rem_replay", "weight_internal", "rate_rem"),
            "contrast": ("rate_contrast",),
        }
        for phase, fields in of_phase.items():
            if phase not in self.phases:
                reasons |= dict.fromkeys(fields, f"its cycle has no {_spoken(phase)}")
        if not {"nrem", "contrast"} & set(self.phases):
            perturbing = ("perturbation", "perturbation_strength", "contrast")
            reasons |= dict.fromkeys(perturbing, "its cycle has no NREM")
        return reasons

    def _idle_in_mixtures(self) -> dict[str, str]:
        older = ("mixing", "memories", "hippocampus", "recency")
        replays = {"nrem": self.nrem_replay, "rem": self.rem_replay}
        if "mixed" not in {replays.get(phase) for phase in self.phases}:
            mixture = ("lam", "lam_prime", "noise_level", *older)
            return dict.fromkeys(mixture, "none of its phases mixes memories")
        reasons: dict[str, str] = {}
        if self.hippocampus == 1:
            reasons["recency"] = "hippocampus = 1 keeps no memories but the last"
        if self.lam == 1:
            reasons |= dict.fromkeys(older, "lam = 1 leaves no older memories in the mixture")
        if self.lam_prime == 0:
            reasons |= dict.fromkeys(
                ("lam", *older), "lam_prime = 0 leaves no memories in the mixture"
            )
        elif self.lam_prime == 1:
            reasons["noise_level"] = "lam_prime = 1 leaves no noise in the mixture"
        return reasons

    def _idle_in_contrast(self) -> dict[str, str]:
        if self.contrast_phase is None:
            settings = ("weight_contrast", "temperature", "redundancy")
            return dict.fromkeys(settings, "it has no contrastive loss")
        other = {"nt_xent": "redundancy", "barlow_twins": "temperature"}[self.contrast]
        return {other: f"contrast = {self.contrast!r} does not use it"}

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        lists = {"phases": list(self.phases), "perturbation": list(self.perturbation)}
        return dataclasses.asdict(self) | lists

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Condition:
        """The condition with these fields; unknown ones are refused.

        ``base`` may name a built-in condition whose fields hold where none is given.

        Raises:
            PadError: an unknown field or base, a missing name, or a value out of range.
        """
        if not isinstance(fields, Mapping):
            raise PadError(f"A condition is a JSON object with fields, not {fields!r}.")
        given = dict(fields)
        base = given.pop("base", None)
        known = {field.name for field in dataclasses.fields(cls)}
        for name in given:
            if name not in known:
                raise PadError(
                    f"A condition has no field {name!r}{closest(name, known)}; "
                    f"its fields are {', '.join(sorted(known))}."
                )
        if "name" not in given:
            raise PadError("A condition needs a field 'name'.")
        return replace(built_in(base), **given) if base is not None else cls(**given)


_CHOICES: dict[str, tuple[str, ...]] = {
    "rem_replay": get_args(Replay),
    "nrem_replay": get_args(Replay),
    "mixing": get_args(Mixing),
    "contrast": get_args(Contrast),
}
_WHOLE = {"memories": (2, 16), "hippocampus": (1, 256)}
_SHARES = ("lam", "lam_prime", "perturbation_strength", "recency")


def _mismatch(field: str, value: Any) -> str:
    """What a field's value has to be, where it isn't that; else nothing."""
    if choices := _CHOICES.get(field):
        return "" if value in choices else " or ".join(map(repr, choices))
    if field in _WHOLE:
        low, high = _WHOLE[field]
        fits = type(value) is int and low <= value <= high
        return "" if fits else f"a whole number from {low} to {high}"
    # The largest float keeps out infinity and whole numbers that are no float.
    upper = 1.0 if field in _SHARES else sys.float_info.max
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if field.startswith("rate_") or field == "temperature":
        return "" if number and 0 < value <= upper else "a number above 0"
    if number and 0 <= value <= upper:
        return ""
    return "a number from 0 to 1" if upper == 1.0 else "a number of at least 0"


def _spoken(phase: str) -> str:
    return "phase of its own for contrast" if phase == "contrast" else phase.upper()


def closest(word: str, known: Any) -> str:
    """' (did you mean …?)' for a mistyped word, or nothing."""
    match = difflib.get_close_matches(str(word), list(known), n=1)
    return f" (did you mean {match[0]!r}?)" if match else ""


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


def find_condition(name_or_file: str, overrides: Mapping[str, str] | None = None) -> Condition:
    """A built-in condition or one from a JSON file, with some fields set anew.

    Args:
        name_or_file: a built-in name, or the path of a ``.json`` file.
        overrides: field → value as JSON text (0.8, "mixed", ["wake","rem"]); the name
            then says what was changed, unless it is overridden too.

    Raises:
        PadError: as ``Condition.from_dict``; or a built-in name for something else; or a field
            that was changed but has no effect.
    """
    if name_or_file.endswith(".json"):
        content = read_bytes(Path(name_or_file), MAX_JSON_BYTES)
        try:
            fields = parse_json(content)
        except PadError as error:
            raise PadError(f"The condition {name_or_file} can't be used: {error}") from None
        condition = Condition.from_dict(fields)
        base = built_in(fields.get("base", PAD.name)).to_dict()
        changed = [name for name, value in condition.to_dict().items() if value != base[name]]
    else:
        condition, changed = built_in(name_or_file), []
    if overrides:
        values = {field: _json_or_text(text) for field, text in overrides.items()}
        changes = "+".join(f"{field}={_short(value)}" for field, value in values.items())
        name = re.sub(r"[^\w.+=-]", "-", f"{condition.name}+{changes}")[:80]
        condition = Condition.from_dict(condition.to_dict() | {"name": name} | values)
        changed += values
    _check_meant(condition, changed)
    return condition


def _check_meant(condition: Condition, changed: Iterable[str]) -> None:
    """Names in results have to mean what they say, and changes have to change something."""
    if CONDITIONS.get(condition.name, condition) != condition:
        raise PadError(
            f"{condition.name!r} is the name of a built-in condition with other fields; give yours "
            "another 'name'."
        )
    for name in changed:
        if reason := condition.idle_fields.get(name):
            raise PadError(
                f"Condition {condition.name!r}: {name} has no effect, because {reason}; leave it "
                "out."
            )


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _short(value: Any) -> str:
    return "-".join(map(str, value)) if isinstance(value, list) else str(value)
