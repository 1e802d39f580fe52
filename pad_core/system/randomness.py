"""One seed, one random generator per purpose.

Each purpose ('weights', 'rem noise', …) draws from its own stream. Drawing more from one never
shifts another, and each stream can be saved and restored.
"""

from __future__ import annotations

import hashlib
from numbers import Integral

import torch

from pad_core.errors import PadError
from pad_core.system.declared import MAX_SEED as MAX_SEED


def check_seed(seed: int) -> int:
    """Return the seed, or raise PadError unless it is a whole number from 0 to 2³² − 1."""
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed <= MAX_SEED:
        raise PadError(f"A seed is a whole number from 0 to {MAX_SEED}, not {seed!r}.")
    return int(seed)  # NumPy's are whole numbers, too


def generator(
    seed: int, *purpose: str | int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A generator whose stream depends only on the seed and the purpose."""
    key = "/".join(map(str, (check_seed(seed), *purpose)))
    digest = hashlib.sha256(key.encode()).digest()
    # PyTorch's CPU generator reads only the lower 32 bits of a seed.
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:4], "little"))


class Streams:
    """The generators of one run, each made when it is first used."""

    def __init__(self, seed: int, device: torch.device | str = "cpu") -> None:
        self.seed = check_seed(seed)
        self.device = torch.device(device)
        self._generators: dict[str, torch.Generator] = {}

    def __getitem__(self, purpose: str) -> torch.Generator:
        if purpose not in self._generators:
            self._generators[purpose] = generator(self.seed, purpose, device=self.device)
        return self._generators[purpose]

    def used(self) -> list[torch.Generator]:
        """The generators made so far."""
        return list(self._generators.values())

    def state(self) -> dict[str, torch.Tensor]:
        """The state of every stream used so far (uint8 tensors on the CPU)."""
        return {name: g.get_state() for name, g in self._generators.items()}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Continue each stream where ``state`` left it."""
        for name, value in state.items():
            self[name].set_state(value)
