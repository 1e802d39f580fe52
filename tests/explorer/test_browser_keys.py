"""Keys in a real browser: each press counts, whatever the page is doing."""

from tests.explorer.browser import browser_only, query, settle
from tests.helpers import until

pytestmark = browser_only


def hits(page, *keys):
    for key in keys:  # the fastest hand can't be faster
        page.keyboard.press(key)


def test_quick_presses_turn_the_storyboard_by_as_many_steps(address, visit):
    page = visit(address.replace("/?", "/storyboard?"))
    hits(page, "ArrowRight", "ArrowRight")
    until(lambda: query(page).get("step") == "3", lambda: f"the address says {query(page)}")
    hits(page, "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight")
    until(lambda: query(page).get("step") == "5", lambda: f"the address says {query(page)}")


def test_arrows_turn_the_storyboard_after_a_click_on_a_step_too(address, visit):
    page = visit(address.replace("/?", "/storyboard?"))
    page.get_by_text("REM · Mix").click()
    until(lambda: query(page).get("step") == "7", "the click is lost")
    hits(page, "ArrowLeft")
    until(lambda: query(page).get("step") == "6", "the key is lost")


def test_keys_pressed_while_the_page_is_drawn_again_count(address, visit):
    page = visit(f"{address}&seed=3")
    hits(page, "k", "k", "j", "k", "k", "p")
    expected = ("6", "sight")
    until(lambda: (query(page)["seed"], query(page).get("present")) == expected, "presses are lost")
    settle(page)
    hits(page, "PageDown", "PageDown", "PageUp", "Escape")
    until(lambda: (query(page)["seed"], "present" in query(page)) == ("7", False), "presses lost")


def test_a_key_in_a_field_is_the_field_s_own(address, visit):
    page = visit(address)
    page.get_by_role("button", name="Open another").click()
    field = page.get_by_role("textbox", name="Or look in a folder")
    field.fill("")
    field.press_sequentially("jkp")
    assert field.input_value() == "jkp"
    assert (query(page)["seed"], "present" in query(page)) == ("0", False)
