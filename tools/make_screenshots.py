"""Make the README's pictures of the explorer, from the pages as a browser shows them.

    python tools/make_screenshots.py CHECKPOINT [--out docs]

It writes explorer-dream.png, explorer-map.png, explorer-probe.png and explorer.gif, a drag through
the dream plane. It needs Chromium, Playwright, and a copy of the repository without data sets,
because other people's photographs must not be published.
"""

from __future__ import annotations

import argparse
import io
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.browser import FLAGS, Server  # noqa: E402
from explorer.desktop.window import find_browser  # noqa: E402
from explorer.session.streamlit_internals import RUNNING  # noqa: E402

SCREEN = {"width": 1280, "height": 720}
PATIENCE_MS = 300_000
N_FRAMES, FRAME_MS, GIF_WIDTH = 24, 110, 800
# Address, choices, and an element that exists once the whole page is drawn.
SHOTS = {
    "dream": ("dream", {"seed": "12", "lam_prime": "0.75"}, ".pad-rem"),
    "map": ("map", {"seed": "12", "picked": "100"}, "canvas"),
    "probe": ("probe", {}, ".pad-lead"),
}
_DRAWN = f"!document.querySelector('{RUNNING}')"


def open_page(browser: Any, address: str, drawn: str) -> Any:
    """Open a page and wait until it is at rest."""
    page = browser.new_page(viewport=SCREEN)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    page.wait_for_selector(".pad-footer")
    page.wait_for_selector(drawn, state="attached")
    page.wait_for_function(_DRAWN)
    page.wait_for_timeout(3000)  # charts move into place
    return page


def drag(page: Any) -> bytes:
    """A drag around the dream plane as an animated GIF, there and back."""
    plane = page.locator(".plane .pad").first.bounding_box()
    frames = []
    for i in range(N_FRAMES):
        share = i / (N_FRAMES - 1)
        x, y = 0.05 + 0.9 * share, 0.15 + 2.8 * (share - 0.5) ** 2
        page.mouse.move(plane["x"] + x * plane["width"], plane["y"] + y * plane["height"])
        if i == 0:
            page.mouse.down()
        page.wait_for_timeout(150)
        frames.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    page.mouse.up()
    height = GIF_WIDTH * SCREEN["height"] // SCREEN["width"]
    small = [f.resize((GIF_WIDTH, height), Image.Resampling.LANCZOS) for f in frames]
    # One palette for all frames: still parts compress to almost nothing.
    palette = small[len(small) // 2].quantize(128)
    reduced = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in small]
    loop = reduced + reduced[-2:0:-1]
    file = io.BytesIO()
    loop[0].save(
        file, format="GIF", save_all=True, append_images=loop[1:], duration=FRAME_MS, loop=0
    )
    return file.getvalue()


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    options = parser.parse_args()
    if (ROOT / "data").exists():
        sys.exit("There are data sets in data/; make the pictures in a copy without them.")
    key = {"checkpoint": str(options.checkpoint)}
    with closing(Server()) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        for name, (path, choices, drawn) in SHOTS.items():
            page = open_page(browser, f"{server.address}{path}?{urlencode(key | choices)}", drawn)
            image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            image.save(options.out / f"explorer-{name}.png", optimize=True)
            page.close()
        query = urlencode(key | {"sight": "plane", "seed": "12"})
        page = open_page(browser, f"{server.address}dream?{query}", ".plane .pad")
        (options.out / "explorer.gif").write_bytes(drag(page))
        browser.close()
    for path in sorted(options.out.glob("explorer*")):
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
