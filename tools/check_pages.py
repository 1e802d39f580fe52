"""Look at each page as a browser shows it: how many words, and what is cut, or lies on other text.

    python tools/check_pages.py [PAGE …] [--out FOLDER] [--sizes 390x844,1280x720,1920x1080]

Prints a row for each page, size and theme; with --out keeps the screenshots. Exit status 1 where a
page has more words than it may, or text is cut. Needs Chromium and Playwright.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

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
    "alike": ("curves", {"curves": "alike"}, 250),
    "signatures": ("curves", {"figure": "signatures"}, 250),
    "train": ("train", {}, 150),
    "journal": ("journal", {}, 150),
    "talk": ("talk", {}, 150),
    "storyboard": ("storyboard", {}, 150),
    "about": ("about", {}, 600),
    **{sight: ("lab", {"lab": sight}, 150) for sight in SIGHTS},
}
# All text that is seen, also in shadow trees and charts, as the four corners of its ink. Text that
# an element hides at its edge is cut. Text that an element scrolls into sight is not, unless it is
# a control's: nobody looks for one there. The page itself scrolls down, never sideways.
_TEXTS = """(main) => {
  const texts = [], found = [];
  const pen = document.createElement("canvas").getContext("2d");
  const shown = (element) => element.checkVisibility({
    opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  const everywhere = { x: -Infinity, y: -Infinity, right: Infinity, bottom: Infinity };
  const both = (a, b) => ({ x: Math.max(a.x, b.x), y: Math.max(a.y, b.y),
    right: Math.min(a.right, b.right), bottom: Math.min(a.bottom, b.bottom) });
  const beyond = (box, edge) => box.x < edge.x - 1.5 || box.right > edge.right + 1.5
    || box.y < edge.y - 1.5 || box.bottom > edge.bottom + 1.5;
  const inked = (text, element, box) => { // without the empty part of a line
    pen.font = getComputedStyle(element).font;
    const m = pen.measureText(text);
    return { x: box.x, right: box.right,
      y: box.y + Math.max(0, m.fontBoundingBoxAscent - m.actualBoundingBoxAscent),
      bottom: box.bottom - Math.max(0, m.fontBoundingBoxDescent - m.actualBoundingBoxDescent) };
  };
  const corners = (box) => [[box.x, box.y], [box.right, box.y], [box.right, box.bottom],
    [box.x, box.bottom]];
  const bounds = (points) => {
    const [x, y] = [0, 1].map((axis) => points.map((point) => point[axis]));
    return { x: Math.min(...x), right: Math.max(...x), y: Math.min(...y), bottom: Math.max(...y) };
  };
  const add = (text, box, edges, turned) => {
    const seen = both(box, edges.sight);
    if (box.right - box.x <= 1 || box.bottom - box.y <= 1) return;
    const cut = beyond(box, edges.hidden);
    const visible = seen.right - seen.x > 1 && seen.bottom - seen.y > 1;
    const points = turned ?? corners(seen);
    if (visible || cut) found.push({ text, points, cut, visible, index: texts.length });
  };
  const lettering = (node, edges) => { // a label of a chart, which may be turned
    const text = node.textContent.trim(), box = node.getBBox(), matrix = node.getScreenCTM();
    if (!text || !matrix || !shown(node)) return;
    const lines = Math.max(1, node.querySelectorAll("tspan.line").length);
    const blank = box.height / lines / 6; // above and below the letters
    const ink = { x: box.x, right: box.x + box.width,
      y: box.y + blank, bottom: box.y + box.height - blank };
    const turned = corners(ink).map(([x, y]) => new DOMPoint(x, y).matrixTransform(matrix))
      .map(({ x, y }) => [x, y]);
    add(text, bounds(turned), edges, turned);
    texts.push(""); // its words are numbers and names, which are not counted
  };
  const walk = (node, edges) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = node.data.trim();
      if (!text) return;
      const range = document.createRange();
      range.selectNodeContents(node);
      const control = node.parentElement?.closest("button, [role=radio], [role=tab]");
      for (const box of range.getClientRects()) {
        const ink = node.parentElement ? inked(text, node.parentElement, box) : box;
        add(text, ink, control ? { ...edges, hidden: edges.sight } : edges);
      }
      texts.push(text);
      return;
    }
    if (["STYLE", "SCRIPT", "TEMPLATE", "IFRAME"].includes(node.tagName)) return;
    if (node instanceof SVGTextElement) return lettering(node, edges);
    if (node instanceof Element) {
      if (!shown(node)) return;
      if (node.closest("[data-icon-font], .material-symbols, [data-testid=stIconMaterial]")) return;
      const style = getComputedStyle(node), box = node.getBoundingClientRect();
      if (style.clip !== "auto" || style.clipPath === "inset(50%)") return; // for screen readers
      const clips = style.overflowX !== "visible"
        && (style.display !== "inline" || node instanceof SVGElement);
      if (clips && node !== main) {
        if (box.width <= 1 || box.height <= 1) return;
        const hides = (way) => ["hidden", "clip"].includes(way);
        const edge = { x: box.x, y: box.y, right: box.right, bottom: box.bottom };
        const hidden = both(edges.hidden, edge), { x, right, y, bottom } = everywhere;
        if (!hides(style.overflowX)) Object.assign(hidden, { x, right });
        if (!hides(style.overflowY)) Object.assign(hidden, { y, bottom });
        edges = { sight: both(edges.sight, edge), hidden };
      }
    }
    for (const child of (node.shadowRoot ?? node).childNodes) walk(child, edges);
  };
  const screen = { ...everywhere, x: 0, right: innerWidth };
  walk(main, { sight: screen, hidden: screen });
  return { texts: texts.filter(Boolean), found };
}"""
_TOUCH_PX = 2.0


def overlapping(found: list[dict[str, Any]]) -> list[str]:
    """Pairs of texts of which the ink lies on each other by more than 2 pixels."""
    seen = [(text, np.array(text["points"])) for text in found if text["visible"]]
    return [
        f"{one['text'][:30]!r} on {other['text'][:30]!r}"
        for (one, here), (other, there) in itertools.combinations(seen, 2)
        if one["index"] != other["index"] and _depth(here, there) > _TOUCH_PX
    ]


def _depth(one: np.ndarray, other: np.ndarray) -> float:
    """How far two rectangles (4, 2), also turned ones, lie on each other; below 0 they do not."""
    depth = np.inf
    for side in (one[1] - one[0], one[3] - one[0], other[1] - other[0], other[3] - other[0]):
        axis = side / max(np.hypot(*side), 1e-9)
        a, b = one @ axis, other @ axis
        depth = min(depth, min(a.max(), b.max()) - max(a.min(), b.min()))
    return float(depth)


def words(texts: list[str]) -> int:
    """How many words: parts between spaces that have a letter in them."""
    return sum(any(c.isalpha() for c in part) for text in texts for part in text.split())


def faults(found: list[dict[str, Any]]) -> list[str]:
    """What is cut, and what lies on other text."""
    cut = dict.fromkeys(text["text"][:40] for text in found if text["cut"])
    pairs = dict.fromkeys(overlapping(found))
    return [*(f"cut: {text!r}" for text in cut), *(f"lies on: {pair}" for pair in [*pairs][:8])]


def texts(page: Any, main: str) -> dict[str, Any]:
    """All text that is seen in an element, and where: ``texts`` and ``found``."""
    return page.locator(main).first.evaluate(_TEXTS)


def look(page: Any, most: int) -> list[str]:
    """What is wrong with the page at rest; the first line says how many words it has."""
    seen = texts(page, part("main"))
    path = page.locator(".st-key-path-bar")
    bar = words(path.first.inner_text().split()) if path.count() else 0
    wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    said = [f"{words(seen['texts']) - bar} words of {most}", *faults(seen["found"])]
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
                    row = f"{name:11} {size:9} {theme:5} {'✗' if bad else '✓'} {'; '.join(said)}"
                    print(row, flush=True)
                    if options.out:
                        page.screenshot(path=options.out / f"{name}-{size}-{theme}.png")
                page.close()
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
