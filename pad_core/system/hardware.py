"""Choose the device and the precision that a run computes on and in."""

from __future__ import annotations

import os
import platform
import re
from typing import Any

import torch

from pad_core.errors import PadError
from pad_core.system.declared import Precision as Precision


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; PadError if this machine does not have it.

    'auto' is CUDA where there is one, else Apple's GPU (mps), else the CPU.
    """
    # Each of several networks that train at once needs a hardware queue. CUDA reads their number
    # when it starts; its default is 8.
    os.environ.setdefault("CUDA_DEVICE_MAX_CONNECTIONS", "32")
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if not re.fullmatch(r"cpu|mps|cuda(:\d{1,3})?", name):
        raise PadError(f"A device is auto, cpu, mps, cuda or cuda:N, not {name!r}.")
    device = torch.device(name)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise PadError("Device 'mps' is not available: only an Apple computer's GPU is called so.")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise PadError(
            f"Device {name!r} is not available: PyTorch finds no CUDA here; use --device cpu, or "
            "install a driver and a build of PyTorch with CUDA."
        )
    if (device.index or 0) >= max(1, torch.cuda.device_count()):
        raise PadError(f"Device {name!r} is not available: there are {torch.cuda.device_count()}.")
    return device


def choose_precision(device: torch.device) -> Precision:
    """bfloat16 where the hardware multiplies it faster than float32, else float32."""
    if device.type == "cuda":
        with torch.cuda.device(device):
            return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device.type == "mps":
        return "fp32"
    # Without these instructions the CPU emulates bfloat16, which is slower than float32.
    # Releases of PyTorch that can't tell get float32.
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return "bf16" if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else "fp32"


def widest_float(device: torch.device) -> torch.dtype:
    """float64, or float32 on Apple's GPUs, which have no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


def save_every_s(device: torch.device) -> float:
    """Seconds between two saved states. A GPU trains an epoch faster than its state is written."""
    return 0.0 if device.type == "cpu" else 30.0


def device_name(device: torch.device) -> str:
    """'cuda (NVIDIA H200)' or 'cpu (x86_64)'."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return f"{device.type} ({name})"
