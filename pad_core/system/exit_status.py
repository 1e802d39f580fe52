"""A command's exit status: what a user got wrong, Ctrl-C and a full disk take one line each."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from pad_core.errors import PadError

STOPPED = 130  # a shell's exit status for a process that Ctrl-C ended


def exit_status(program: str, run: Callable[[], int | None]) -> int:
    """Run a command; returns its exit status: its own, 2 for what a user got wrong, 1 if the
    output can't be written, 130 for Ctrl-C.

    Args:
        program: begins a line on stderr.
        run: returns the exit status, None for 0.
    """
    try:
        status = int(run() or 0)
        sys.stdout.flush()
        return status
    except PadError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return STOPPED
    except OSError as error:
        if error.filename is not None:
            raise
        if not isinstance(error, BrokenPipeError):  # the reader, such as 'head', has ended
            reason = error.strerror or error
            print(f"{program}: Cannot write the output: {reason}.", file=sys.stderr)
        # At the end Python writes what is left of the output, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
