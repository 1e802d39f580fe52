"""A cache of whole data sets' latents on the disk; in memory, five networks would take 300 MB."""

from __future__ import annotations

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

Latents = dict[str, torch.Tensor]


class Scratch:
    """A temporary folder with the most recently used tensors.

    Args:
        most_bytes: on the disk; beyond that, those used longest ago are deleted, never the newest.
    """

    def __init__(self, most_bytes: float) -> None:
        self._most_bytes = most_bytes
        self._folder = tempfile.TemporaryDirectory(prefix="pad-explorer-")
        self._sizes: OrderedDict[Hashable, tuple[Path, int]] = OrderedDict()
        self._named = 0
        self._lock = threading.Lock()

    def keep(self, key: Hashable, latents: Latents) -> None:
        """Store tensors, unless the disk refuses."""
        with self._lock:
            if key in self._sizes:
                return
            path = Path(self._folder.name) / f"{self._named}.safetensors"
            self._named += 1
            try:
                save_file({name: t.contiguous() for name, t in latents.items()}, path)
            except (OSError, SafetensorError):  # the disk is full: they can be computed again
                path.unlink(missing_ok=True)
                return
            self._sizes[key] = path, sum(t.nbytes for t in latents.values())
            while len(self._sizes) > 1 and self.nbytes > self._most_bytes:
                _, (path, _) = self._sizes.popitem(last=False)
                path.unlink(missing_ok=True)

    def find(self, key: Hashable) -> Latents | None:
        """Stored tensors, or None if they are gone."""
        with self._lock:
            if key not in self._sizes:
                return None
            self._sizes.move_to_end(key)
            try:
                return load_file(self._sizes[key][0])
            except (OSError, SafetensorError):  # another program has cleaned the folder
                del self._sizes[key]
                return None

    @property
    def keys(self) -> list[Hashable]:
        """The keys of stored tensors, used longest ago first."""
        return list(self._sizes)

    @property
    def nbytes(self) -> int:
        """Bytes on the disk."""
        return sum(size for _, size in self._sizes.values())
