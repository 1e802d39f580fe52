"""Templates of HTML: whatever stands in one is escaped, unless it says that it is HTML."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def render(path: Path, **values: object) -> str:
    """The Jinja template at ``path`` with its values; it may include others of its folder."""
    return _environment(path.parent).get_template(path.name).render(**values)


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
