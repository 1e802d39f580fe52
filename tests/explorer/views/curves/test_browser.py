"""Curves and Train in a real browser: the epoch scrubber, charts, links between pages."""

import re
from urllib.parse import urlencode

import pytest

from explorer.session.streamlit_internals import part
from pad_core.checkpoint import file as checkpoint
from tests.explorer.browser import atlas, browser_only
from tests.explorer.pages import write_checkpoint
from tools.check_pages import faults, texts

pytestmark = browser_only


@pytest.fixture(scope="module")
def epochs(address, tmp_path_factory):
    """The address of the Curves page over one training after 1, 2 and 3 epochs."""
    from dataclasses import replace

    folder = tmp_path_factory.mktemp("epochs")
    for epoch in (1, 2, 3):
        path = write_checkpoint(folder / f"epoch-{epoch}.safetensors", seed=epoch)
        network = checkpoint.load(path)
        header = replace(network.header, epoch=epoch, seed=0)
        checkpoint.save(path, network.networks, header, network.memories, bits=8)
    query = {"folder": folder, "checkpoint": path, "curves": "epochs"}
    return f"{address.split('?')[0]}curves?{urlencode(query)}"


def shown(page):
    """The atlas of the one stage that is visible."""
    visible = page.locator(".pad-stages > div:not([hidden]) .pad-epoch")
    visible.first.wait_for()
    assert visible.count() == 1
    return visible.get_attribute("style")


def test_arrow_keys_go_through_the_epochs_and_the_address_shows_the_same(epochs, visit):
    page = visit(epochs)
    slider = page.get_by_role("slider", name="epoch", exact=True)
    slider.wait_for()
    note = page.locator(".pad-scrub output")
    assert note.inner_text() == "epoch 3"
    last = shown(page)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert note.inner_text() == "epoch 2"  # at once, without the server
    second = shown(page)
    assert second != last
    page.wait_for_url(lambda url: "stage=2" in re.split("[?&]", url), timeout=15_000)
    assert shown(page) == second
    other = visit(page.url)
    other.locator(".pad-scrub output").wait_for()
    assert other.locator(".pad-scrub output").inner_text() == "epoch 2"
    assert shown(other) == second


def test_play_runs_to_the_last_epoch(epochs, visit):
    page = visit(f"{epochs}&stage=1")
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_role("button", name="Pause").wait_for()
    page.get_by_role("button", name="Play", exact=True).wait_for(timeout=15_000)
    assert page.locator(".pad-scrub output").inner_text() == "epoch 3"


def test_a_dial_changes_the_dreams_and_keeps_the_epoch(epochs, visit):
    page = visit(f"{epochs}&stage=1")
    before = shown(page)
    page.locator("[class*=st-key-lam-slider] input").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('.pad-stages > div:not([hidden]) .pad-epoch')"
        ".getAttribute('style') !== before", arg=before,
    )  # fmt: skip
    assert page.locator(".pad-scrub output").inner_text() == "epoch 1"


def test_epochs_abreast_are_the_scrubbers_rows(epochs, visit):
    page = visit(f"{epochs}&abreast=rem")
    assert atlas(page, "epochs").shape == (96, 256, 3)


def test_a_telephone_has_room_for_all_parts_of_the_page(epochs, browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(epochs)
    parts = page.get_by_role("radio")
    parts.filter(has_text="Dreams over epochs").wait_for()
    for box in (one.bounding_box() for one in parts.all()):
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    assert not [said for said in faults(texts(page, part("main"))["found"]) if "cut" in said]
    page.close()


def test_the_label_of_an_open_menu_can_be_read_on_a_dark_page(epochs, browser):
    page = browser.new_page(color_scheme="dark")
    page.goto(epochs.replace("curves=epochs", "curves=losses"))
    menu = page.locator(part("popover-button")).first
    menu.click()
    page.locator(f'{part("popover-button")}[aria-expanded="true"]').wait_for()
    page.mouse.move(0, 0)
    page.wait_for_function(
        f"""() => {{
          const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number)
            .map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const colour = (found, name) => getComputedStyle(document.querySelector(found))[name];
          const label = light(colour('{part("popover-button")}[aria-expanded="true"] p', "color"));
          const ground = light(colour('{part("app")}', "backgroundColor"));
          return (label + 0.05) / (ground + 0.05) >= 4.5;  // WCAG AA
        }}""",
        timeout=5000,
    )
    page.close()


def test_the_train_page_shows_the_command_for_copying(address, visit):
    page = visit(f"{address.split('?')[0]}train")
    command = page.locator(f".st-key-launch {part('code')}").first.inner_text()
    assert "python -m pad_core train --dataset fashion-mini" in command
    assert page.get_by_role("button", name="Start training").is_enabled()


def test_networks_stand_in_a_matrix_and_another_layer_gives_other_numbers(address, visit, tmp_path):
    for seed, condition in enumerate(("pad", "wake_only")):
        write_checkpoint(tmp_path / f"{condition}.safetensors", condition, seed)
    query = {"folder": tmp_path, "checkpoint": tmp_path / "pad.safetensors", "curves": "alike"}
    page = visit(f"{address.split('?')[0]}curves?{urlencode(query)}")
    chart = page.locator(".st-key-chart-alike")
    chart.locator(".heatmaplayer text").first.wait_for()
    names = filter(None, chart.locator(".xtick, .ytick").all_text_contents())
    assert sorted(names) == ["PAD", "PAD", "Wake only", "Wake only"]
    cells = chart.locator(".heatmaplayer text").all_text_contents()
    of_z = next(text for text in cells if text not in ("", "1.00"))
    page.get_by_role("radio", name="layer 3").click()
    page.wait_for_function(
        "old => [...document.querySelectorAll('.st-key-chart-alike .heatmaplayer text')]"
        ".some(e => !['1.00', old].includes(e.textContent))",
        arg=of_z,
    )
    assert "of_layer=conv3" in page.url
    assert not [said for said in faults(texts(page, part("main"))["found"]) if "cut" in said]
