"""A class in real browsers: visitors see and change their own things alone, and may follow."""

import contextlib
import re
import urllib.request
from urllib.error import HTTPError

import pytest

from bench.browser import Server
from explorer.session.classroom import FOLDER
from explorer.session.secret import TOKEN
from explorer.session.streamlit_internals import UPLOADS, part
from tests.explorer.browser import browser_only, query, settle
from tests.helpers import until

pytestmark = browser_only
WAIT_MS = 120_000
SECRET = "the-speaker-s-secret"


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """The address of a class with room for three visitors, and the folder of its journals."""
    folder = tmp_path_factory.mktemp("class")
    env = {
        "OMP_NUM_THREADS": "1", FOLDER: str(folder), TOKEN: SECRET, "PAD_EXPLORER_VIEWERS": "3",
        "PAD_JOURNAL": str(tmp_path_factory.mktemp("speaker") / "journal.sqlite3"),
    }  # fmt: skip
    with contextlib.closing(Server(env, stderr=None, patience_s=60)) as server:
        yield server.address, folder


@pytest.fixture
def come(browser, lesson):
    """Come to the class, each time in another browser; ``secret`` makes one the speaker."""
    contexts = []

    def open_page(path="", secret="", phone=False):
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 720}
        contexts.append(browser.new_context(viewport=size))
        page = contexts[-1].new_page()
        token = f"{'&' if '?' in path else '?'}token={secret}" if secret else ""
        page.goto(f"{lesson[0]}{path}{token}")
        there(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


def there(page):
    page.wait_for_selector(".pad-footer", state="attached", timeout=WAIT_MS)
    settle(page)


def go(page, lesson, path):
    page.goto(f"{lesson[0]}{path}")
    there(page)


def keep(page, title):
    page.get_by_role("button", name="Keep this").click()
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Keep these dreams").click()
    page.get_by_text("It stands in the Journal now").wait_for(timeout=WAIT_MS)


def test_two_visitors_cannot_see_or_change_each_other_s_journal(lesson, come):
    first, second = come("dream?split=test"), come("dream?split=test")
    keep(first, "Mine alone")
    for page, n in ((first, 1), (second, 0)):
        go(page, lesson, "journal")
        assert page.get_by_text("Mine alone").count() == n
    keeper = come("dream?split=test", SECRET)
    keep(keeper, "The speaker's")
    go(keeper, lesson, "journal")
    assert keeper.get_by_text("The speaker's").is_visible()
    assert not keeper.get_by_text("Mine alone").count()
    go(second, lesson, "dream?split=test")
    keep(second, "Another's")
    go(second, lesson, "journal")
    second.get_by_role("button", name="Delete").click()
    second.get_by_text("Deleted").first.wait_for(timeout=WAIT_MS)
    first.reload()  # the browser's secret opens it again
    there(first)
    assert first.get_by_text("Mine alone").is_visible()
    assert not first.get_by_text("The speaker's").count()
    assert len([*lesson[1].glob("*.sqlite3")]) == 2


def test_visitors_look_and_change_nothing(lesson, come):
    page = come("dream?split=test&folder=/")
    page.get_by_text("Make", exact=True).click()
    [only] = page.get_by_role("menuitem").all_inner_texts()
    assert only.endswith("Journal")
    page.keyboard.press("Escape")
    for absent in ("Open another …", "Fetch the images"):
        assert not page.get_by_role("button", name=absent).count()
    assert not page.locator("[class*=st-key-talk-open]").count()
    go(page, lesson, "journal")
    assert not page.get_by_role("button", name="Open a file").count()
    assert not page.locator("input[type=file]").count()
    page.goto(f"{lesson[0]}train")
    page.wait_for_selector(part("header"), timeout=WAIT_MS)
    settle(page)
    assert not page.get_by_text("Train a network").count()
    for path in (f"{UPLOADS}/session/file", f"x/{UPLOADS}/session/file"):
        asked = urllib.request.Request(lesson[0] + path, b"x", method="PUT")
        with pytest.raises(HTTPError, match="403"):
            urllib.request.urlopen(asked, timeout=10)


def test_a_guess_of_the_speaker_s_secret_is_refused(lesson):
    with pytest.raises(HTTPError, match="403"):
        urllib.request.urlopen(f"{lesson[0]}?token=guess", timeout=10)


def test_each_browser_gets_another_secret_once(lesson):
    def cookie(**headers):
        asked = urllib.request.Request(lesson[0], headers={"Accept": "text/html", **headers})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.headers["set-cookie"], answer.headers["cache-control"]

    (first, stored), (second, _) = cookie(), cookie()
    assert re.match(r"pad-visitor-\d+=[\w-]{43}; HttpOnly", first)
    assert first != second and stored == "no-store"
    assert cookie(Cookie=first.partition(";")[0])[0] is None


def test_visitors_who_wish_follow_the_speaker_until_they_choose_themselves(lesson, come):
    speaker = come("wall?wall=rem&lam=0.3", SECRET)
    follower, other = come("dream?split=test", phone=True), come("dream?split=test&lam=0.8")
    follower.get_by_text("Follow the speaker").click()
    settle(follower)
    assert follower.evaluate("location.pathname") == "/dream"  # the class may not follow yet
    speaker.get_by_text("Let the class follow").click()

    def sees(page, path, **choices):
        until(
            lambda: (
                choices.items() <= query(page).items()
                and page.evaluate("location.pathname") == path
            ),
            lambda: f"{page.url} is not {path} with {choices}",
        )
        settle(page)

    sees(follower, "/wall", wall="rem", lam="0.3")
    speaker.locator("[class*=st-key-lam-slider] input").focus()
    speaker.keyboard.press("ArrowRight")
    sees(follower, "/wall", lam="0.31")  # only panels are drawn again
    slider = follower.locator("[class*=st-key-lam-slider] input")
    until(lambda: slider.input_value() == "0.31", "the dial stays behind")
    go(speaker, lesson, "journal")  # the speaker's own
    follower.wait_for_timeout(2000)
    assert follower.evaluate("location.pathname") == "/wall"
    go(speaker, lesson, "storyboard?step=2")
    sees(follower, "/storyboard", step="2")
    assert (query(other)["lam"], other.evaluate("location.pathname")) == ("0.8", "/dream")

    follower.get_by_role("button", name="Next").click()
    follower.get_by_text("no longer follow the speaker").wait_for(timeout=WAIT_MS)
    assert query(follower)["step"] == "3"
    go(speaker, lesson, "storyboard?step=5")
    follower.wait_for_timeout(2500)
    assert query(follower)["step"] == "3"


def test_the_page_with_the_qr_code_shows_the_address_in_large_type(lesson, come):
    page = come("class", SECRET)
    code = page.locator(".pad-invitation img")
    assert code.get_attribute("alt").startswith("QR code of http://")
    assert code.bounding_box()["width"] >= 300
    assert code.evaluate("e => e.naturalWidth") > 0
    address = page.locator(".pad-invitation p")
    assert re.fullmatch(r"http://\S+:\d+/", address.inner_text())
    assert address.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 30


def test_on_a_phone_the_class_bar_hides_no_last_line(come):
    page = come("class", phone=True)
    page.set_viewport_size({"width": 390, "height": 400})
    page.locator(part("main")).evaluate("e => e.scrollTo(0, e.scrollHeight)")
    bar = page.locator("[class*=st-key-class-bar]").bounding_box()
    last = page.get_by_text("makes your page the speaker").bounding_box()
    assert last["y"] + last["height"] <= bar["y"]


def test_who_comes_to_a_full_class_is_told_so_and_the_speaker_gets_in(lesson, come, browser):
    for _ in range(3):
        come("class")
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(f"{lesson[0]}class")
        page.get_by_text("3 viewers are here").wait_for(timeout=WAIT_MS)
        bar = come("class", SECRET).locator("[class*=st-key-class-bar]")
        assert "Let the class follow" in bar.inner_text()
    finally:
        context.close()
