"""The latent map in a real browser: what a person points at, clicks, draws around, and zooms."""

import csv
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image

from pad_core.checkpoint import file as checkpoint
from pad_core.data.load import load_dataset
from tests.explorer.browser import browser_only, settle
from tests.helpers import until

pytestmark = browser_only
SVG = "{http://www.w3.org/2000/svg}"

# What the map draws, told by itself: it lives in a shadow root, where Playwright sees elements
# but not their state.
STATE = """() => {
  const host = [...document.querySelectorAll('*')].find((e) => e.shadowRoot?.querySelector('.map'));
  const map = host?.shadowRoot.padMap;
  if (!map || !map.panes.length || !map.panes[0].scale) return null;
  const [pane] = map.panes;
  const box = pane.canvas.getBoundingClientRect();
  return {
    seen: pane.seen(map.camera), hidden: [...map.hidden], drawn: Number(map.root.dataset.drawn),
    n: pane.n, hover: map.hover, picked: map.picked, spot: map.spot, zoom: map.camera.zoom,
    x: [...pane.x].map((x) => x + box.left), y: [...pane.y].map((y) => y + box.top),
    box: [box.left, box.top, box.width, box.height],
    selected: map.selection ? [...map.selection] : null,
    occluded: map.layer('occluded')?.version ?? null,
    thumbnails: map.picture(map.atlases.get('atlas0'), 0) ? map.atlases.get('atlas0').what : null,
  };
}"""


def state(page):
    return page.evaluate(STATE)


def wait_for(page, condition, what):
    def fitting():
        now = state(page)
        return now if now and condition(now) else None

    return until(fitting, lambda: f"waited in vain for {what}: {state(page)}", pause_s=0.1)


@pytest.fixture
def map_page(address, visit):
    """The map, drawn, with the real images, which ship with the program; and its network."""
    page = visit(address.replace("/?", "/map?"))
    wait_for(page, lambda now: now["thumbnails"] == "the image", "thumbnails")
    path = re.search(r"checkpoint=([^&]+)", page.url)[1].replace("%2F", "/")
    return page, checkpoint.load(path)


def a_lonely_point(now):
    """The point farthest from its nearest one on the screen: nothing else is pointed at there."""
    places = np.stack([now["x"], now["y"]], axis=1)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return int(apart.min(axis=1).argmax())


def test_a_point_shows_its_picture_under_the_pointer_and_its_latent_when_clicked(map_page):
    page, network = map_page
    now = state(page)
    memories = network.memories["test"]
    assert now["n"] == len(memories)
    i = a_lonely_point(now)
    page.mouse.move(now["x"][i], now["y"][i])
    wait_for(page, lambda now: now["hover"] == i, "the pointer")
    card = page.locator(".pane .card")
    assert network.class_names[memories.labels[i]] in card.inner_text()
    assert f"image {memories.indices[i]}" in card.inner_text()
    pixels = card.locator("canvas").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 96, 96).data]"
    )
    shown = np.array(pixels, np.uint8).reshape(96, 96, 4)[1::3, 1::3, :3].transpose(2, 0, 1)
    expected = load_dataset("fashion-mini").test.images[memories.indices[i]].numpy()
    assert np.array_equal(shown, expected)

    page.mouse.click(now["x"][i], now["y"][i])
    page.wait_for_function(f"location.search.includes('picked={i}')")
    looked_at = page.locator(".pad-side.pad-picked")
    looked_at.get_by_text("Nearest 8 latents").wait_for()
    assert f"test image {memories.indices[i]}" in looked_at.inner_text()


def test_empty_ground_is_decoded_and_zoom_outlives_what_that_changes(map_page):
    page, _ = map_page
    left, top, width, height = state(page)["box"]
    page.mouse.move(left + width / 2, top + height / 2)
    page.mouse.wheel(0, -600)
    zoomed = wait_for(page, lambda now: now["zoom"] > 2, "the wheel")
    page.get_by_text("Occluded, too").click()
    lines = wait_for(page, lambda now: now["occluded"], "occluded latents")
    slider = page.locator("[class*=st-key-intensity-slider] input")
    slider.focus()
    page.keyboard.press("ArrowRight")
    after = wait_for(page, lambda now: now["occluded"] != lines["occluded"], "another intensity")
    assert after["zoom"] == zoomed["zoom"]
    assert after["x"] == zoomed["x"]

    page.get_by_role("button", name="Fit", exact=True).click()
    wait_for(page, lambda now: now["zoom"] == 1, "the fitted view")
    page.mouse.click(left + 30, top + height - 60)
    page.get_by_text("times as far from here as").wait_for()
    assert "spot=0" in page.url
    restored = page.context.new_page()
    restored.goto(page.url)
    restored.get_by_text("times as far from here as").wait_for(timeout=60_000)


def test_a_lasso_counts_by_class_and_exports_what_it_holds(map_page):
    page, network = map_page
    left, top, width, height = state(page)["box"]
    page.get_by_role("button", name="Lasso").click()
    corners = [(0.5, 0.1), (0.98, 0.5), (0.5, 0.95)]
    page.mouse.move(left + 0.5 * width, top + 0.5 * height)
    page.mouse.down()
    for x, y in corners:
        page.mouse.move(left + x * width, top + y * height, steps=3)
    page.mouse.up()
    now = wait_for(page, lambda now: now["selected"], "a selection")
    selected = np.flatnonzero(now["selected"])
    assert 0 < len(selected) < now["n"]
    assert all(now["x"][i] >= left + width / 2 - 1 for i in selected)
    button = page.get_by_role("button", name=f"CSV of {len(selected):,} selected")
    button.wait_for()
    counts = np.bincount(network.memories["test"].labels[selected], minlength=10)
    for name, count in zip(network.class_names, counts, strict=True):
        row = page.locator(".pad-bars tr", has=page.locator("th", has_text=re.compile(f"^{name}$")))
        assert row.locator("td").first.inner_text() == str(count)
    with page.expect_download() as download:
        button.click()
    with open(download.value.path(), newline="") as file:  # noqa: PTH123
        rows = list(csv.DictReader(file))
    assert [int(row["index"]) for row in rows] == (
        network.memories["test"].indices[selected].tolist()
    )
    latents = np.array([[row[f"z{j}"] for j in range(256)] for row in rows], np.float32)
    assert np.array_equal(latents, network.memories["test"].latents[selected].numpy())

    page.keyboard.press("Escape")
    page.locator(".pane canvas.points").focus()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=f"CSV of all {now['n']:,}").wait_for()


def test_by_keyboard_alone_one_goes_from_point_to_point_and_looks_at_one(map_page):
    page, _ = map_page
    page.locator(".pane canvas.points").focus()
    page.keyboard.press("ArrowRight")
    first = wait_for(page, lambda now: now["hover"] >= 0, "a first point")
    page.keyboard.press("ArrowRight")
    second = wait_for(page, lambda now: now["hover"] != first["hover"], "a second point")
    assert second["x"][second["hover"]] > second["x"][first["hover"]]
    page.keyboard.press("+")
    wait_for(page, lambda now: now["zoom"] > 1, "zoom")
    page.keyboard.press("Enter")
    page.wait_for_function(f"location.search.includes('picked={second['hover']}')")


def test_a_class_is_hidden_and_counted_out(map_page):
    page, network = map_page
    n, labels = len(network.memories["test"]), network.memories["test"].labels
    chip = page.locator(".legend button").first
    chip.click()
    left = n - int((labels == 0).sum())
    assert f"{left:,} of {n:,}" in page.locator(".map .count").inner_text()
    chip.click()
    assert f"all {n:,}" in page.locator(".map .count").inner_text()


def drag(page, start, *ways):
    page.mouse.move(*start)
    page.mouse.down()
    for way in ways:
        page.mouse.move(*way, steps=4)
    page.mouse.up()


def in_the_address(page, *names):
    """Wait until these stand in the page's address, and have stayed there for a while."""
    condition = "names => names.every((n) => new URLSearchParams(location.search).has(n))"
    page.wait_for_function(condition, arg=list(names))
    before = None
    while before != page.url:
        before = page.url
        page.wait_for_timeout(1000)
    return page.url


@pytest.mark.parametrize("dims", ["2", "3"])
def test_the_address_shows_the_same_window_and_selection_in_another_browser(map_page, visit, dims):
    page, network = map_page
    if dims == "3":
        page.get_by_text("3-D", exact=True).click()
        wait_for(page, lambda now: len(now["seen"]) == 6, "the third axis")
        page.wait_for_function("location.search.includes('dims=3')")
    left, top, width, height = state(page)["box"]

    def at(x, y):
        return left + x * width, top + y * height

    page.mouse.move(*at(0.6, 0.6))
    page.mouse.wheel(0, -300)
    drag(page, at(0.4, 0.5), at(0.5, 0.42))  # moves the map, or turns it
    page.locator(".legend button").nth(2).click()
    page.get_by_role("button", name="Lasso").click()
    drag(page, at(0.2, 0.2), at(0.75, 0.25), at(0.6, 0.9), at(0.25, 0.7))
    first = wait_for(page, lambda now: now["selected"], "a selection")
    # Taking away a box within: a second outline, of the other kind.
    page.get_by_role("button", name="Box").click()
    page.keyboard.down("Alt")
    drag(page, at(0.4, 0.4), at(0.55, 0.55))
    page.keyboard.up("Alt")
    now = wait_for(page, lambda now: now["selected"] != first["selected"], "a smaller selection")
    assert 0 < sum(now["selected"]) < sum(first["selected"])
    assert not any(network.memories["test"].labels.numpy()[np.flatnonzero(now["selected"])] == 2)

    url = in_the_address(page, "view", "drawn", "hidden")
    assert len(url) < 2000
    other = visit(url)
    there = wait_for(other, lambda now: now["selected"] and now["thumbnails"], "the selection")
    size = min(now["seen"][2] - now["seen"][0], now["seen"][3] - now["seen"][1])
    assert np.abs(np.subtract(there["seen"], now["seen"])[:4]).max() < size / 1000
    assert np.allclose(there["seen"], now["seen"], rtol=1e-2, atol=size / 1000)
    assert there["selected"] == now["selected"]
    assert there["hidden"] == [2]
    count = page.locator(".map .count").inner_text()
    assert count.startswith(f"{sum(now['selected']):,} selected")
    assert other.locator(".map .count").inner_text() == count
    name = f"CSV of {sum(now['selected']):,} selected"
    other.get_by_role("button", name=name).wait_for()

    other.set_viewport_size({"width": 1100, "height": 900})
    wide = wait_for(other, lambda now: now["box"] != there["box"], "a window of another size")
    low, high = np.array(now["seen"][:2]), np.array(now["seen"][2:4])
    assert (np.array(wide["seen"][:2]) <= low + size / 1000).all()
    assert (np.array(wide["seen"][2:4]) >= high - size / 1000).all()

    other.get_by_role("button", name="Fit", exact=True).click()
    other.wait_for_function("!location.search.includes('view=')")
    assert wait_for(other, lambda now: now["zoom"] == 1, "the fitted view")["selected"]
    other.go_back()
    back = wait_for(other, lambda now: now["zoom"] != 1, "the window before")
    back = wait_for(other, lambda now: now["box"] == back["box"], "the page at rest")
    assert (np.array(back["seen"][:2]) <= low + size / 1000).all()
    middle = np.add(back["seen"][:2], back["seen"][2:4]) / 2
    assert np.allclose(middle, (low + high) / 2, atol=size / 1000)


def test_a_zoom_has_the_points_drawn_but_not_sent_again(map_page):
    page, _ = map_page
    page.evaluate("""() => {
      const host = [...document.querySelectorAll('*')].find((e) => e.shadowRoot?.querySelector('.map'));
      const map = host.shadowRoot.padMap;
      const show = map.show.bind(map);
      map.shown = 0;
      map.show = (packet) => (map.shown++, show(packet));
      window.padShown = () => map.shown;
    }""")  # noqa: E501
    left, top, width, height = state(page)["box"]
    page.mouse.move(left + 0.3 * width, top + 0.6 * height)
    for _ in range(6):
        page.mouse.wheel(0, -100)
        page.wait_for_timeout(60)
    url = in_the_address(page, "view")
    assert page.evaluate("padShown()") == 0
    seen = state(page)["seen"]
    text = re.search(r"view=([^&]+)", url)[1]
    assert np.allclose([float(x) for x in text.split("_")], seen, atol=(seen[2] - seen[0]) / 1000)
    page.locator("[class*=st-key-intensity-slider] input").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("location.search.includes('intensity=0.31')")
    choose(page, "Latents of", "both")

    def same_window_of_more(now):
        close = np.allclose(now["seen"], seen, atol=(seen[2] - seen[0]) / 1000)
        return now["n"] > 1000 and close

    wait_for(page, same_window_of_more, "the same window of more latents")


COLOURS = """() => {
  const host = [...document.querySelectorAll('*')].find((e) => e.shadowRoot?.querySelector('.map'));
  const map = host.shadowRoot.padMap;
  const { looks, lookOf } = map.colours.looks(map.panes[0]);
  return [...map.labels].map((_, i) => looks[lookOf(i)].colour);
}"""


def choose(page, label, name):
    """An entry of a menu above the map."""
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=name).click()


def test_points_take_another_colour_and_the_scale_says_which(map_page):
    page, network = map_page
    assert len(set(page.evaluate(COLOURS))) == 10
    choose(page, "Colour", "nearest neighbour")
    scale = page.locator(".map .scale")
    scale.get_by_text("typical distances").wait_for()
    assert re.search(r"≤ [\d.]+", scale.inner_text())
    latents = network.memories["test"].latents
    nearest = torch.cdist(latents, latents).fill_diagonal_(torch.inf).amin(dim=1).numpy()
    colours = np.array(page.evaluate(COLOURS))
    low, high = np.percentile(nearest, [1, 99])
    assert len(set(colours[nearest < low])) == len(set(colours[nearest > high])) == 1
    choose(page, "Colour", "linear probe")
    scale.get_by_text("training memories").wait_for()
    assert len(set(page.evaluate(COLOURS))) == 2
    wrong, right = map(int, re.findall(r"(?:wrong|right) (\d+)", scale.inner_text()))
    assert wrong + right == len(latents)
    page.locator(".legend button").first.click()
    page.wait_for_function("location.search.includes('hidden=0')")
    now = sum(map(int, re.findall(r"(?:wrong|right) (\d+)", scale.inner_text())))
    assert now == len(latents) - int((network.memories["test"].labels == 0).sum())


def test_axes_between_classes_part_them(map_page):
    page, network = map_page
    choose(page, "Axes", "between classes")
    page.wait_for_function("location.search.includes('onto=classes')")
    labels = network.memories["test"].labels.numpy()

    def parted(now):
        x = np.array(now["x"])
        return x[labels == 1].mean() > x[labels == 0].mean() + 50

    wait_for(page, parted, "the line from one class to the other")


def test_an_example_is_looked_at_by_a_click(map_page):
    page, _ = map_page
    page.get_by_role("button", name="Typical").click()
    page.locator(".pad-side.pad-picked").get_by_text("Nearest 8 latents").wait_for()
    assert state(page)["picked"] >= 0


def test_the_figure_that_is_saved_has_all_points_names_and_where_it_is_from(map_page):
    page, network = map_page
    settle(page)
    page.locator("[class*=st-key-save-latent-map] button").click()

    def saved(kind):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind, exact=True).click()
        return download.value.path().read_bytes()

    root = ElementTree.fromstring(saved("SVG"))
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]
    for name in network.class_names:
        assert name in texts
    assert any(text.startswith("PC 1 · ") for text in texts)
    assert network.sha256[:12] in root.find(f"{SVG}metadata").text
    assert "λ′ = 0.5" in root.find(f"{SVG}desc").text
    pane = root.find(f".//{SVG}svg")
    filled = [e for e in pane.iter(f"{SVG}path") if e.get("fill", "none") != "none"]
    assert len(filled) >= len(network.memories["test"])
    assert "color-mix" not in ElementTree.tostring(root, encoding="unicode")
    picture = Image.open(io.BytesIO(saved("PNG")))
    assert picture.width == round(3 * float(root.get("width")))
    colours = picture.convert("RGB").getcolors(1 << 24)
    assert len(colours) > 50
