"""How a network is trained: one description, which all else follows from.

A field of ``TrainingConfig`` is an option of ``train`` and ``sweep``, stands in run folders, in
headers and in every printed command, is held against the run's own when it is resumed, and has a
place in the explorer's form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, Self

from msgspec import Meta

from pad_core.errors import PadError
from pad_core.model.condition import PAD, Condition
from pad_core.system.declared import Precision, Seed
from pad_core.system.fields import Shown, check_fields, fields_of, said

OPTIMISER = Shown("Optimiser and precision.", step=0.0001)
_Rate = Annotated[float, Meta(gt=0, lt=1), OPTIMISER]
_NEEDED = (
    "dataset",
    "condition",
    "epochs",
    "seed",
)  # without one of these a record says too little


@dataclass(frozen=True)
class TrainingConfig:
    """What is trained, on what, and for how long; defaults as in the paper (§4.3).

    With ``adam_coasts``, NREM also moves the head of *d*, and REM that of z.

    Raises:
        PadError: a value that is none or out of range.
    """

    dataset: Annotated[
        str,
        said("Data set", "cifar10, svhn, mnist, fashion-mnist, fashion-mini (ships with the code), "
             "parquet:DIR, folder:DIR or idx:DIR, or a folder alone"),
    ] = "fashion-mini"  # fmt: skip
    condition: Condition = PAD
    epochs: Annotated[
        int, said("Epochs", "how often each image is seen", ge=1, le=100_000)
    ] = 50  # fmt: skip
    seed: Annotated[Seed, said("Seed", "of weights, order of images, masks and noise")] = 0
    batch_size: Annotated[int, said("Batch size", "images in a cycle", ge=2, le=65_536)] = 64
    learning_rate: Annotated[_Rate, said("Learning rate", "of Adam")] = 2e-4
    beta1: Annotated[_Rate, said("β₁", "how long Adam remembers gradients")] = 0.5
    beta2: Annotated[_Rate, said("β₂", "how long Adam remembers squares of gradients")] = 0.999
    adam_coasts: Annotated[
        bool, OPTIMISER,
        said("Adam coasts", "momentum moves a weight also in phases that give it no gradient, as "
             "PyTorch did before 2.0, when the paper's networks were trained; otherwise the weight "
             "rests"),
    ] = False  # fmt: skip

    def __post_init__(self) -> None:
        check_fields(self)

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return asdict(self) | {"condition": self.condition.to_dict()}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Self:
        """The inverse of ``to_dict``; PadError where a field is unknown, missing or wrong."""
        known = fields_of(cls)
        for name in found:
            if name not in known:
                raise PadError(f"a training has no field {name!r}.")
        for name in _NEEDED:
            if name not in found:
                raise PadError(f"a training lacks its field {name!r}.")
        lists = {k: tuple(value) for k, value in found.items() if isinstance(value, list)}
        condition = Condition.from_dict(found["condition"])
        return cls(**{**found, **lists, "condition": condition})


@dataclass(frozen=True)
class Recipe(TrainingConfig):
    """What a run does; with the same recipe, a CPU run gives the same weights again.

    ``dataset`` is the spec as typed. Weights, losses and optimisers are float32 in any case.
    """

    precision: Annotated[Precision, said("Precision", "of the convolutions")] = "fp32"


def shared(config: TrainingConfig) -> dict[str, Any]:
    """The fields that recipes and requests have in common, with their values."""
    return {field.name: getattr(config, field.name) for field in fields(TrainingConfig)}
