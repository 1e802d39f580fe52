"""How long a training will take, said before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.runs.orders import Order
from explorer.runs.trainings import Training
from pad_core.data.imagesets import Contents
from pad_core.system.hardware import choose_device, choose_precision

# Images a second in PAD's cycle, by device and precision, and the machine that had them: medians
# of nine on processors, the best of three on the GPU (bench/RESULTS.md).
_MEASURED = {
    ("cpu", "bf16"): (470.0, "two cores with bfloat16 (Zen 4)"),
    ("cpu", "fp32"): (99.0, "two cores without bfloat16 (Zen 3)"),
    ("cuda", "bf16"): (33_800.0, "an NVIDIA H200"),
    ("cuda", "fp32"): (30_900.0, "an NVIDIA H200"),
}


@dataclass(frozen=True)
class Estimate:
    """Seconds of a training, and the speed that they rest on.

    machine: where that speed was measured, or empty for the last training here.
    """

    seconds: float
    images_per_s: float
    machine: str


def estimate(order: Order, data: Contents, before: Sequence[Training]) -> Estimate | None:
    """The time that an order takes; None on a device whose speed isn't known.

    data: what it trains on; before: trainings here, the newest first. The last one on the same
    device tells the speed; without one, another machine's speed stands in.
    """
    device = choose_device(order.device)
    seen = [
        float(one.history[-1]["images_per_s"])
        for one in before
        if one.order is not None
        and _kind(one.order.device) == device.type
        and one.history
        and "images_per_s" in one.history[-1]
    ]
    precision = choose_precision(device) if order.precision == "auto" else order.precision
    speed, machine = (seen[0], "") if seen else _MEASURED.get((device.type, precision), (0.0, ""))
    if not speed:
        return None
    held_out = 0 if data.n_test else data.n_train / 6
    return Estimate(order.epochs * (data.n_train - held_out) / speed, speed, machine)


def _kind(device: str) -> str:
    """'cpu', 'cuda' or 'mps': of a device that another machine may have had, and this one lacks."""
    return choose_device().type if device == "auto" else device.partition(":")[0]
