"""The explorer as a program, for tests of its window and of who is let in."""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.helpers import ROOT


@pytest.fixture
def explorer():
    """Start the program; its address, when it is there, and the process."""
    # What starts the tests in the background may have them ignore it, and their children, too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    started = []

    def start(*arguments, **environment):
        process = subprocess.Popen(
            [sys.executable, "-m", "explorer", *map(str, arguments)],
            cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/\S*", line)
        assert found, line
        return found[0], process

    yield start
    signal.signal(signal.SIGINT, before)
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
