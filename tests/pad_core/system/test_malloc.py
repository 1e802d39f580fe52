"""Memory that is kept: asked in processes of their own, whose allocator it changes."""

import os
import subprocess
import sys

import pytest

from pad_core.system import malloc as memory

# Four blocks of 8 MB, taken and freed ten times after two times; prints the page faults.
WORK = """
import resource, torch
from pad_core.system.malloc import keep_freed_memory
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
    """With glibc's first limit, above which every block comes from the system and goes back to it.

    Left alone, glibc raises it with the first large block that is freed; whether the next ones
    then go back depends on what happens to lie behind them.
    """
    command = [sys.executable, "-c", WORK.format(call=call)]
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(2**17)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's")
def test_kept_memory_is_not_cleared_again():
    kept = page_faults("if not keep_freed_memory(): raise SystemExit(77)")
    assert page_faults("") > 10 * (kept + 1)


# A hundred small blocks that stay, each after a large one that goes, taken by threads in turn;
# prints the megabytes held beside what stays.
GROWTH = """
import gc, threading, torch
from pathlib import Path
from pad_core.system import malloc as memory
{call}
def held():
    return 4096e-6 * int(Path("/proc/self/statm").read_text().split()[1])
kept = []
def work():
    for _ in range(20):
        large = [torch.ones(2**20, dtype=torch.uint8) for _ in range(4)]
        kept.append(torch.ones(2**14, dtype=torch.uint8))
before = held()
for _ in range(5):
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
{then}
print(held() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's")
def test_freed_memory_is_handed_back():
    def growth_mb(call, then):
        command = [sys.executable, "-c", GROWTH.format(call=call, then=then)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return float(done.stdout)

    stays = 5 * 4 * 20 * 2**14 * 1e-6
    call = "if not memory.share_freed_memory(): raise SystemExit(77)"
    shared = growth_mb(call, "memory.return_freed_memory()")
    alone = growth_mb(call.replace("share_freed_memory()", "keep_freed_memory()"), "")
    assert shared < stays + 8
    assert alone > shared + 8


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert not memory.keep_freed_memory()
    assert not memory.share_freed_memory()
    assert not memory.return_freed_memory()
