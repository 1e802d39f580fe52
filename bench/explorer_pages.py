"""The time of the explorer's pages on the server, and the server's memory.

    python -m bench.explorer_pages [--quick]

The app runs as in Streamlit, but without a browser, in a process that loads little else, so that
the memory is the server's. The floor is the program's memory before it shows anything. Each
interaction runs the whole page; a viewer's interaction runs only the panels that depend on it.
"""

from __future__ import annotations

import itertools
import re
import tempfile
from importlib import import_module
from pathlib import Path

import torch
from streamlit.testing.v1 import AppTest

from bench.checkpoints import ROOT, different
from bench.measure import (
    Result,
    arguments,
    as_the_explorer,
    device_and_threads,
    in_turn,
    p95,
    report,
    resident_mb,
    row,
)

for _view in ("curves", "dream", "journal", "map", "probe", "train", "wall"):
    import_module(f"explorer.views.{_view}.page")  # first: it is the program's memory

CPU = torch.device("cpu")
NETWORKS = 5
# The Dream page's sight, the slider moved there, and the pictures that it changes.
PAGES = {
    "night": ("intensity", "8 memories' dreams"),
    "wall": ("lam", "8 memories' 64 dreams"),
}


class Page:
    """The Dream page in one of its sights, with a slider that goes from end to end."""

    def __init__(self, sight: str, paths: list[Path]) -> None:
        self.dial, self.shows = PAGES[sight]
        self.seconds: list[float] = []
        self._app = AppTest.from_file(ROOT / "explorer/script.py", default_timeout=120)
        self._app.query_params.update(folder=str(paths[0].parent), sight=sight)
        for path in paths:
            self._app.query_params["checkpoint"] = str(path)
            self._app.run()
            self._check()
        self._positions = itertools.cycle(i / 100 for i in range(101))

    def turn(self, n: int) -> None:
        """Move the slider n times."""
        self.seconds += in_turn(n, CPU, move=self._move)["move"]

    def _move(self) -> None:
        slider = next(s for s in self._app.slider if re.match(rf"{self.dial}\b", s.key or ""))
        slider.set_value(next(self._positions)).run()
        self._check()

    def _check(self) -> None:
        assert not self._app.exception, self._app.exception


def pages(paths: list[Path], interactions: int) -> list[Result]:
    """A slider's latency on each page, and the memory after the first and the last fifth."""
    program = resident_mb()
    shown = [Page(sight, paths) for sight in PAGES]
    each = max(1, interactions // 5 // len(shown))
    held = []
    for _ in range(5):
        for page in shown:
            page.turn(each)
        held.append(resident_mb())
    where, total = device_and_threads(CPU), 5 * each * len(shown)
    found = []
    for page in shown:
        milliseconds = [1000 * s for s in page.seconds]
        name = f"a slider moved → {page.shows}, the whole page on the server"
        found.append(row(f"{name}, median", "ms", milliseconds, where))
        found.append(row(f"{name}, p95 of {len(page.seconds)}", "ms", [p95(milliseconds)], where))
    name = f"server: memory, {len(paths)} networks"
    floor, of = [program], "the program before it shows anything"
    first = total // 5
    return [
        *found,
        row(f"{name}, first {first} interactions", "MB", held[:1], where, None, floor, of),
        row(f"{name}, {total} interactions", "MB", held[-1:], where, None, floor, of),
        row(f"{name}, added by the last {total - first}", "MB", [held[-1] - held[0]], where),
    ]


def main() -> None:
    options = arguments(__doc__.splitlines()[0]).parse_args()
    as_the_explorer()
    with tempfile.TemporaryDirectory() as scratch:
        paths = different(Path(scratch), 2 if options.quick else NETWORKS)
        found = pages(paths, 10 if options.quick else 500)
    report(found, options.out)


if __name__ == "__main__":
    main()
