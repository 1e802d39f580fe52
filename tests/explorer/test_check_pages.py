"""What tools/check_pages.py finds on a page, and what it does not take for a fault."""

import pytest

from tests.explorer.browser import browser_only
from tools.check_pages import faults, texts

pytestmark = browser_only

LONG = "a text that is far too long for its place"
CHART = '<svg width="200" height="90" style="overflow: hidden">{}</svg>'
NARROW = "width: 90px; white-space: nowrap;"
PAIR = '<p style="margin: 0; font-size: 13px; line-height: {}">+4.2 SD<br>ship, dogs</p>'
TRUE = {
    "hidden": (f'<p style="{NARROW} overflow: hidden">{LONG}</p>', "cut"),
    "ellipsis": (
        f'<p style="{NARROW} overflow: hidden; text-overflow: ellipsis">{LONG}</p>',
        "cut",
    ),
    "too low": (f'<p style="width: 90px; height: 20px; overflow: hidden">{LONG}</p>', "cut"),
    "beyond the screen": (f'<p style="margin-left: 300px; white-space: nowrap">{LONG}</p>', "cut"),
    "a control that is scrolled out of sight": (
        f'<div style="{NARROW} overflow-x: auto"><button>One</button><button>{LONG}</button></div>',
        "cut",
    ),
    "lines on each other": (PAIR.format(0.4), "lies on"),
    "label beyond a chart": (CHART.format(f'<text x="99" y="40">{LONG}</text>'), "cut"),
    "labels on each other": (
        CHART.format('<text x="9" y="40">w/o NREM</text><text x="40" y="40">Wake only</text>'),
        "lies on",
    ),
}
SOUND = {
    "scrolls sideways": f'<div style="{NARROW} overflow-x: auto"><p>{LONG}</p></div>',
    "scrolled over what is beside it": f'''<div style="display: flex">
        <div style="{NARROW} overflow-x: auto">{LONG}</div><p style="margin: 0">beside</p></div>''',
    "scrolls down": f'<div style="width: 90px; height: 30px; overflow-y: auto">{LONG}</div>',
    "two close lines": PAIR.format(1.1),
    "turned labels side by side": CHART.format(
        '<text transform="translate(20 9) rotate(45)">Wake only</text>'
        '<text transform="translate(50 9) rotate(45)">w/o NREM</text>'
    ),
}


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    yield page
    page.close()


def said(page, body):
    page.set_content(f'<main style="font: 13px sans-serif">{body}</main>')
    return faults(texts(page, "main")["found"])


@pytest.mark.parametrize("name", list(TRUE))
def test_what_cannot_be_read_is_found(page, name):
    body, fault = TRUE[name]
    assert [fault] == [found.split(":")[0] for found in said(page, body)]


@pytest.mark.parametrize("name", list(SOUND))
def test_what_can_be_read_is_no_fault(page, name):
    assert said(page, SOUND[name]) == []
