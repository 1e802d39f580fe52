"""Short names for several networks."""

from __future__ import annotations

from collections.abc import Mapping

from pad_core.checkpoint.schema import Header
from pad_core.report.palette import style


def labels(headers: Mapping[str, Header]) -> dict[str, str]:
    """The shortest names that tell these networks apart."""
    parts = {
        key: (style(h.condition.name).label, h.dataset_name, f"seed {h.seed}", f"epoch {h.epoch}",
              key)
        for key, h in headers.items()
    }  # fmt: skip
    used = [0]
    for place in range(1, 5):
        if len({tuple(part[i] for i in used) for part in parts.values()}) == len(parts):
            break
        if len({part[place] for part in parts.values()}) > 1:
            used.append(place)
    return {key: " · ".join(part[i] for i in used) for key, part in parts.items()}
