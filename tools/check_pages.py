"""Look at each page as a browser shows it: how many words, and what is cut, or lies on other text.

    python tools/check_pages.py [PAGE …] [--out FOLDER] [--sizes 390x844,1280x720,1920x1080]

Prints a row for each page, size and theme; with --out keeps the screenshots. Exit status 1 where a
page has more words than it may, or text is cut. Needs Chromium and Playwright.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.browser import FLAGS, Server  # noqa: E402
from explorer.desktop.window import find_browser  # noqa: E402
from explorer.session.streamlit_internals import RUNNING, part  # noqa: E402
from explorer.views.lab.sights import SIGHTS  # noqa: E402

SIZES = "390x844,1280x720,1920x1080"
PATIENCE_MS = 120_000
SETTLED_MS = 2500  # charts move into place, numbers come
# Page → its address, what is chosen there, and how many words it may have.
PAGES: dict[str, tuple[str, dict[str, str], int]] = {
    "start": ("", {}, 100),
    "dream": ("dream", {}, 100),
    "plane": ("dream", {"sight": "plane"}, 100),
    "many": ("dream", {"sight": "wall"}, 100),
    "wall": ("wall", {}, 150),
    "map": ("map", {}, 150),
    "probe": ("probe", {}, 180),
    "live": ("probe", {"probe": "live"}, 180),
    "confusion": ("probe", {"probe": "confusion"}, 180),
    "learning": ("probe", {"probe": "learning"}, 180),
    "curves": ("curves", {}, 250),
    "measures": ("curves", {"curves": "measures"}, 250),
    "losses": ("curves", {"curves": "losses"}, 250),
    "epochs": ("curves", {"curves": "epochs"}, 250),
    "train": ("train", {}, 150),
    "journal": ("journal", {}, 150),
    "talk": ("talk", {}, 150),
    "storyboard": ("storyboard", {}, 150),
    "about": ("about", {}, 600),
    **{sight: ("lab", {"lab": sight}, 150) for sight in SIGHTS},
}
# All text that is seen, with its box; text in shadow trees too, of charts (SVG) none.
_TEXTS = """(main) => {
  const found = [];
  const shown = (element) => element.checkVisibility({
    opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  const walk = (node, clip) => {
    if (node.nodeType === Node.TEXT_NODE) {
      if (!node.data.trim()) return;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects())
        if (box.width > 1 && box.height > 1) found.push({
          node: node.data.trim(), x: box.x, y: box.y, right: box.right, bottom: box.bottom,
          cut: clip && (box.right > clip.right + 1.5 || box.x < clip.x - 1.5),
          index: texts.length });
      texts.push(node.data.trim());
      return;
    }
    if (node instanceof SVGElement) return;
    if (["STYLE", "SCRIPT", "TEMPLATE", "IFRAME"].includes(node.tagName)) return;
    if (node instanceof HTMLElement) {
      if (!shown(node)) return;
      if (node.closest("[data-icon-font], .material-symbols, [data-testid=stIconMaterial]")) return;
      const style = getComputedStyle(node);
      if (style.clip !== "auto" || style.clipPath === "inset(50%)") return; // for screen readers
      if (style.overflowX === "hidden" || style.overflowX === "clip") {
        const box = node.getBoundingClientRect();
        if (box.width <= 1 || box.height <= 1) return;
        clip = { x: Math.max(box.x, clip.x), right: Math.min(box.right, clip.right) };
      }
    }
    for (const child of (node.shadowRoot ?? node).childNodes) walk(child, clip);
  };
  const texts = [];
  walk(main, { x: 0, right: innerWidth });
  return { texts, found };
}"""


def overlapping(boxes: list[dict[str, Any]]) -> list[str]:
    """Pairs of texts whose boxes share more than 3 pixels both ways."""
    pairs = []
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            if one["index"] == other["index"]:
                continue
            across = min(one["right"], other["right"]) - max(one["x"], other["x"])
            down = min(one["bottom"], other["bottom"]) - max(one["y"], other["y"])
            if across > 3 and down > 3 and one["y"] > 0:
                pairs.append(f"{one['node'][:30]!r} on {other['node'][:30]!r}")
    return pairs


def words(texts: list[str]) -> int:
    """How many words: parts between spaces that have a letter in them."""
    return sum(any(c.isalpha() for c in part) for text in texts for part in text.split())


def look(page: Any, most: int) -> list[str]:
    """What is wrong with the page at rest; the first line says how many words it has."""
    main = page.locator(part("main")).first
    seen = main.evaluate(_TEXTS)
    path = page.locator(".st-key-path-bar")
    bar = words(path.first.inner_text().split()) if path.count() else 0
    n = words(seen["texts"]) - bar
    wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    said = [f"{n} words of {most}"]
    cut = dict.fromkeys(box["node"][:40] for box in seen["found"] if box["cut"])
    said += [f"cut: {text!r}" for text in cut]
    said += [f"lies on: {pair}" for pair in dict.fromkeys(overlapping(seen["found"]))][:8]
    if wide > 1:
        said.append(f"wider than the screen by {wide} px")
    return said


def main() -> int:
    """Look at the pages that were asked for."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pages", nargs="*", metavar="PAGE", help=f"of {', '.join(PAGES)}; all")
    parser.add_argument("--out", type=Path, help="folder for screenshots")
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--themes", default="light,dark")
    options = parser.parse_args()
    if unknown := [name for name in options.pages if name not in PAGES]:
        parser.error(f"there is no page {unknown[0]!r}; choose of {', '.join(PAGES)}")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    wrong = False
    with closing(Server()) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        for size in options.sizes.split(","):
            width, height = map(int, size.split("x"))
            for theme in options.themes.split(","):
                page = browser.new_page(
                    viewport={"width": width, "height": height}, color_scheme=theme
                )
                page.set_default_timeout(PATIENCE_MS)
                for name in options.pages or PAGES:
                    path, choices, most = PAGES[name]
                    page.goto(f"{server.address}{path}?{urlencode(choices)}".rstrip("?"))
                    page.wait_for_selector(".pad-footer, .pad-title, h1", state="attached")
                    page.wait_for_function(f"!document.querySelector('{RUNNING}')")
                    page.wait_for_timeout(SETTLED_MS)
                    said = look(page, most)
                    bad = len(said) > 1 or int(said[0].split()[0]) > most
                    wrong |= bad
                    print(f"{name:11} {size:9} {theme:5} {'✗' if bad else '✓'} {'; '.join(said)}")
                    if options.out:
                        page.screenshot(path=options.out / f"{name}-{size}-{theme}.png")
                page.close()
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
