"""A condition's colour as a mark beside its name."""

from __future__ import annotations

from pad_core.report.palette import style


def swatch(condition: str) -> str:
    """A mark in a condition's colour, as HTML."""
    look = style(condition)
    return f'<i class="pad-swatch" style="background: light-dark({look.colour}, {look.dark})"></i>'
