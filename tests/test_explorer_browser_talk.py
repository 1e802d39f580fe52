"""The arrow keys of a talk, in a real browser: each press counts, and counts once."""

import time
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from browser import browser_only

pytestmark = browser_only
WAIT_MS = 120_000
COMPONENTS = Path(__file__).parents[1] / "explorer/components"


def until(condition, what):
    """Wait for what the server answers when it gets to it."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def query(page):
    return dict(parse_qsl(page.evaluate("location.search.slice(1)")))


def place(page):
    """Where the plane's point is, as the browser has it: 'λ λ′'."""
    return page.locator(".plane").get_attribute("data-at")


@pytest.fixture
def plane(browser):
    """The plane of a talk without a server: ``render(here, heard)`` draws it, ``sent`` grows."""
    page = browser.new_page()
    page.set_content((COMPONENTS / "plane.html").read_text("utf-8"))
    page.evaluate(
        """async (code) => {
            const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
            const draw = (await import(url)).default;
            const dream = { realness: 0.5, scores: [], distance: null };
            const memory = { name: "cat", picture: "" };
            window.sent = [];
            window.render = (here, heard = 0) => window.close = draw({
                parentElement: document.body,
                data: {
                    grid: { steps: 2, atlas: "", dreams: [dream, dream, dream, dream] },
                    memories: [memory, memory], here, heard, trained: [0.5, 0.5], exact: "",
                    dream, talk: true,
                },
                setTriggerValue: (name, value) => window.sent.push(value),
            });
        }""",
        (COMPONENTS / "plane.js").read_text("utf-8"),
    )
    yield page
    page.close()


def render(page, here, heard=0):
    page.evaluate("([here, heard]) => void render(here, heard)", [here, heard])


def sent(page):
    return page.evaluate("sent")


def test_a_press_is_one_step_however_often_the_plane_was_drawn(plane):
    for _ in range(5):
        render(plane, [0, 0.5])
    plane.keyboard.press("ArrowRight")
    assert place(plane) == "0.10 0.50"


def test_a_call_that_ends_late_leaves_the_keys_to_the_newer_one(plane):
    render(plane, [0, 0.5])
    plane.evaluate("() => { const early = close; render([0, 0.5]); early(); }")
    plane.keyboard.press("ArrowRight")
    assert place(plane) == "0.10 0.50"
    plane.evaluate("close()")
    plane.keyboard.press("ArrowRight")
    assert place(plane) == "0.10 0.50"


def test_the_newest_point_stays_until_the_server_has_heard_of_it(plane):
    render(plane, [0, 0.5])
    plane.keyboard.press("ArrowRight")
    until(lambda: len(sent(plane)) == 1, "nothing is sent")
    plane.keyboard.press("ArrowRight")
    until(lambda: len(sent(plane)) == 2, "the second press isn't sent")
    first, second = sent(plane)
    assert (first["point"], second["point"]) == ([0.1, 0.5], [0.2, 0.5])
    plane.wait_for_timeout(5000)  # the server is slow, and draws old points in between
    render(plane, [0, 0.5])
    assert place(plane) == "0.20 0.50"
    render(plane, [0.1, 0.5], first["time"])
    assert place(plane) == "0.20 0.50"
    render(plane, [0.2, 0.5], second["time"])
    assert place(plane) == "0.20 0.50"
    render(plane, [0.9, 0.5], second["time"])  # a dial was moved
    assert place(plane) == "0.90 0.50"


def test_a_step_back_is_sent_even_if_the_server_has_not_drawn_the_step_there(plane):
    render(plane, [0, 0.5])
    plane.keyboard.press("ArrowRight")
    until(lambda: len(sent(plane)) == 1, "nothing is sent")
    plane.keyboard.press("ArrowLeft")
    until(lambda: len(sent(plane)) == 2, "the step back isn't sent")
    assert sent(plane)[1]["point"] == [0, 0.5]


def test_each_press_in_a_talk_is_one_step_and_the_address_ends_where_the_last_one_does(
    address, visit
):
    page = visit(f"{address}&present=1&lam=0")
    page.wait_for_selector(".plane.talk[data-settled=true]", timeout=WAIT_MS)
    for lam in (0.1, 0.2, 0.3):
        page.keyboard.press("ArrowRight")
        assert place(page) == f"{lam:.2f} 0.50"
        until(lambda wanted=lam: query(page)["lam"] == f"{wanted:g}", "the address doesn't follow")
    for pause_ms in (150, 300):  # within one message to the server, and in several
        for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
            page.keyboard.press(key)
            page.wait_for_timeout(pause_ms)
    assert place(page) == "0.70 0.70"
    until(lambda: (query(page)["lam"], query(page)["lam_prime"]) == ("0.7", "0.7"), "steps lost")
    page.wait_for_timeout(2000)
    assert place(page) == "0.70 0.70"
