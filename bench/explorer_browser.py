"""How long a viewer waits for the explorer, measured in a real browser.

    python -m bench.explorer_browser [--quick] [--json] [--out FILE]

Starts the server as ``streamlit run`` does, with copies of the checkpoints that ship, and drives
its pages in Chromium (Playwright, from requirements-dev.txt). A wait ends with the frame that
shows what was waited for. The server runs on the same machine and shares its cores with the
browser. Nothing here fails because it is slow.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import torch
from rich.console import Console
from rich.table import Table

from bench.explorer_server import NETWORKS, copies
from bench.measure import Row, arguments, describe, p95, row
from explorer.desktop import find_browser
from pad_core.errors import PadError
from pad_core.files import read_tensors, tensors_sha256, write_tensors

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
PATIENCE_MS = 300_000
_BIAS = "generator.tconv4.bias"
CPU = torch.device("cpu")

# Time from the key or the click to the frame that shows another picture or text in an element.
_WATCH = """(selector) => {
  const shown = () => {
    const element = document.querySelector(selector);
    return element && (element.getAttribute('style') || '') + element.textContent;
  };
  window.padWait = new Promise((done) => {
    const begin = (event) => {
      if (!event.isTrusted) return;
      removeEventListener('keydown', begin, true);
      const started = event.timeStamp, before = shown();
      const look = () => {
        const now = shown();
        if (now !== null && now !== before) {
          requestAnimationFrame(() => done(performance.now() - started));
        } else requestAnimationFrame(look);
      };
      look();
    };
    addEventListener('keydown', begin, true);
  });
}"""


def networks(folder: Path, n: int) -> list[Path]:
    """n checkpoints that stand one below the other in the list and dream differently.

    Of a data set that is on no machine, so that stored memories take its place on all.
    """
    (source,) = copies(folder, 1)
    stored, header = read_tensors(source)
    source.unlink()
    paths = [folder / f"{i}.safetensors" for i in range(n)]
    for i, path in enumerate(paths):
        brighter = {_BIAS: stored[_BIAS] + 0.1 * i}
        stored_now = stored | brighter
        weights = {name: t for name, t in stored_now.items() if not name.startswith("memories")}
        own = {
            "seed": 1000 + i,
            "dataset": header["dataset"] | {"name": "benchmark", "spec": "benchmark"},
            "weights_sha256": tensors_sha256(weights),
        }
        write_tensors(path, stored_now, header | own)
    return paths


_CLOCK = """addEventListener('keydown', (event) => { window.padStarted = event.timeStamp },
  {once: true, capture: true})"""

# Whether the Probe page shows an accuracy of each network at so many percent of occlusion, and
# whether each was measured on all images that there are.
_ESTIMATED = """([percent, all]) => {
  const numbers = [...document.querySelectorAll('.pad-scores strong')];
  const rest = [...document.querySelectorAll('.pad-score span:last-of-type')].slice(1);
  return numbers.length > 0
    && document.body.innerText.includes(`${percent} % of their`)
    && numbers.every((number) => number.textContent !== '…')
    && (!all || rest.every((on) => /^([\\d,]+) of \\1/.test(on.textContent)));
}"""


class Server:
    """The explorer as ``streamlit run`` starts it."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind((HOST, 0))
            port = free.getsockname()[1]
        self.address = f"http://{HOST}:{port}/"
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "explorer/app.py",
             "--server.headless", "true", "--server.address", HOST, "--server.port", str(port)],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while True:
            try:
                urllib.request.urlopen(f"{self.address}_stcore/health", timeout=1).close()
                break
            except OSError:
                if self._process.poll() is not None:
                    raise PadError("The explorer's server ended before it answered.") from None
                time.sleep(0.02)

    def memory_mb(self) -> float | None:
        """What the process holds now, in 10⁶ bytes; None where the system doesn't say."""
        try:
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        except OSError:
            return None
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)


class Viewer:
    """A page of the explorer in a browser without a past."""

    def __init__(self, browser: Any, address: str) -> None:
        self._context = browser.new_context(viewport={"width": 1280, "height": 720})
        self.page = self._context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        started = time.perf_counter()
        self.page.goto(address)
        self.page.wait_for_selector(".pad-footer")
        self.first_s = time.perf_counter() - started
        self.rest()

    def rest(self) -> None:
        """Until the server has no more to say."""
        idle = "!document.querySelector('[data-testid=stApp][data-test-script-state=running]')"
        self.page.wait_for_function(idle)

    def begin(self, key: str, widget: str) -> None:
        """Press a key in a widget, from which ``until`` counts."""
        self.page.locator(widget).first.focus()
        self.page.evaluate(_CLOCK)
        self.page.keyboard.press(key)

    def until(self, condition: str, given: Any) -> float:
        """Seconds from there to the frame in which a condition holds."""
        self.page.wait_for_function(condition, arg=given, polling="raf")
        milliseconds = self.page.evaluate("performance.now() - window.padStarted")
        self.rest()
        return milliseconds / 1000

    def press(self, key: str, widget: str, shows: str) -> float:
        """Seconds from a key in a widget to the frame in which the element ``shows`` differs."""
        self.page.locator(widget).first.focus()
        self.page.evaluate(_WATCH, shows)
        self.page.keyboard.press(key)
        milliseconds = self.page.evaluate("window.padWait")
        self.rest()
        return milliseconds / 1000

    def computed_ms(self, what: str) -> float:
        """What the page's last line says that a computation took on the server."""
        found = re.search(rf"{what} (\d+) ms", self.page.locator(".pad-footer").inner_text())
        return float(found[1]) if found else float("nan")

    def close(self) -> None:
        """Leave."""
        self._context.close()


def moves(viewer: Viewer, n: int, dial: str, shows: str, what: str) -> tuple[list, list]:
    """Seconds of n steps of a dial in the browser, and milliseconds of each on the server."""
    waited, computed = [], []
    for i in range(n):
        key = "ArrowRight" if i // 40 % 2 == 0 else "ArrowLeft"
        waited.append(viewer.press(key, f"[class*=st-key-{dial}-slider] input", shows))
        computed.append(viewer.computed_ms(what))
    return waited, computed


def start(browser: Any, address_of: Callable[[Server], str]) -> tuple[Server, list[Row]]:
    """Start the server and wait for the first dreams in the page; then for those of others."""
    server = Server()
    viewer = Viewer(browser, address_of(server))
    first = time.perf_counter() - server.started
    viewer.close()
    return server, [row("streamlit run → first dreams in the page", "s", [first], describe(CPU))]


def visits(browser: Any, address: str, n: int) -> Row:
    """A page that is opened while the server is up."""
    seconds = []
    for _ in range(n):
        viewer = Viewer(browser, address)
        seconds.append(viewer.first_s)
        viewer.close()
    return row("page opened → first dreams in it, server up", "s", seconds, describe(CPU))


def dials(viewer: Viewer, n: int) -> list[Row]:
    """REM's and NREM's sliders on the Dream page."""
    rows = []
    for dial, panel, what in (("lam", "rem", "REM"), ("intensity", "nrem", "NREM")):
        waited, computed = moves(viewer, n, dial, f".pad-{panel}", what)
        rows += _quantiles(f"{what} slider moved → new dreams in the page", waited, 1000)
        rows += _quantiles(f"{what} slider moved, computed on the server", computed, 1)
    return rows


def switches(viewer: Viewer, n: int, n_networks: int) -> list[Row]:
    """From one network to the next in the list, all of them loaded before."""
    field = "[class*=st-key-network-] input"
    seconds = []
    for i in range(2 * (n_networks - 1) + n):
        viewer.page.locator(field).first.click()
        down = i // (n_networks - 1) % 2 == 0
        viewer.page.keyboard.press("ArrowDown" if down else "ArrowUp")
        seconds.append(viewer.press("Enter", field, ".pad-memories"))
    return _quantiles("another network chosen → its dreams in the page", seconds[-n:], 1000)


def probes(browser: Any, address: str, n: int) -> list[Row]:
    """The Probe page: occlusion moved → accuracies of the compared networks in the page.

    Each has 1,000 stored memories to be tested on. A level of occlusion that was seen before is
    cached.
    """
    viewer = Viewer(browser, address)
    percent = 30  # where the slider stands at first

    def wait(key: str, all_images: bool) -> float:
        viewer.begin(key, "[class*=st-key-intensity-slider] input")
        return viewer.until(_ESTIMATED, [percent, all_images])

    viewer.page.wait_for_function(_ESTIMATED, arg=[percent, True])
    first, full, cached = [], [], []
    for _ in range(n):
        percent += 1
        first.append(wait("ArrowRight", all_images=False))
        full.append(viewer.until(_ESTIMATED, [percent, True]))
        percent -= 1
        cached.append(wait("ArrowLeft", all_images=True))
        percent += 1
        wait("ArrowRight", all_images=True)
    viewer.close()
    name = "occlusion moved → accuracies in the page"
    return [
        *_quantiles(f"{name}, first estimate", first, 1000),
        *_quantiles(f"{name}, 1,000 images of each network", full, 1000),
        *_quantiles(f"{name}, seen before", cached, 1000),
    ]


def memory(server: Server, viewer: Viewer, interactions: int) -> list[Row]:
    """What the server holds after many interactions, and what the later ones added."""
    early = max(1, interactions // 5)
    moves(viewer, early, "lam", ".pad-rem", "REM")
    before = server.memory_mb()
    moves(viewer, interactions - early, "lam", ".pad-rem", "REM")
    after = server.memory_mb()
    if before is None or after is None:
        return []
    where, rest = describe(CPU), interactions - early
    return [
        row(f"server: memory after {interactions} interactions", "MB", [after], where),
        row(f"server: memory that the last {rest} of these added", "MB", [after - before], where),
    ]


def listing(browser: Any, server: Server, scratch: Path, n: int) -> list[Row]:
    """A folder of many checkpoints, seen for the first time and again."""
    folder = scratch / "many"
    folder.mkdir()
    (source,) = copies(scratch, 1)
    for i in range(n):
        os.link(source, folder / f"{i:04d}.safetensors")
    address = f"{server.address}?{urlencode({'folder': str(folder)})}"
    rows = []
    for when in ("first", "again"):
        viewer = Viewer(browser, address)
        name = f"page opened on {n:,} checkpoints, {when}"
        rows.append(row(name, "s", [viewer.first_s], describe(CPU)))
        viewer.close()
    return rows


def measure(quick: bool) -> Iterator[list[Row]]:
    """All parts, one after the other."""
    from playwright.sync_api import sync_playwright

    n_networks = 2 if quick else NETWORKS
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        scratch = Path(made)
        own = scratch / "networks"
        own.mkdir()
        paths = networks(own, n_networks)
        query = urlencode({"folder": str(own), "checkpoint": str(paths[0])})
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        server, rows = start(browser, lambda server: f"{server.address}?{query}")
        with contextlib.closing(server):
            address = f"{server.address}?{query}"
            yield rows
            yield [visits(browser, address, 1 if quick else 5)]
            viewer = Viewer(browser, address)
            yield dials(viewer, 3 if quick else 60)
            yield switches(viewer, 2 if quick else 20, n_networks)
            several = urlencode({"compared": list(map(str, paths))}, doseq=True)
            yield probes(browser, f"{server.address}probe?{query}&{several}", 2 if quick else 20)
            yield memory(server, viewer, 5 if quick else 500)
            viewer.close()
            yield listing(browser, server, scratch, 10 if quick else 1_000)
        browser.close()


def table(rows: Sequence[Row]) -> Table:
    """The rows for people."""
    shown = Table(title=f"The explorer in a browser, on {describe(CPU)}")
    for name, side in (("", "left"), ("", "right"), ("unit", "left"), ("from", "right"),
                       ("to", "right"), ("n", "right")):  # fmt: skip
        shown.add_column(name, justify=side)  # type: ignore[arg-type]
    for one in rows:
        shown.add_row(one.name, f"{one.value:g}", one.unit, f"{one.low:g}", f"{one.high:g}",
                      str(one.n))  # fmt: skip
    return shown


def _quantiles(name: str, values: Sequence[float], factor: float) -> list[Row]:
    scaled = [factor * value for value in values]
    return [
        row(f"{name}, median", "ms", scaled, describe(CPU)),
        row(f"{name}, p95 of {len(scaled)}", "ms", [p95(scaled)], describe(CPU)),
    ]


def main() -> None:
    parser: argparse.ArgumentParser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="a list of objects for scripts")
    options = parser.parse_args()
    if find_browser() is None or shutil.which("playwright") is None:
        sys.exit("A Chromium browser and Playwright are needed: see requirements-dev.txt.")
    rows: list[Row] = []
    for part in measure(options.quick):
        rows += part
        print(f"{part[0].name}: {part[0].value:g} {part[0].unit}", file=sys.stderr)
    text = json.dumps([asdict(one) for one in rows], indent=2, ensure_ascii=False)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    if options.json:
        print(text)
    elif not options.out:
        Console().print(table(rows))


if __name__ == "__main__":
    main()
