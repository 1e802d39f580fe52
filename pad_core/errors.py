"""The one kind of error that a user meets, and texts that can be shown anywhere."""

import io
import re
import sys

# What a terminal would obey (Unicode's category Cc), what no file or page can hold (halves of
# surrogate pairs, as Python makes of file names that are not UTF-8), what breaks a line, and what
# turns the direction of the text after it. None of these ever changes in Unicode.
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST = 1200  # characters of a message: a few paths and a sentence


class PadError(Exception):
    """Something the user typed, loaded or dropped cannot be used.

    The message is one sentence that says what is wrong and what to do; the command
    line and the explorer show it as it is, without a traceback. What it quotes may come from
    anywhere: it is made printable, and where it is very long, its middle is left out.
    """

    def __init__(self, message: str) -> None:
        super().__init__(shortened(printable(message)))


def printable(text: str, keep: str = "") -> str:
    """A text from outside with a mark in place of each character that can't be shown.

    Args:
        keep: control characters to leave in, such as the line breaks of a note.
    """
    if text.isprintable():
        return text
    return _UNSHOWABLE.sub(lambda found: found[0] if found[0] in keep else "�", text)


def shortened(text: str, longest: int = _LONGEST) -> str:
    """A text of at most so many characters; of a longer one the beginning and the end."""
    if len(text) <= longest:
        return text
    beginning = longest * 2 // 3
    return f"{text[:beginning]} … {text[len(text) - (longest - beginning - 3) :]}"


def tolerate_unprintable_output() -> None:
    """Print a mark for what the terminal or file that we write to can't hold, instead of failing.

    A path can have any bytes in it, and some outputs hold a few hundred characters alone.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
