"""A checkpoint that a viewer brought."""

from __future__ import annotations

from dataclasses import dataclass

UPLOAD = "upload:"


@dataclass(frozen=True)
class Upload:
    """A file that a viewer dropped onto the page."""

    name: str
    content: bytes

    @property
    def key(self) -> str:
        """What it goes by among the checkpoints."""
        return UPLOAD + self.name
