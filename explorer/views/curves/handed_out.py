"""Files of networks, as the Python that charts hand out names them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from explorer.session.upload import UPLOAD

_DROPPED = "# The dropped file: it has to lie beside this script, in the project's folder."


def python_files(files: Mapping[str, str]) -> str:
    """A dictionary in Python, a line each: networks' names and their checkpoints' keys.

    A dropped file, of which the page knows only the name, goes by that.
    """
    lines = []
    for name, key in files.items():
        if key.startswith(UPLOAD):
            lines.append(_DROPPED)
        lines.append(f"{_quoted(name)}: {_quoted(key.removeprefix(UPLOAD))},")
    return "\n".join(["{", *(f"    {line}" for line in lines), "}"])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
