"""Check values from files against declared types; one sentence says what does not fit.

Values are JSON that ``files.plain`` has checked. A type is any that msgspec knows, most often a
``TypedDict``. An object may have more fields than its type declares.
"""

from __future__ import annotations

import re
import sys
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pad_core.errors import PadError

_LONGEST_NAME = 1000  # characters: folders have 255 at most, lists of synonyms some hundred

Number = Annotated[float, Meta(ge=-sys.float_info.max, le=sys.float_info.max)]  # finite
Count = Annotated[int, Meta(ge=0, lt=2**53)]  # float64 holds all of these exactly
MAX_SEED = 2**32 - 1
Seed = Annotated[int, Meta(ge=0, le=MAX_SEED)]
Precision = Literal["fp32", "bf16"]  # of convolutions
Name = Annotated[str, Meta(pattern=r"\S", max_length=_LONGEST_NAME)]  # not blank

_NAMED = r"^[\w.-]{1,64}\Z"
Identifier = Annotated[str, Meta(pattern=_NAMED)]

# What a pattern asks of a text, in words.
_PATTERNS = {
    r"\S": "that is not empty",
    _NAMED: "of 1 to 64 letters, digits, '_', '.' or '-'",
}
_WORDS = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true or false",
    "array": "a list", "object": "an object", "null": "null",
}  # fmt: skip


def check(name: str, value: Any, declared: Any) -> Any:
    """Return a value as its type; PadError says what is missing or malformed.

    name: of the value in the message; '' for a whole file.
    """
    try:
        return msgspec.convert(value, declared)
    except msgspec.ValidationError as error:
        raise PadError(_sentence(name, str(error))) from None
    except UnicodeEncodeError:  # half of a surrogate pair in the name of a field
        raise PadError(f"'{name or 'it'}' is malformed: a name in it is no text.") from None


def is_declared(value: Any, declared: Any) -> bool:
    """Whether a value has a type."""
    try:
        check("", value, declared)
    except PadError:
        return False
    return True


def _sentence(name: str, complaint: str) -> str:
    """'Expected `int`, got `str` - at `$.n`' → "'x.n' is malformed: expected …"."""
    message, _, place = complaint.partition(" - at `")
    where = f"{name}{place.rstrip('`').removeprefix('key in ').removeprefix('$')}".lstrip(".")
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", message):
        return f"'{f'{where}.{missing[1]}'.lstrip('.')}' is missing."
    for pattern, asked in _PATTERNS.items():
        message = message.replace(f"matching regex {pattern!r}", asked)
    words = re.sub(
        r"`([a-z |]+)`",
        lambda found: " or ".join(_WORDS.get(word, word) for word in found[1].split(" | ")),
        message,
    )
    return f"'{where or 'it'}' is malformed: {words[:1].lower()}{words[1:]}."
