"""The one kind of error that a user meets."""


class PadError(Exception):
    """Something the user typed, loaded or dropped cannot be used.

    The message is one sentence that says what is wrong and what to do; the command
    line and the explorer show it as it is, without a traceback.
    """
