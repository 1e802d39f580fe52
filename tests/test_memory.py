"""Memory that is kept: asked in processes of their own, whose allocator it changes."""

import subprocess
import sys

import pytest

from pad_core import memory

# Four blocks of 8 MB, taken and freed ten times after two times; prints the page faults.
WORK = """
import resource, torch
from pad_core.memory import keep_freed_memory
{call}
def work():
    blocks = [torch.zeros(2**23, dtype=torch.uint8) + 1 for _ in range(4)]
work()
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(call):
    command = [sys.executable, "-c", WORK.format(call=call)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's")
def test_kept_memory_is_not_cleared_again():
    kept = page_faults("if not keep_freed_memory(): raise SystemExit(77)")
    assert page_faults("") > 10 * (kept + 1)


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert not memory.keep_freed_memory()
