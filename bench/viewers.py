"""How long many viewers of one explorer wait, and what memory they leave behind.

    python -m bench.viewers [--viewers 20] [--seconds 60] [--page dream] [--whole] [--alike]
                            [--class] [--follow]

The explorer runs as ``streamlit run`` starts it; its viewers speak its protocol (``bench.stream``).
All come at once, then each moves a dial every ten seconds, at moments drawn from a seed, and at
last all leave. A wait is counted from the moment at which a move was due, so that one who still
waits for the last picture doesn't make the next wait look shorter.

In a class (--class) they are its visitors. With --follow they move nothing: a speaker does, and a
wait is counted from the speaker's move to the picture on each visitor's page.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import torch

from bench.browser import Server
from bench.measure import Result, arguments, device_and_threads, p95, report, row
from bench.stream import FullError, Viewer
from explorer.session import classroom
from explorer.session.secret import TOKEN, cookie_name

_QUIET_S = 5.0  # longer than a page waits between two looks for news
AFTERWARDS_S = 30.0  # after the last has left, when the server's memory is read once more
CPU = torch.device("cpu")
SPEAKER = "the-speaker-s-secret"


class Page(NamedTuple):
    """A page that viewers look at.

    path, query: its address. shown: what stands in the element that is there last of all.
    dials: those that are moved, and what stands in the element that each changes.
    """

    path: str
    query: dict[str, str]
    shown: str
    dials: dict[str, str]


PAGES = {
    "dream": Page(
        "dream", {}, "pad-rem", {"lam": "pad-rem", "lam_prime": "pad-rem", "intensity": "pad-nrem"}
    ),
    "many": Page("dream", {"sight": "wall"}, "pad-nights", {"lam": "pad-nights"}),
    "plane": Page("dream", {"sight": "plane"}, "plane-pad", {"lam": "plane-pad"}),
    "wall": Page(
        "wall", {"wall": "rem"}, "pad-wall", {"lam": "pad-wall", "lam_prime": "pad-wall"}
    ),
    "map": Page("map", {}, "layer-dreams", {"lam": "layer-dreams"}),
    "probe": Page("probe", {}, "pad-example", {"intensity": "pad-example"}),
    "live": Page(
        "probe", {"probe": "live", "measure": "paper"}, "pad-example", {"intensity": "pad-scores"}
    ),
}  # fmt: skip


@dataclass
class Waits:
    """Seconds: until the page was there at first; from each move to its picture, and to the end.

    refused: how many were told that there is no room; received: bytes that all moves brought.
    """

    first: list[float] = field(default_factory=list)
    picture: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    refused: int = 0
    received: int = 0


class Crowd:
    """Viewers of one page.

    whole: move the seed, which makes the whole page anew; alike: all begin at the same address
    and not at a seed of their own.
    """

    def __init__(self, address: str, page: Page, seed: int, whole: bool, alike: bool) -> None:
        self.waits = Waits()
        self._address, self._page, self._whole, self._alike = address, page, whole, alike
        self._random = random.Random(seed)

    async def visit(self, n: int, seconds: float, every_s: float) -> None:
        """n viewers come at once, stay for so many seconds after all are there, and leave."""
        arrived = asyncio.Barrier(n)
        async with asyncio.TaskGroup() as group:
            for i in range(n):
                chance = random.Random(self._random.random())
                group.create_task(self._one(i, chance, arrived, seconds, every_s))

    async def _one(
        self,
        i: int,
        chance: random.Random,
        arrived: asyncio.Barrier,
        seconds: float,
        every_s: float,
    ) -> None:
        page, start = self._page, time.perf_counter()
        own = {} if self._alike else {"seed": str(100 + i)}
        async with Viewer(self._address, page.path, **page.query, **own) as viewer:
            try:
                _, finished = await viewer.open(page.shown)
            except FullError:
                self.waits.refused += 1
                await arrived.wait()
                return
            self.waits.first.append(finished - start)
            await arrived.wait()
            before, now = viewer.received, time.perf_counter()
            due, end = now + every_s * chance.random(), now + seconds
            while due < end:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                pictured, finished = await self._move(viewer, chance)
                self.waits.picture.append(pictured - due)
                self.waits.whole.append(finished - due)
                due += every_s * chance.uniform(0.8, 1.2)
            self.waits.received += viewer.received - before

    async def _move(
        self, viewer: Viewer, chance: random.Random, dial: str = ""
    ) -> tuple[float, float]:
        """Set one of the page's dials, or this one, elsewhere; see ``Viewer.move``."""
        if self._whole:
            name, shown, places = "seed", self._page.shown, range(1000)
        else:
            dial = dial or chance.choice([*self._page.dials])
            name, shown, places = f"{dial}-slider", self._page.dials[dial], range(101)
        # Where a dial stands already there is nothing to be shown.
        now = round(viewer.dials[name] * (1 if self._whole else 100))
        place = chance.choice([place for place in places if place != now])
        return await viewer.move(name, place if self._whole else place / 100, shown)


class Followers(Crowd):
    """Visitors of a class who follow its speaker. They all see the same."""

    async def visit(self, n: int, seconds: float, every_s: float) -> None:
        """n visitors come at once and follow, for so many seconds, one who moves a dial."""
        page = self._page
        cookie = f"{cookie_name(urlsplit(self._address).port or 80)}={SPEAKER}"
        async with contextlib.AsyncExitStack() as stack:
            speaker = Viewer(self._address, page.path, cookie, **page.query)
            await stack.enter_async_context(speaker)
            await speaker.open(page.shown)
            await speaker.move("class-follows", True, "class-follows")
            visitors = [Viewer(self._address, page.path, **page.query) for _ in range(n)]
            for visitor in visitors:
                await stack.enter_async_context(visitor)
            await asyncio.gather(*map(self._begin, visitors))
            before = sum(visitor.received for visitor in visitors)
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                await self._show(speaker, visitors)
                await asyncio.sleep(every_s * self._random.uniform(0.8, 1.2))
            self.waits.received = sum(visitor.received for visitor in visitors) - before

    async def _begin(self, visitor: Viewer) -> None:
        start = time.perf_counter()
        _, finished = await visitor.open(self._page.shown)
        self.waits.first.append(finished - start)
        await visitor.move("follow", True, self._page.shown)

    async def _show(self, speaker: Viewer, visitors: list[Viewer]) -> None:
        """The speaker moves a dial; wait until all have seen what comes of it."""
        dial = self._random.choice([*self._page.dials])
        shown = self._page.dials[dial]
        waiting = [asyncio.create_task(visitor.shown(shown)) for visitor in visitors]
        await asyncio.sleep(0)
        start = time.perf_counter()
        await self._move(speaker, self._random, dial)
        for pictured, finished in await asyncio.gather(*waiting):
            self.waits.picture.append(pictured - start)
            self.waits.whole.append(finished - start)


def measure(options: argparse.Namespace) -> list[Result]:
    """The rows of one crowd."""
    every, n = options.every, options.viewers
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        environment = {"OMP_NUM_THREADS": "1", "PAD_JOURNAL": f"{folder}/journal"}
        if options.is_class:
            environment |= {classroom.FOLDER: folder, TOKEN: SPEAKER}
        server = stack.enter_context(contextlib.closing(Server(environment, patience_s=60)))
        # One comes first and leaves: what is imported and loaded once is not the crowd's.
        asyncio.run(_prepare(options, server))
        time.sleep(options.after / 6)
        before, cpu, start = server.memory_mb(), server.cpu_s(), time.perf_counter()
        crowd = _crowd(options, server)
        peak = asyncio.run(_watched(crowd.visit(n, options.seconds, every), server))
        seconds, cpu = time.perf_counter() - start, server.cpu_s() - cpu
        time.sleep(options.after)
        return _rows(options, crowd.waits, cpu, cpu / seconds, (before, peak, server.memory_mb()))


async def _prepare(options: argparse.Namespace, server: Server) -> None:
    """One viewer moves some dials, and stays until all that was loading is there."""
    await _crowd(options, server).visit(1, options.every, options.every / 4)
    page = PAGES[options.page]
    async with Viewer(server.address, page.path, **page.query) as viewer:
        await viewer.open(page.shown)
        await viewer.quiet(_QUIET_S, options.prepare)


def _crowd(options: argparse.Namespace, server: Server) -> Crowd:
    page = PAGES[options.page]
    kind = Followers if options.follow else Crowd
    return kind(server.address, page, options.seed, options.whole, options.alike)


async def _watched(visit: Coroutine[Any, Any, None], server: Server) -> float:
    """The most memory, in MB, that the server held during a visit, looked at twice a second."""
    visiting, peak = asyncio.create_task(visit), 0.0
    while not visiting.done():
        peak = max(peak, server.memory_mb())
        await asyncio.wait([visiting], timeout=0.5)
    visiting.result()
    return peak


def _rows(
    options: argparse.Namespace,
    waits: Waits,
    cpu_s: float,
    share: float,
    held: tuple[float, float, float],
) -> list[Result]:
    alike = ", all alike" if options.alike else ""
    who = "visitors of a class, at" if options.is_class else "viewers of"
    name = f"{options.viewers} {who} {options.page}{alike}"
    move = "the seed set → the whole page" if options.whole else "a dial moved → page complete"
    if options.follow:
        move = "the speaker moved a dial → a follower's page complete"
    found = [
        (f"{name}: all come at once → first picture", "s", waits.first),
        (f"{name}: {move}, median", "s", waits.whole),
        (f"{name}: {move}, p95 of {len(waits.whole)}", "s", [p95(waits.whole)]),
        (f"{name}: the picture alone, p95", "s", [p95(waits.picture)]),
        (f"{name}: received by a viewer for each move", "kB",
         [waits.received / 1000 / len(waits.whole)]),
        (f"{name}: told that there is no room", "viewers", [float(waits.refused)]),
        (f"{name}: processor time of the server, all in all", "s", [cpu_s]),
        (f"{name}: processor time of the server, of one core", "%", [100 * share]),
        (f"{name}: memory before", "MB", held[:1]),
        (f"{name}: memory at its peak", "MB", held[1:2]),
        (f"{name}: memory {options.after:g} s after all left", "MB", held[2:]),
    ]  # fmt: skip
    return [row(what, unit, values, device_and_threads(CPU)) for what, unit, values in found]


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0, help="that they stay")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two moves")
    parser.add_argument("--after", type=float, default=AFTERWARDS_S,
                        help="seconds after the last left, when memory is read")  # fmt: skip
    parser.add_argument("--prepare", type=float, default=60.0,
                        help="most seconds that what is loaded once may take")  # fmt: skip
    parser.add_argument("--page", choices=PAGES, default="dream")
    parser.add_argument("--whole", action="store_true", help="set the seed: a whole page anew")
    parser.add_argument("--alike", action="store_true", help="all begin at the same address")
    parser.add_argument("--seed", type=int, default=0, help="of moments and positions")
    parser.add_argument("--class", action="store_true", dest="is_class",
                        help="they are visitors of a class")  # fmt: skip
    parser.add_argument("--follow", action="store_true", help="they follow its speaker")
    options = parser.parse_args()
    options.is_class |= options.follow
    if options.quick:
        options.viewers, options.seconds, options.every, options.after = 3, 2.0, 0.5, 0.5
    report(measure(options), options.out)


if __name__ == "__main__":
    main()
