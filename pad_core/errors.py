"""PadError, the one error that a user sees, and functions that make any text printable."""

import difflib
import io
import re
import sys
from collections.abc import Iterable

# Characters that are replaced: control characters, which a terminal obeys (Unicode category Cc);
# line separators; marks that change the direction of text; and surrogates, with which Python
# marks file names that are not UTF-8. Unicode keeps these ranges fixed.
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST = 1200  # characters of a message: a few paths and a sentence


class PadError(Exception):
    """Something the user typed, loaded or dropped cannot be used.

    The message is one sentence: what is wrong and what to do. The command line and the explorer
    show it without a traceback. Its unprintable characters are replaced, and a message above
    1,200 characters loses its middle.
    """

    def __init__(self, message: str) -> None:
        super().__init__(shortened(printable(message)))


def printable(text: str, keep: str = "") -> str:
    """Replace each unprintable character of a text from outside by '�'.

    Args:
        keep: control characters that stay, such as the line breaks of a note.
    """
    if text.isprintable():
        return text
    return _UNSHOWABLE.sub(lambda found: found[0] if found[0] in keep else "�", text)


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Shorten a text to ``longest`` characters: its beginning and its end stay."""
    if len(text) <= longest:
        return text
    beginning = longest * 2 // 3
    return f"{text[:beginning]} … {text[len(text) - (longest - beginning - 3) :]}"


def closest(word: str, known: Iterable[str]) -> str:
    """' (did you mean …?)' for a mistyped word, or nothing."""
    match = difflib.get_close_matches(str(word), list(known), n=1)
    return f" (did you mean {match[0]!r}?)" if match else ""


def tolerate_unprintable_output() -> None:
    """Have stdout and stderr print '?' for characters that they can't encode, instead of failing.

    A path can have any bytes in it, and some outputs encode only a few hundred characters.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
