"""What commands print, on terminals and files of any encoding."""

from __future__ import annotations

import json
import sys
from typing import Any


def print_json(value: Any) -> None:
    """As it is in Unicode; elsewhere with escapes, which every reader of JSON knows."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    unicode = encoding.lower().replace("-", "").startswith("utf")
    text = json.dumps(value, indent=2, ensure_ascii=False)
    # Half a character, as of a file's name that isn't UTF-8, is none in Unicode either.
    whole = not any("\ud800" <= character <= "\udfff" for character in text)
    print(text if unicode and whole else json.dumps(value, indent=2))
