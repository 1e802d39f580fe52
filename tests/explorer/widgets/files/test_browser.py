"""Files of a chart, saved as a viewer saves them."""

import io
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.explorer.browser import browser_only, settle

pytestmark = browser_only
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def page(address, visit):
    """Figure 5 of the networks that ship, with the menu of its files."""
    page = visit(f"{address.split('?')[0]}curves?figure=fig5")
    opened(page)
    return page


def opened(page):
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.locator("[class*=st-key-save-paper] button").click()
    page.get_by_role("button", name="SVG").wait_for()
    settle(page)


def saved(page, kind):
    with page.expect_download() as download:
        page.get_by_role("button", name=kind, exact=True).click()
    name = download.value.suggested_filename
    assert name == f"pad-nrem-makes-latents-robust-to-occlusion-fig-5.{kind.lower()}", name
    return download.value.path().read_bytes()


def test_the_svg_opens_by_itself_and_says_what_it_is(page, browser):
    content = saved(page, "SVG")
    root = ElementTree.fromstring(content)
    assert "occlusion" in root.find(f"{SVG}title").text
    assert "epoch 50, seeds" in root.find(f"{SVG}metadata").text
    words = [text.text or "".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert any("PAD" in text for text in words)
    assert any("intensity" in text for text in words)
    alone = browser.new_page()
    alone.goto("about:blank")
    size = alone.evaluate(
        """async svg => {
          const image = new Image();
          image.src = URL.createObjectURL(new Blob([svg], {type: "image/svg+xml"}));
          await image.decode();
          return [image.width, image.height];
        }""",
        content.decode(),
    )
    alone.close()
    assert size == [round(float(root.get("width"))), round(float(root.get("height")))]


def test_the_png_is_three_times_as_large_and_not_empty(page):
    picture = Image.open(io.BytesIO(saved(page, "PNG")))
    chart = page.locator(".js-plotly-plot .main-svg").first.bounding_box()
    assert picture.width == pytest.approx(3 * chart["width"], abs=3)
    shades = np.asarray(picture.convert("L"))
    assert np.ptp(shades) > 150
    assert np.ptp(shades[-120:]) > 100  # the caption


def test_the_pdf_is_one_page_of_the_figures_size(page, browser):
    """What is handed to the browser's printer: its dialog can't be driven."""
    page.add_init_script("print = () => { top.printed = document.documentElement.outerHTML; }")
    page.reload()
    opened(page)
    page.get_by_role("button", name="PDF", exact=True).click()
    page.wait_for_function("window.printed")
    alone = browser.new_page()
    alone.set_content(page.evaluate("window.printed"))
    pdf = alone.pdf(prefer_css_page_size=True, print_background=True)
    alone.close()
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") == 1


def test_pandas_reads_the_csv(page):
    table = pd.read_csv(io.BytesIO(saved(page, "CSV")))
    pad = table[table.series.str.startswith("PAD")]
    assert pad.x.tolist()[:2] == [0, 10]
    assert 50 < pad.y.iloc[0] < 60
    assert table.source.str.contains("seeds").all()
