"""The Dream page in a real browser: pixels, the dials, the address, the two pages."""

import base64
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from explorer_fixtures import write_checkpoint
from PIL import Image

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(BROWSERS)} is installed"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A running explorer's address that shows a checkpoint in a folder of its own."""
    path = write_checkpoint(tmp_path_factory.mktemp("browser") / "pad.safetensors")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "explorer/app.py", "--server.headless",
               "true", "--server.address", "127.0.0.1", "--server.port", str(port)]  # fmt: skip
    server = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        query = urlencode({"folder": path.parent, "checkpoint": path})
        yield f"http://127.0.0.1:{port}/?{query}"
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(url):
    for _ in range(150):
        try:
            return urllib.request.urlopen(url, timeout=1).read()
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(url)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Open an address in a browser without a past, on a 1280×720 screen."""
    contexts = []

    def open_page(url):
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 720}))
        page = contexts[-1].new_page()
        page.goto(url)
        page.wait_for_selector(".pad-footer", timeout=30_000)
        return page

    yield open_page
    for context in contexts:
        context.close()


def atlas(page, panel):
    """A panel's atlas as it reached the browser: uint8 (rows, columns, 3)."""
    style = page.locator(f".pad-{panel}").get_attribute("style")
    png = base64.b64decode(re.search(r"base64,([\w+/=]+)", style)[1])
    return np.asarray(Image.open(io.BytesIO(png)))


def shot(page, panel):
    """What a panel's pictures look like on the screen, below the moving pointer and its hints."""
    page.mouse.move(640, 715)
    return page.locator(f".pad-{panel}").screenshot(animations="disabled")


def press(page, dial, key, times):
    page.locator(f"[class*=st-key-{dial}-slider] input").focus()
    for _ in range(times):
        page.keyboard.press(key)


def wait_for_atlas(page, panel, expected):
    """Until a panel shows these pictures."""
    deadline = time.monotonic() + 20
    while not np.array_equal(atlas(page, panel), expected):
        assert time.monotonic() < deadline, f"{panel} shows other pictures"
        time.sleep(0.1)


def wait_for_lambda(page, text):
    """Until the field beside λ's slider has been drawn anew with this value."""
    field = "document.querySelector('[class*=st-key-lam-typed] input')?.value"
    page.wait_for_function(f"{field} === '{text}'")


def wait_for_query(page, part):
    page.wait_for_url(lambda url: part in re.split("[?&]", url), timeout=15_000)


def test_each_pixel_of_a_memory_is_a_sharp_square_on_the_screen(address, visit):
    page = visit(address)
    assert page.evaluate("document.scrollingElement.scrollHeight") <= 720
    box = page.locator(".pad-rem .pad-row:last-child .pad-tile").nth(2).bounding_box()
    x, y, size = round(box["x"]), round(box["y"]), round(box["width"])
    screen = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    picture = screen[y : y + size, x : x + size]
    scale = size // 32
    assert scale >= 2
    expected = atlas(page, "rem")[32:, 64:96].repeat(scale, 0).repeat(scale, 1)
    inner = slice(8, -8)  # the corners are rounded
    assert np.array_equal(picture[inner, inner], expected[inner, inner])


def test_a_dial_changes_its_pictures_only_and_the_address_shows_the_same_elsewhere(address, visit):
    page = visit(address)
    before = {panel: shot(page, panel) for panel in ("memories", "nrem", "rem")}
    size = page.locator(".pad-rem").bounding_box()
    press(page, "lam", "ArrowRight", 10)
    wait_for_query(page, "lam=0.6")
    wait_for_lambda(page, "0.60")
    after = wait_until_still(page, before["rem"])
    assert after["rem"] != before["rem"]
    assert after["nrem"] == before["nrem"]
    assert after["memories"] == before["memories"]
    assert page.locator(".pad-rem").bounding_box() == size

    other = visit(page.url)
    assert {panel: shot(other, panel) for panel in after} == after


def wait_until_still(page, old_rem):
    """Screenshots of the panels once REM has changed and all has come to rest."""
    deadline, last = time.monotonic() + 15, None
    while time.monotonic() < deadline:
        now = {panel: shot(page, panel) for panel in ("memories", "nrem", "rem")}
        if now == last and now["rem"] != old_rem:
            break
        last = now
        time.sleep(0.2)
    return now


def test_reset_goes_into_the_address_and_back_undoes_it(address, visit):
    page = visit(f"{address}&lam=0.9&intensity=0.7")
    dreamt = atlas(page, "rem")
    page.get_by_role("button", name="as trained").click()
    wait_for_query(page, "lam=0.5")
    wait_for_lambda(page, "0.50")
    page.go_back()
    wait_for_lambda(page, "0.90")
    wait_for_query(page, "intensity=0.7")
    wait_for_atlas(page, "rem", dreamt)


def test_choices_outlive_a_look_at_another_page(address, visit):
    page = visit(f"{address}&seed=4&lam=0.9")
    dreamt = atlas(page, "rem")
    page.get_by_role("link", name="About", exact=True).click()
    page.get_by_role("heading", name="Please cite").wait_for()
    page.get_by_test_id("stTopNav").get_by_role("link", name="Dream").click()
    wait_for_query(page, "seed=4")
    page.wait_for_selector(".pad-footer")
    wait_for_atlas(page, "rem", dreamt)
