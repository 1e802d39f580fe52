"""Sweeps on a Ray cluster: placement and retries are Ray's.

An optional dependency (the extra ``cluster``). All machines of the cluster must see the
same run folders and data under the same paths, on a shared file system.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from pad_core.errors import PadError
from pad_core.training.lock import ask_to_stop, is_occupied
from pad_core.training.sweep import Cell, Outcome, Settings, Training, train_cell

MAX_RETRIES = 5  # of a cell whose worker or machine died; each continues from the saved state


class RayEngine:
    """A Ray cluster, or a local one that is started for the sweep."""

    jobs = 1_000_000  # all cells are handed over at once; Ray queues them

    def __init__(self, address: str, gpus_per_cell: float = 0.0) -> None:
        """Connect to a cluster.

        Args:
            address: of the cluster's head, such as ray://host:10001 or auto, or 'local'.
            gpus_per_cell: share of a GPU that a cell takes; 0 on CPUs.

        Raises:
            PadError: Ray isn't installed, or there is no cluster at the address.
        """
        try:
            import ray
        except ImportError:
            raise PadError("Ray is not installed: pip install -e '.[cluster]'.") from None
        self._ray: Any = ray
        self._gpus = gpus_per_cell
        if not ray.is_initialized():
            try:
                where = {} if address == "local" else {"address": address}
                ray.init(log_to_driver=False, include_dashboard=False, **where)
            except (ConnectionError, ValueError, RuntimeError) as error:
                raise PadError(f"There is no Ray cluster at {address!r}: {error}") from None

    def start(self, cell: Cell, settings: Settings) -> Training:
        """Hand a cell over to the cluster."""
        task = self._ray.remote(train_cell).options(
            name=cell.folder.name,
            num_cpus=settings.threads,
            num_gpus=self._gpus,
            max_retries=MAX_RETRIES,
        )
        return _RayTraining(self._ray, task.remote(cell, settings), cell.folder)

    def wait(self, seconds: float) -> None:
        """They train elsewhere."""
        time.sleep(seconds)


class _RayTraining:
    def __init__(self, ray: Any, reference: Any, folder: Path) -> None:
        self._ray, self._reference, self._folder = ray, reference, folder
        self._stopped = False

    def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        if is_occupied(self._folder):
            ask_to_stop(self._folder)
        else:  # Ray has not started it yet
            self._ray.cancel(self._reference)

    def outcome(self) -> Outcome | None:
        ready, _ = self._ray.wait([self._reference], timeout=0)
        if not ready:
            return None
        try:
            return self._ray.get(self._reference)
        except (self._ray.exceptions.RayError, KeyboardInterrupt) as error:
            if self._stopped:
                return Outcome("stopped")
            return Outcome("failed", str(error).strip().splitlines()[-1])
