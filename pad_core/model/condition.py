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

Phase = Literal["wake", "nrem", "rem"]
Replay = Literal["single", "mixed"]


@dataclass(frozen=True)
class Mixture:
    """How memories and noise combine: λ′(λZ + (1−λ)Z_old) + (1−λ′)σε (paper §4.3.1)."""

    lam: float
    lam_prime: float
    noise_level: float


@dataclass(frozen=True)
class Condition:
    """What happens in one wake-sleep cycle (paper §4.3.1, §4.4.6).

    Fields:
        name: letters, digits, '_', '-', '.', '+', '='.
        phases: the cycle's order; starts with 'wake', each phase at most once.
        lam: λ in [0, 1], share of the current memory against the previous one.
        lam_prime: λ′ in [0, 1], share of memories against noise.
        noise_level: σ ≥ 0, standard deviation of the noise ε.
        rem_replay, nrem_replay: 'single' memories as stored, or 'mixed' ones.
        wake_noise_variance: Gaussian noise added to z before the generator in Wake (Eq. 12).
        weight_*: factor of each loss; 0 leaves it out. image: Eq. 2, kl: Eq. 4,
            external: Eq. 5, nrem: Eq. 6, internal: Eq. 8.
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

    def __post_init__(self) -> None:
        if isinstance(self.phases, list):  # as JSON has it
            object.__setattr__(self, "phases", tuple(self.phases))
        if not isinstance(self.name, str) or not re.fullmatch(r"[\w.+=-]{1,80}", self.name):
            raise PadError(
                f"A condition's name has 1 to 80 letters, digits or _ - . + =, not {self.name!r}."
            )
        known = get_args(Phase)
        ordered = isinstance(self.phases, tuple) and self.phases[:1] == ("wake",)
        if not ordered or any(p not in known or self.phases.count(p) > 1 for p in self.phases):
            raise PadError(
                f"Condition {self.name!r}: phases start with 'wake' and name each of "
                f"{', '.join(known)} at most once, not {self.phases!r}."
            )
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("_replay"):
                if value not in get_args(Replay):
                    raise PadError(
                        f"Condition {self.name!r}: {field.name} is 'single' or 'mixed', "
                        f"not {value!r}."
                    )
            elif field.name not in ("name", "phases"):
                # The largest float keeps out infinity and whole numbers that are no float.
                upper = 1.0 if field.name in ("lam", "lam_prime") else sys.float_info.max
                number = isinstance(value, int | float) and not isinstance(value, bool)
                if not number or not 0 <= value <= upper:
                    bounds = "from 0 to 1" if upper == 1.0 else "of at least 0"
                    raise PadError(
                        f"Condition {self.name!r}: {field.name} is a number {bounds}, "
                        f"not {value!r}."
                    )

    @property
    def mixture(self) -> Mixture:
        """λ, λ′ and σ of mixed replay."""
        return Mixture(self.lam, self.lam_prime, self.noise_level)

    @property
    def rem_mixture(self) -> Mixture:
        """The point (λ, λ′, σ) at which this condition dreams in REM."""
        if self.rem_replay == "single":
            return Mixture(1.0, 1.0, 0.0)
        return self.mixture

    @property
    def loss_weights(self) -> dict[str, float]:
        """Loss name → factor."""
        return {
            name: getattr(self, f"weight_{name}")
            for name in ("image", "kl", "external", "nrem", "internal")
        }

    @property
    def trains_discriminator(self) -> bool:
        """Whether any loss teaches *d*: the external one in Wake, or the internal one in REM."""
        return self.weight_external > 0 or ("rem" in self.phases and self.weight_internal > 0)

    @property
    def idle_fields(self) -> dict[str, str]:
        """Fields that change nothing in this condition, each with the reason."""
        reasons: dict[str, str] = {}
        for phase, loss in (("nrem", "nrem"), ("rem", "internal")):
            if phase not in self.phases:
                absent = f"its cycle has no {phase.upper()}"
                reasons |= {f"{phase}_replay": absent, f"weight_{loss}": absent}
        replays = {"nrem": self.nrem_replay, "rem": self.rem_replay}
        if "mixed" not in {replays.get(phase) for phase in self.phases}:
            mixture = ("lam", "lam_prime", "noise_level")
            reasons |= dict.fromkeys(mixture, "none of its phases mixes memories")
        elif self.lam_prime == 0:
            reasons["lam"] = "lam_prime = 0 leaves no memories in the mixture"
        elif self.lam_prime == 1:
            reasons["noise_level"] = "lam_prime = 1 leaves no noise in the mixture"
        return reasons

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return dataclasses.asdict(self) | {"phases": list(self.phases)}

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


def closest(word: str, known: Any) -> str:
    """' (did you mean …?)' for a mistyped word, or nothing."""
    match = difflib.get_close_matches(str(word), list(known), n=1)
    return f" (did you mean {match[0]!r}?)" if match else ""


PAD = Condition("pad")
# Without REM there is nothing to discriminate, and the autoencoder needs noise (Eq. 12);
# NREM is halved there (§4.4.6).
_WITHOUT_REM = replace(PAD, weight_external=0.0, wake_noise_variance=0.5)

CONDITIONS: dict[str, Condition] = {
    condition.name: condition
    for condition in (
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
}
TABLE_1 = ("pad", "wo_memory_mix", "wo_rem", "wo_nrem", "wake_only")


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
