"""What a training run does."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, get_args

from pad_core.errors import PadError
from pad_core.model.condition import Condition
from pad_core.system.hardware import Precision
from pad_core.system.randomness import check_seed


@dataclass(frozen=True)
class Recipe:
    """What a run does; with the same recipe, a CPU run gives the same weights again.

    Defaults as in the paper (§4.3). ``dataset`` is the spec as typed. ``precision`` is that
    of the convolutions; weights, losses and optimisers are float32 in any case.

    ``adam_coasts``: in a phase that gives a weight no gradient, Adam takes it for 0 and moves the
    weight on by its momentum, as PyTorch did before 2.0, when the paper's networks were trained:
    NREM then moves the head of *d*, REM that of z. Otherwise such a weight rests.
    """

    dataset: str
    condition: Condition
    epochs: int
    seed: int = 0
    batch_size: int = 64
    learning_rate: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    precision: Precision = "fp32"
    adam_coasts: bool = False

    def __post_init__(self) -> None:
        check_seed(self.seed)
        for name, low, high in (("epochs", 1, 100_000), ("batch_size", 2, 65_536)):
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise PadError(f"{name} is a whole number from {low} to {high}, not {value!r}.")
        for name in ("learning_rate", "beta1", "beta2"):
            value = getattr(self, name)
            if type(value) is not float or not 0 < value < 1:
                raise PadError(f"{name} lies between 0 and 1, not {value!r}.")
        if self.precision not in get_args(Precision):
            raise PadError(f"precision is fp32 or bf16, not {self.precision!r}.")
        if not isinstance(self.adam_coasts, bool):
            raise PadError(f"adam_coasts is true or false, not {self.adam_coasts!r}.")
        if not isinstance(self.dataset, str):
            raise PadError(f"dataset is the spec of a data set, not {self.dataset!r}.")

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return asdict(self) | {"condition": self.condition.to_dict()}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Recipe:
        """The inverse of ``to_dict``; PadError where a field is unknown, missing or wrong."""
        try:
            return cls(**(fields | {"condition": Condition.from_dict(fields["condition"])}))
        except (TypeError, KeyError) as error:
            raise PadError(f"a recipe does not have these fields ({error}).") from None
