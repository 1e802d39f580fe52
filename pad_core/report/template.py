"""HTML templates: every value is escaped, unless it is marked as HTML."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def render(path: Path, **values: object) -> str:
    """Render the Jinja template at ``path``; it may include others of its folder."""
    return _environment(path.parent).get_template(path.name).render(**values)


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
