"""What is asked of a training: what to learn, and how to go about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from pad_core.checkpoint.training_config import OPTIMISER, Recipe, TrainingConfig, shared
from pad_core.errors import PadError
from pad_core.system.fields import said

if TYPE_CHECKING:  # so that the command line's help needs no PyTorch
    import torch


@dataclass(frozen=True)
class TrainingRequest(TrainingConfig):
    """What is asked for; its fields are options of ``python -m pad_core train``.

    Raises:
        PadError: a value that is none or out of range.
    """

    device: Annotated[str, said("Device", "cpu, cuda, mps, or auto: a GPU where there is one")] = (
        "auto"
    )
    precision: Annotated[
        Literal["auto", "fp32", "bf16"], OPTIMISER,
        said("Precision", "of the convolutions; auto takes bf16 if the hardware multiplies it "
             "faster"),
    ] = "auto"  # fmt: skip
    probe_every: Annotated[
        int,
        said("Measure every", "so many epochs linear separability is measured; 0 never", ge=0,
             le=100_000),
    ] = 0  # fmt: skip
    keep_epochs: Annotated[
        tuple[Annotated[int, Meta(ge=1)], ...],
        said("Keep epochs", "epochs after which the network is kept as a file of its own, with "
             "commas between"),
    ] = ()  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        check_kept(self.keep_epochs, self)

    def recipe(self, device: torch.device) -> Recipe:
        """What a run on that device does."""
        from pad_core.system.hardware import choose_precision

        precision = choose_precision(device) if self.precision == "auto" else self.precision
        return Recipe(**shared(self), precision=precision)


def check_kept(keep_epochs: Sequence[int], config: TrainingConfig) -> None:
    """PadError where an epoch can't be kept because it never comes."""
    if not isinstance(keep_epochs, Collection):
        raise PadError(f"Epochs to keep are listed, such as [1, 10], not {keep_epochs!r}.")
    for epoch in keep_epochs:
        if epoch not in range(1, config.epochs + 1):
            raise PadError(f"Epoch {epoch} can't be kept: the epochs are 1 to {config.epochs}.")
