"""How long a viewer waits for the explorer, measured in a real browser.

    python -m bench.explorer_browser [--quick] [--json] [--out FILE]

It starts the server as ``streamlit run`` does, with copies of the checkpoints that ship, and
drives its pages in Chromium (Playwright, from the extra dev). Server and browser share the
machine's cores. A slow result is no failure.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import torch
from rich.console import Console
from rich.table import Table

from bench.browser import FLAGS, Relay, Server, Viewer
from bench.checkpoints import copies, different
from bench.measure import Result, arguments, device_and_threads, p95, row
from explorer.desktop.window import find_browser

CPU = torch.device("cpu")
NETWORKS = 5

# Whether the Probe page shows an accuracy of each network at this percentage of occlusion, and
# whether each was measured on all images.
_ESTIMATED = """([percent, all]) => {
  const numbers = [...document.querySelectorAll('.pad-scores strong')];
  const rest = [...document.querySelectorAll('.pad-score span:last-of-type')].slice(1);
  return numbers.length > 0
    && document.body.innerText.includes(`${percent} % of their`)
    && numbers.every((number) => number.textContent !== '…')
    && (!all || rest.every((on) => /^([\\d,]+) of \\1/.test(on.textContent)));
}"""


def moves(
    viewer: Viewer, relay: Relay, n: int, dial: str, panel: str, what: str
) -> tuple[list, list, list]:
    """Milliseconds of n steps of a slider: until seen, until answered, and of that computed.

    The slider moves up from its place, and back from its end.
    """
    slider = f"[class*=st-key-{dial}-slider] input"
    seen, answered, computed, key = [], [], [], "ArrowRight"
    for _ in range(n):
        low, high, at = viewer.page.locator(slider).first.evaluate("e => [e.min, e.max, e.value]")
        key = {low: "ArrowRight", high: "ArrowLeft"}.get(at, key)
        relay.expect(panel)
        seen.append(1000 * viewer.press(key, slider, f".pad-{panel}"))
        answered.append(relay.answered_ms())
        computed.append(viewer.computed_ms(what))
    return seen, answered, computed


def starts(browser: Any, query: str, n: int) -> tuple[Server, Result]:
    """Start the server n times and wait for the first dreams; the last server stays up."""
    seconds = []
    for i in range(n):
        server = Server()
        viewer = Viewer(browser, f"{server.address}dream?{query}")
        seconds.append(time.perf_counter() - server.started)
        viewer.close()
        if i < n - 1:
            server.close()
    return server, row(
        "streamlit run → first dreams in the page", "s", seconds, device_and_threads(CPU)
    )


def visits(browser: Any, address: str, n: int) -> Result:
    """Open a page while the server is up."""
    seconds = []
    for _ in range(n):
        viewer = Viewer(browser, address)
        seconds.append(viewer.first_s)
        viewer.close()
    return row("page opened → first dreams in it, server up", "s", seconds, device_and_threads(CPU))


def dials(viewer: Viewer, relay: Relay, n: int) -> list[Result]:
    """Move REM's and NREM's sliders on the Dream page."""
    return [
        *_dial(viewer, relay, n, "lam", "rem", "REM", "REM slider moved"),
        *_dial(viewer, relay, n, "intensity", "nrem", "NREM", "NREM slider moved"),
    ]


def many_dreams(browser: Any, query: str, relay: Relay, n: int) -> list[Result]:
    """Move REM's slider on the Dream page with eight dreams of each of eight pairs."""
    viewer = Viewer(browser, f"{relay.address}dream?{query}&sight=wall")
    name = "slider moved, 64 dreams"
    rows = _dial(viewer, relay, n, "lam", "nights", "REM", name)
    viewer.close()
    return rows


def _dial(
    viewer: Viewer, relay: Relay, n: int, dial: str, panel: str, what: str, name: str
) -> list[Result]:
    seen, answered, computed = moves(viewer, relay, n, dial, panel, what)
    return [
        *_quantiles(f"{name} → new dreams in the page", seen, 1),
        *_quantiles(f"{name}, from request to answer of the server", answered, 1),
        *_quantiles(f"{name}, of that computed", computed, 1),
    ]


def switches(viewer: Viewer, n: int, n_networks: int) -> list[Result]:
    """Switch from one network to the next in the list; all are loaded."""
    field = "[class*=st-key-network-version-] input"  # they differ in their seeds
    seconds = []
    for i in range(2 * (n_networks - 1) + n):
        viewer.page.locator(field).first.click()
        down = i // (n_networks - 1) % 2 == 0
        viewer.page.keyboard.press("ArrowDown" if down else "ArrowUp")
        seconds.append(viewer.press("Enter", field, ".pad-memories"))
    return _quantiles("another network chosen → its dreams in the page", seconds[-n:], 1000)


def probes(browser: Any, address: str, n: int) -> list[Result]:
    """The Probe page: occlusion moved → accuracies of the compared networks in the page.

    Each network is tested on 1,000 stored memories. Levels of occlusion that were shown before are
    cached.
    """
    viewer = Viewer(browser, address)
    percent = 30  # the slider's initial value

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


def memory(server: Server, viewer: Viewer, relay: Relay, done: int, to_do: int) -> list[Result]:
    """The server's memory after many interactions, and what the later ones added.

    Args:
        done: earlier interactions with this server; to_do: further ones.
    """
    before = server.memory_mb()
    moves(viewer, relay, to_do, "lam", "rem", "REM")
    after = server.memory_mb()
    if before is None or after is None:
        return []
    where, total = device_and_threads(CPU), done + to_do
    return [
        row(f"server: memory after {done} interactions", "MB", [before], where),
        row(f"server: memory after {total} interactions", "MB", [after], where),
        row(f"server: memory that the last {to_do} of these added", "MB", [after - before], where),
    ]


def listing(browser: Any, server: Server, scratch: Path, n: int) -> list[Result]:
    """Open a folder of many checkpoints for the first time, and again."""
    folder = scratch / "many"
    folder.mkdir()
    (source,) = copies(scratch, 1)
    for i in range(n):
        os.link(source, folder / f"{i:04d}.safetensors")
    address = f"{server.address}dream?{urlencode({'folder': str(folder)})}"
    rows = []
    for when in ("first", "again"):
        viewer = Viewer(browser, address)
        name = f"page opened on {n:,} checkpoints, {when}"
        rows.append(row(name, "s", [viewer.first_s], device_and_threads(CPU)))
        viewer.close()
    return rows


def measure(quick: bool) -> Iterator[list[Result]]:
    """Measure all parts, one after the other."""
    from playwright.sync_api import sync_playwright

    n_networks = 2 if quick else NETWORKS
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        scratch = Path(made)
        own = scratch / "networks"
        own.mkdir()
        paths = different(own, n_networks)
        query = urlencode({"folder": str(own), "checkpoint": str(paths[0])})
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        server, started = starts(browser, query, 1 if quick else 3)
        with contextlib.closing(server), contextlib.closing(Relay(server)) as relay:
            yield [started]
            yield [visits(browser, f"{server.address}dream?{query}", 1 if quick else 5)]
            viewer = Viewer(browser, f"{relay.address}dream?{query}")
            n, n_probes = (3, 2) if quick else (60, 20)
            yield dials(viewer, relay, n)
            yield many_dreams(browser, query, relay, n)
            yield switches(viewer, 2 if quick else 20, n_networks)
            several = urlencode({"compared": list(map(str, paths))}, doseq=True)
            yield probes(browser, f"{server.address}probe?probe=live&{query}&{several}", n_probes)
            done = 3 * n + 3 * n_probes  # moves of sliders
            yield memory(server, viewer, relay, done, 2 if quick else 500 - done)
            viewer.close()
            yield listing(browser, server, scratch, 10 if quick else 1_000)
        browser.close()


def table(rows: Sequence[Result]) -> Table:
    """The results as a table for people."""
    shown = Table(title=f"The explorer in a browser, on {device_and_threads(CPU)}")
    for name, side in (("", "left"), ("", "right"), ("unit", "left"), ("from", "right"),
                       ("to", "right"), ("n", "right")):  # fmt: skip
        shown.add_column(name, justify=side)  # type: ignore[arg-type]
    for one in rows:
        shown.add_row(one.name, f"{one.value:g}", one.unit, f"{one.low:g}", f"{one.high:g}",
                      str(one.n))  # fmt: skip
    return shown


def _quantiles(name: str, values: Sequence[float], factor: float) -> list[Result]:
    scaled = [factor * value for value in values]
    return [
        row(f"{name}, median", "ms", scaled, device_and_threads(CPU)),
        row(f"{name}, p95 of {len(scaled)}", "ms", [p95(scaled)], device_and_threads(CPU)),
    ]


def main() -> None:
    parser: argparse.ArgumentParser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="a list of objects for scripts")
    options = parser.parse_args()
    if find_browser() is None or shutil.which("playwright") is None:
        sys.exit(
            "Chromium and Playwright are needed: apt-get install chromium, pip install -e '.[dev]'"
        )
    from playwright.sync_api import TimeoutError as Overdue

    rows: list[Result] = []
    problem = None
    try:
        for part in measure(options.quick):
            rows += part
            print(f"{part[0].name}: {part[0].value:g} {part[0].unit}", file=sys.stderr)
    except Overdue as error:  # keep what was measured before
        problem = f"Then the page kept its viewer waiting for too long: {error.message}"
    text = json.dumps([asdict(one) for one in rows], indent=2, ensure_ascii=False)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    if options.json:
        print(text)
    elif not options.out:
        Console().print(table(rows))
    sys.exit(problem)


if __name__ == "__main__":
    main()
