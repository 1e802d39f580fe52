"""What several tests of the explorer need: a network, a server with a browser."""

import contextlib
from dataclasses import replace
from functools import cache
from urllib.parse import urlencode

import pytest
from streamlit.components.v2 import manifest_scanner

import pad_core
from bench.browser import FLAGS, Server
from tests.explorer.browser import BROWSER, settle
from tests.explorer.pages import write_checkpoint

RECORDED = [
    {"epoch": 1, "losses": {"image": 0.5, "kl": 0.2}, "linear_separability": 30.0},
    {"epoch": 2, "losses": {"image": 0.4, "kl": 0.1}, "seconds": 3.0},
]


@pytest.fixture(scope="session", autouse=True)
def components_that_are_installed():
    """Each AppTest looks through all installed packages for components, 0.1 s: once will do."""
    with pytest.MonkeyPatch.context() as patch:
        scan = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture
def header(exported):
    """A header of PAD after two epochs."""
    header = pad_core.load(exported).header
    recipe = {"dataset": "x", "batch_size": 64, "epochs": 2, "device": "cpu", "torch": "2"}
    return replace(header, epoch=2, history=RECORDED, recipe=recipe)


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """A network without experience whose dreams differ, on the data set that ships."""
    return pad_core.load(write_checkpoint(tmp_path_factory.mktemp("network") / "pad.safetensors"))


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """A running explorer's address that shows a checkpoint in a folder of its own."""
    path = write_checkpoint(tmp_path_factory.mktemp("browser") / "pad.safetensors")
    env = {"OMP_NUM_THREADS": "1", "PAD_JOURNAL": str(path.with_name("j.jsonl"))}
    with contextlib.closing(Server(env, stderr=None, patience_s=30)) as server:
        yield f"{server.address}?{urlencode({'folder': path.parent, 'checkpoint': path})}"


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
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
        page.wait_for_selector(".pad-footer", state="attached", timeout=120_000)
        # Real images come in the background and change the page once they are there.
        loading = "document.querySelector('.st-key-real-images [role=progressbar]')"
        page.wait_for_function(f"!{loading}", timeout=120_000)
        settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
