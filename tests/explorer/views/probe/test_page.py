"""The Probe page as Streamlit runs it: what is measured live."""

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from explorer.library import real_images
from pad_core.data.images import picture_grid
from pad_core.data.load import load_dataset
from tests.explorer.pages import drawn, opened, run_until, widget


def page(**query):
    return settled(opened("probe", 60, **({"probe": "live"} | query)))


def settled(at):
    """Run the page until every network's number rests on all images."""
    signs = ("subset", "…", "pad-going")
    return run_until(at, lambda: not any(sign in table(at) for sign in signs))


def table(at):
    return next((e.proto.body for e in drawn(at) if "pad-scores" in e.proto.body), "…")


def accuracies(at):
    """Network → what stands in its row: accuracy and how it came to be."""
    found = {}
    for row in table(at).split('<div class="pad-score">')[1:]:
        name = re.search("<b>(.*?)</b>", row)[1]
        number = re.search(r"<strong>([\d.]+)", row)[1]
        found[name] = (float(number), re.search("<em>(.*?)</em>", row)[1])
    return found


def text(at):
    return " ".join(re.sub("<.*?>", "", e.proto.body) for e in drawn(at))


def test_every_network_has_its_accuracy_and_says_what_it_rests_on(root):
    at = page()
    found = accuracies(at)
    assert list(found) == ["PAD", "Wake only"]
    assert all(0 < number < 100 for number, _ in found.values())
    assert all(mark.startswith("full") for _, mark in found.values())
    assert "Tested on reconstructions, 30 % of their 4 px patches grey" in text(at)
    assert "are not on this computer" in at.sidebar.caption[0].value


@pytest.mark.parametrize(("present", "place"), [("", "sidebar"), ("1", "main")])
def test_the_dials_of_occlusion_and_noise_change_the_numbers(root, present, place):
    at = page(present=present)
    seen = [accuracies(at)]
    for dial, value, said in [
        ("intensity", 0.9, "90 % of their 4 px"),
        ("size_px", 8, "90 % of their 8 px"),
        ("pixel_noise", 0.6, "pixel noise of σ = 0.6"),
    ]:
        widget(getattr(at, place).slider, f"{dial}-slider").set_value(value).run()
        settled(at.run())
        seen.append(accuracies(at))
        assert said in text(at)
    numbers = [tuple(number for number, _ in found.values()) for found in seen]
    assert len(set(numbers)) == 4
    at.button(key="undisturbed").click().run()
    settled(at.run())
    assert "stored latents, undisturbed" in text(at)
    assert at.button(key="undisturbed").disabled


def test_what_was_computed_before_is_cached_for_the_next_viewer(root):
    query = {"intensity": "0.43", "seed": "3"}
    first, second = page(**query), page(**query)
    assert [mark for _, mark in accuracies(first).values()] == ["full, fresh"] * 2
    assert [mark for _, mark in accuracies(second).values()] == ["full, cached"] * 2
    numbers = [[number for number, _ in accuracies(at).values()] for at in (first, second)]
    assert numbers[0] == numbers[1]


def test_the_papers_protocol_is_trained_when_asked_for_with_its_spread(root):
    at = page()
    converged = accuracies(at)
    widget(at.segmented_control, "measure").set_value("paper").run()
    paper = accuracies(settled(at))
    assert paper != converged
    assert "paper" in at.query_params["measure"]
    assert "mean of 10 probes" in text(at)
    spreads = re.findall(r"</strong><span>[^<]*</span><span>([\d.]+)</span>", table(at))
    assert len(spreads) == 2
    at.button(key="train-again").click().run()
    assert {k: n for k, (n, _) in accuracies(settled(at)).items()} == {
        k: n for k, (n, _) in paper.items()
    }


def test_the_address_brings_back_the_numbers(root):
    at = page(intensity="0.6", pixel_noise="0.2", measure="paper", seed="2")
    again = page(**{name: at.query_params[name] for name in at.query_params})
    numbers = [[number for number, _ in accuracies(a).values()] for a in (at, again)]
    assert numbers[0] == numbers[1]


def example(at):
    """The panel at the cursor: its HTML, and picture, disturbed and rebuilt of every network."""
    html = next(e.proto.body for e in drawn(at) if "pad-example" in e.proto.body)
    png = base64.b64decode(re.search(r"base64,([\w+/=]+)", html)[1])
    return html, np.split(np.asarray(Image.open(io.BytesIO(png))), 3, axis=1)


def test_one_picture_follows_the_dials_through_every_network(root):
    at = page()
    html, (picture, grey, rebuilt) = example(at)
    assert picture.shape == (64, 32, 3)
    assert [name in html for name in ("PAD", "Wake only", "30 % grey")] == [True] * 3
    assert "Not a photograph" in text(at)
    assert len(re.findall(r"(right|wrong)</em>", html)) == 2
    assert len(re.findall(r"<td>\d+ %</td>", html)) == 2 * 3
    widget(at.slider, "intensity-slider").set_value(0.9).run()
    html, after = example(at)
    assert "90 % grey" in html
    same = [np.array_equal(a, b) for a, b in zip(after, (picture, grey, rebuilt), strict=True)]
    assert same == [True, False, False]
    at.run().button(key="undisturbed").click().run()
    html, (picture, same, _) = example(at)
    assert np.array_equal(picture, same)
    assert "as it is" in html


def test_the_picture_is_the_addresses_memory_a(root):
    queries = ({}, {"seed": "1"}, {"first": "7"}, {"first": "7", "seed": "1"})
    by_seed, other, chosen, memory = (example(page(**query))[1][0] for query in queries)
    assert len({picture.tobytes() for picture in (by_seed, other, chosen)}) == 3
    assert np.array_equal(memory, chosen)
    lost = page(first="5000")
    assert "no memory 5000" in lost.error[0].value


def test_real_images_stand_once_for_all_networks(root, monkeypatch):
    full = load_dataset("fashion-mini")
    data = replace(full, train=full.train.first(300), test=full.test.first(300))
    found = real_images.RealImages("ready", data)
    monkeypatch.setattr(real_images, "find", lambda network: found)
    at = page()
    html, (picture, *_) = example(at)
    place = int(re.search(r"Real test image ([\d,]+)", text(at))[1].replace(",", ""))
    assert np.array_equal(picture[:32], picture_grid(data.test.images[[place]], 1))
    assert f"class {data.class_names[data.test.labels[place]]}." in text(at)
    assert "pad-stimulus" in html
    assert html.count('class="pad-tile"') == 2 + 2


def charts(at):
    """The keys of the charts on the page."""
    return [chart.proto.id.rpartition("-probe-")[2] for chart in at.get("plotly_chart")]


@pytest.mark.parametrize(
    ("part", "expected"),
    [("live", ["occlusion"]), ("confusion", ["confusion", "classes"]), ("learning", ["learning"])],
)
def test_each_part_draws_its_own_charts_alone(root, part, expected):
    at = opened("probe", 60, probe=part)
    run_until(at, lambda: charts(at) == expected, 30)
    assert ("pad-scores" in table(at)) == (part == "live")


def test_the_papers_values_stand_only_beside_what_they_may_be_compared_with(root):
    assert "◇" not in text(page(measure="paper", intensity="0"))  # the paper has no such images


def test_numbers_on_reconstructions_say_that_the_record_is_of_real_images(root):
    assert "Not to be compared with the record" in text(page())


def test_no_network_chosen_says_what_to_do(root):
    at = opened("probe", 60, compared="checkpoints/lost.safetensors")
    assert not at.exception
    assert "Choose networks" in at.info[0].value
