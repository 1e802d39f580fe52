"""The hardware that a run is on, and the precision that suits it."""

from __future__ import annotations

import platform
import re
from typing import Any, Literal

import torch

from pad_core.errors import PadError

Precision = Literal["fp32", "bf16"]


def choose_device(name: str = "auto") -> torch.device:
    """'auto' is CUDA where there is one, else the CPU; PadError where it can't be had."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if not re.fullmatch(r"cpu|cuda(:\d{1,3})?", name):
        raise PadError(f"A device is auto, cpu, cuda or cuda:N, not {name!r}.")
    device = torch.device(name)
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
    # Without these instructions the CPU emulates bfloat16, which is slower than float32.
    # (Releases of PyTorch that can't tell get float32.)
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return "bf16" if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else "fp32"


def describe_hardware(device: torch.device) -> str:
    """'cuda (NVIDIA H200)' or 'cpu (x86_64)'."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return f"{device.type} ({name})"
