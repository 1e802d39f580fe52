"""Print JSON on terminals and files of any encoding."""

from __future__ import annotations

import json
import sys
from typing import Any


def print_json(value: Any) -> None:
    """Print a value as JSON: in Unicode where the output can, else with escapes."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    unicode = encoding.lower().replace("-", "").startswith("utf")
    text = json.dumps(value, indent=2, ensure_ascii=False)
    # A lone surrogate, from a file name that isn't UTF-8, can't be encoded in Unicode either.
    whole = not any("\ud800" <= character <= "\udfff" for character in text)
    print(text if unicode and whole else json.dumps(value, indent=2))
