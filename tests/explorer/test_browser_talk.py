"""The arrow keys of a talk, in a real browser: each press counts, and counts once."""

import pytest

from explorer.session.streamlit_internals import part
from tests.explorer.browser import browser_only, place, query
from tests.helpers import ROOT, until

pytestmark = browser_only
WAIT_MS = 120_000
PLANE = ROOT / "explorer/widgets/plane"


@pytest.fixture
def plane(browser):
    """The plane of a talk without a server: ``render(here, heard)`` draws it, ``sent`` grows."""
    page = browser.new_page()
    page.set_content((PLANE / "plane.html").read_text("utf-8"))
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
                    dream, talk: true, start: false, seen: [],
                },
                setTriggerValue: (name, value) => window.sent.push(value),
            });
        }""",
        (PLANE / "plane.js").read_text("utf-8"),
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


def texts(page, selector):
    return page.locator(selector).all_inner_texts()


def test_the_arrow_keys_step_through_the_wall_and_the_map_as_well(address, visit):
    page = visit(address.replace("/?", "/wall?") + "&present=1&wall=nrem&intensity=0.5&size_px=4")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)  # the fastest hand can't be faster
    until(lambda: (query(page)["intensity"], query(page)["size_px"]) == ("0.7", "5"), "steps lost")
    page = visit(address.replace("/?", "/map?") + "&present=1&lam=0.5&lam_prime=0.5")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    until(lambda: (query(page)["lam"], query(page)["lam_prime"]) == ("0.4", "0.7"), "steps lost")
    slider = page.locator("[class*=st-key-lam-slider] input")
    until(lambda: slider.count() == 1 and slider.input_value() == "0.4", "the old dial stays")
    slider.focus()
    page.keyboard.press("ArrowRight")  # the slider's own
    until(lambda: query(page)["lam"] == "0.41", "the slider doesn't move by its own step")


def test_a_talk_on_the_map_is_tidy_and_in_large_type(address, visit):
    page = visit(address.replace("/?", "/map?") + "&present=1&joined=1")
    assert page.locator(part("main")).evaluate("e => e.scrollHeight") <= 720
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    assert page.locator(".map .legend button").first.evaluate(size) >= 16
    switch = page.locator(f".st-key-map-bar {part('checkbox')} label > :nth-child(1)")
    words = page.locator(f".st-key-map-bar {part('checkbox')} p")
    middles = [
        box["y"] + box["height"] / 2 for box in (switch.bounding_box(), words.bounding_box())
    ]
    assert abs(middles[0] - middles[1]) <= 3


def test_the_ends_of_the_mixture_have_names_in_a_talk(plane):
    render(plane, [0, 0.5])
    assert texts(plane, ".memory figcaption") == ["B · cat (λ = 0)", "A · cat (λ = 1)"]
    assert "how real it looks" in plane.locator(".meaning").inner_text()


def test_the_largest_seed_and_the_longest_class_name_fit(address, visit):
    page = visit(f"{address}&seed=4294967295")
    fits = "e => e.scrollWidth <= e.clientWidth"
    assert page.locator(f".st-key-memories-dials {part('number-input')} input").evaluate(fits)
    caption = page.locator(".pad-small figcaption span").first
    caption.evaluate("e => e.textContent = 'automobile'")
    assert caption.evaluate(fits)
