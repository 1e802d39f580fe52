"""The one kind of error that a user meets."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # Unicode's category Cc, which never changes


class PadError(Exception):
    """Something the user typed, loaded or dropped cannot be used.

    The message is one sentence that says what is wrong and what to do; the command
    line and the explorer show it as it is, without a traceback.
    """


def printable(text: str) -> str:
    """A text out of a file without control characters, which a terminal would obey."""
    return text if text.isprintable() else _CONTROL.sub("�", text)
