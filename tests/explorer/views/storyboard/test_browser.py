"""The Storyboard page in a real browser: steps, the address, Back and Forward."""

import pytest

from tests.explorer.browser import browser_only, go_to, query, settle
from tests.helpers import until

pytestmark = browser_only


@pytest.fixture
def story(address):
    return address.replace("/?", "/storyboard?")


def shown(page):
    return page.locator(".pad-title h1").inner_text()


def until_step(page, title, number):
    until(lambda: shown(page) == title, lambda: f"{shown(page)} instead of {title}")
    until(lambda: query(page).get("step") == number, lambda: f"the address says {query(page)}")


def test_each_of_several_quick_clicks_counts(story, visit):
    page = visit(story)
    for _ in range(3):
        page.get_by_role("button", name="Next").click()
    until_step(page, "NREM · Replay", "4")
    for _ in range(2):
        page.get_by_role("button", name="Back").click()
    until_step(page, "Wake · Rebuild", "2")


def test_back_and_forward_go_through_all_steps_however_they_were_chosen(story, visit):
    page = visit(f"{story}&step=3")
    assert shown(page) == "Wake · Recognise"
    page.get_by_text("REM · Mix").click()
    until_step(page, "REM · Mix", "7")
    page.get_by_role("button", name="Next").click()
    until_step(page, "REM · Dream", "8")
    for title, number in (("REM · Mix", "7"), ("Wake · Recognise", "3")):
        settle(page)
        page.go_back()
        until_step(page, title, number)
    settle(page)
    page.go_forward()
    until_step(page, "REM · Mix", "7")
    settle(page)
    page.reload()
    page.wait_for_selector(".pad-footer")
    until_step(page, "REM · Mix", "7")
    assert page.get_by_role("radio", name="REM · Mix").is_checked()


def test_back_leads_to_the_page_before_with_what_was_chosen_there(story, visit):
    page = visit(f"{story}&step=5&lam=0.9")
    go_to(page, "Dream", "Understand")
    page.wait_for_selector(".pad-rem")
    settle(page)
    assert (query(page)["step"], query(page)["lam"]) == ("5", "0.9")
    page.get_by_role("button", name="as trained").click()
    until(lambda: query(page)["lam"] == "0.5")
    settle(page)
    page.go_back()
    until(lambda: query(page)["lam"] == "0.9")
    until(lambda: page.get_by_role("button", name="as trained").is_enabled())  # drawn again
    settle(page)
    page.go_back()
    until_step(page, "NREM · Occlude", "5")
    assert query(page)["lam"] == "0.9"


def test_steps_and_pictures_have_the_tints_of_their_states(story, visit):
    page = visit(f"{story}&step=4")
    tints = page.evaluate(
        """() => {
            const of = (element, name) => getComputedStyle(element).getPropertyValue(name);
            const states = { [of(document.body, "--wake")]: "wake",
                [of(document.body, "--nrem")]: "nrem", [of(document.body, "--rem")]: "rem" };
            const parts = document.querySelectorAll(".st-key-steps [role=radio], .pad-flow");
            return [...parts].map((part) => states[of(part, "--tint")]);
        }"""
    )
    assert tints == ["wake"] * 3 + ["nrem"] * 3 + ["rem"] * 2 + ["nrem"]
