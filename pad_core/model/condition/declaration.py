"""What a network lives through in a cycle, as data.

A condition is the full model or one of its sleep pathologies. Every difference between
them is a field here; the training code has no branch on a condition's name. A new one
takes a few lines::

    from dataclasses import replace
    dreamier = replace(PAD, name="dreamier", lam_prime=0.8)

or a JSON file with ``name``, an optional ``base`` and the fields that differ.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from msgspec import Meta

from pad_core.errors import PadError, closest
from pad_core.model.condition.effect import idle_fields
from pad_core.system.fields import Shown, check_fields, fields_of, said

Phase = Literal["wake", "nrem", "rem", "contrast"]
Replay = Literal["single", "mixed"]
Mixing = Literal["convex", "components"]
Kind = Literal["squares", "translation", "rotation", "noise", "blur"]
Contrast = Literal["none", "nt_xent", "barlow_twins"]

MAX_PHASES = 32


_MOST = sys.float_info.max  # keeps out infinity, and whole numbers that are no float
Share = Annotated[float, Meta(ge=0, le=1)]
Factor = Annotated[float, Meta(ge=0, le=_MOST)]
Positive = Annotated[float, Meta(gt=0, le=_MOST)]


@dataclass(frozen=True)
class Mixture:
    """How memories and noise combine: λ′(λZ + (1−λ)Z_old) + (1−λ′)σε (paper §4.3.1, where σ = 1).

    lam, lam_prime: 0 to 1; noise_level: σ, from 0. mixing: 'convex' as above; with 'components',
    each component of the memories is Z's with probability λ, else Z_old's.

    Raises:
        PadError: a value that is none or out of range.
    """

    lam: Share
    lam_prime: Share
    noise_level: Factor
    mixing: Mixing = "convex"

    def __post_init__(self) -> None:
        check_fields(self, "A mixture's ")


@dataclass(frozen=True)
class Recollection:
    """Which memories are mixed: the current one and ``memories`` − 1 older ones.

    span: mini-batches before the current one that are kept; recency: in [0, 1], a memory from
    a mini-batches ago is drawn with a probability in proportion to (1 − recency)^(a − 1).
    """

    memories: int = 2
    span: int = 1
    recency: float = 0.0


# What stands above fields in a form, and what their choices are called there.
_MEMORIES = Shown("Memories in dreams.")
_MIXING = Shown("Memories in dreams.", words={"components": "by components"})
_WEIGHTS = Shown("Weights of the losses; 0 leaves one out.")
_PERTURBED = Shown("How dreams are perturbed.", words={"squares": "grey squares"})
_RATES = Shown("How fast each phase learns, as a factor of the learning rate.", step=0.5)
_CONTRAST = Shown(
    "How different memories are pushed apart.",
    words={"nt_xent": "NT-Xent", "barlow_twins": "Barlow Twins"},
)
_WITH_CONTRAST = replace(_CONTRAST, when=("contrast", ("nt_xent", "barlow_twins")))
_NT_XENT = replace(_CONTRAST, when=("contrast", ("nt_xent",)))
_BARLOW_TWINS = replace(_CONTRAST, when=("contrast", ("barlow_twins",)), step=0.001)


@dataclass(frozen=True)
class Condition:
    """What happens in one wake-sleep cycle (paper §4.3.1, §4.4.6).

    With the defaults of the fields below ``weight_internal`` the cycle is the paper's; most of
    them follow its Discussion ('Dream augmentations, mixing strategies and fine-tuning').
    ``docs/conditions.md`` has the source of each.

    Raises:
        PadError: a value that is none or out of range.
    """

    name: Annotated[
        str,
        said("Name of this condition", "letters, digits, '_', '-', '.', '+', '='",
             pattern=r"^[\w.+=-]{1,80}\Z"),
    ]  # fmt: skip
    phases: Annotated[
        tuple[Phase, ...],
        said("Phases", "the cycle's order; it starts with Wake, each phase as often as wished",
             max_length=MAX_PHASES),
        Shown(words={"wake": "Wake", "nrem": "NREM", "rem": "REM", "contrast": "Contrast"}),
    ] = ("wake", "nrem", "rem")  # fmt: skip
    lam: Annotated[Share, _MEMORIES, said("λ", "share of memory z against z_old in mixtures")] = 0.5
    lam_prime: Annotated[Share, _MEMORIES, said("λ′", "share of memories against noise")] = 0.5
    noise_level: Annotated[Factor, _MEMORIES, said("σ", "standard deviation of the noise ε")] = 1.0
    rem_replay: Annotated[
        Replay, _MEMORIES,
        said("REM replays memories", "single as they were stored, or mixed by λ, λ′ and σ"),
    ] = "mixed"  # fmt: skip
    nrem_replay: Annotated[
        Replay, _MEMORIES,
        said("NREM replays memories", "single as they were stored, or mixed by λ, λ′ and σ"),
    ] = "single"  # fmt: skip
    wake_noise_variance: Annotated[
        Factor, _MEMORIES,
        said("Wake noise", "variance of noise added to z in Wake (Eq. 12), 0.5 without REM"),
    ] = 0.0  # fmt: skip
    weight_image: Annotated[
        Factor, _WEIGHTS, said("Image", "weight of the image loss (Eq. 2)")
    ] = 1.0  # fmt: skip
    weight_kl: Annotated[
        Factor, _WEIGHTS, said("KL", "weight of the Kullback–Leibler loss (Eq. 4)")
    ] = 1.0
    weight_external: Annotated[
        Factor, _WEIGHTS,
        said("External", "weight of the real/external loss (Eq. 5), 0 without REM"),
    ] = 1.0  # fmt: skip
    weight_nrem: Annotated[
        Factor, _WEIGHTS, said("NREM", "weight of the NREM loss (Eq. 6), 0.5 without REM")
    ] = 1.0
    weight_internal: Annotated[
        Factor, _WEIGHTS, said("Internal", "weight of the REM/internal loss (Eq. 8)")
    ] = 1.0
    perturbation: Annotated[
        tuple[Kind, ...], _PERTURBED,
        said("NREM perturbs dreams by", "one or several, applied in this order", min_length=1),
    ] = ("squares",)  # fmt: skip
    perturbation_strength: Annotated[
        Share, _PERTURBED,
        said("Strength", "share of the full ranges: all squares grey, 8 pixels, 45°, noise of 0.5, "
             "blur of 2 pixels"),
    ] = 1.0  # fmt: skip
    mixing: Annotated[
        Mixing, _MIXING,
        said("Memories mix", "convex: λz + (1−λ)z_old, as in the paper; by components: each of the "
             "256 numbers is that of z with probability λ, else that of z_old"),
    ] = "convex"  # fmt: skip
    memories: Annotated[
        int, _MEMORIES,
        said("Memories mixed", "how many; all but the current one share 1−λ", ge=2, le=16),
    ] = 2  # fmt: skip
    hippocampus: Annotated[
        int, _MEMORIES,
        said("Batches kept", "mini-batches before the current one that older memories come from",
             ge=1, le=256),
    ] = 1  # fmt: skip
    recency: Annotated[
        Share, _MEMORIES,
        said("Recency", "preference for recent ones among them; 1 takes the last one only"),
    ] = 0.0  # fmt: skip
    rate_wake: Annotated[Positive, _RATES, said("Wake rate", "factor in Wake")] = 1.0
    rate_nrem: Annotated[Positive, _RATES, said("NREM rate", "factor in NREM")] = 1.0
    rate_rem: Annotated[Positive, _RATES, said("REM rate", "factor in REM")] = 1.0
    rate_contrast: Annotated[Positive, _RATES, said("Contrast rate", "factor in Contrast")] = 1.0
    contrast: Annotated[
        Contrast, _CONTRAST,
        said("Contrastive loss", "between two perturbed dreams of one memory, against other "
             "memories: in NREM, or in a phase Contrast where the cycle has one"),
    ] = "none"  # fmt: skip
    weight_contrast: Annotated[
        Factor, _WITH_CONTRAST, said("Contrast", "weight of the contrastive loss")
    ] = 1.0
    temperature: Annotated[
        Positive, _NT_XENT,
        said("Temperature", "τ of NT-Xent; a smaller one presses harder on the nearest"),
    ] = 0.5  # fmt: skip
    redundancy: Annotated[
        Factor, _BARLOW_TWINS,
        said("Redundancy", "of Barlow Twins: weight of correlations between different units"),
    ] = 0.005  # fmt: skip

    def __post_init__(self) -> None:
        if isinstance(self.perturbation, str):
            object.__setattr__(self, "perturbation", (self.perturbation,))
        for name in ("phases", "perturbation"):
            if isinstance(getattr(self, name), list):  # as JSON has it
                object.__setattr__(self, name, tuple(getattr(self, name)))
        fields, subject = fields_of(Condition), f"Condition {self.name!r}: "
        if not fields["name"].fits(self.name):
            raise PadError(
                f"A condition's name has 1 to 80 letters, digits or _ - . + =, not {self.name!r}."
            )
        if not fields["phases"].fits(self.phases) or self.phases[:1] != ("wake",):
            raise PadError(
                f"{subject}phases start with 'wake' and name up to {MAX_PHASES} of "
                f"{', '.join(fields['phases'].choices)}, not {self.phases!r}."
            )
        if "contrast" in self.phases and self.contrast == "none":
            raise PadError(
                f"{subject}a phase 'contrast' needs the field contrast to be 'nt_xent' or "
                "'barlow_twins'."
            )
        check_fields(self, subject, ("perturbation",))
        if len(set(self.perturbation)) < len(self.perturbation):
            raise PadError(f"{subject}perturbation names one twice: {self.perturbation!r}.")
        check_fields(self, subject)

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
        return idle_fields(self)

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
        from pad_core.model.condition.built_in import built_in  # which is made of this class

        given = dict(fields)
        base = given.pop("base", None)
        known = fields_of(cls)
        for name in given:
            if name not in known:
                raise PadError(
                    f"A condition has no field {name!r}{closest(name, known)}; "
                    f"its fields are {', '.join(sorted(known))}."
                )
        if "name" not in given:
            raise PadError("A condition needs a field 'name'.")
        return replace(built_in(base), **given) if base is not None else cls(**given)
