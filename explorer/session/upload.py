"""A checkpoint that a viewer dropped onto the page."""

from __future__ import annotations

from dataclasses import dataclass

UPLOAD = "upload:"


@dataclass(frozen=True)
class Upload:
    """A dropped file."""

    name: str
    content: bytes

    @property
    def key(self) -> str:
        """Its key among the checkpoints."""
        return UPLOAD + self.name
