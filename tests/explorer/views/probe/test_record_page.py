"""The Probe page as Streamlit runs it: what is recorded leads, and nothing is measured for it."""

import json
import re

import pytest

import pad_core
from explorer.library import real_images
from explorer.library.networks import ROOT
from explorer.views.probe.live_probe import LiveProbe
from tests.explorer.pages import drawn, opened, widget

SHIPPED = "checkpoints/cifar10-pad-seed0.safetensors"


@pytest.fixture
def shipped(monkeypatch):
    """The networks that ship, without images; a live probe would be an error."""

    def never(*_args, **_more):
        raise AssertionError("probed")

    monkeypatch.setattr(real_images, "find", lambda network: real_images.RealImages("absent"))
    monkeypatch.setattr(LiveProbe, "read", never)


def page(**query):
    return opened("probe", 60, **({"checkpoint": SHIPPED} | query))


def lost(condition, percent):
    """Points that the shipped network of this condition loses, by its file."""
    header = pad_core.load(ROOT / f"checkpoints/cifar10-{condition}-seed0.safetensors").header
    curve = header.metrics["occlusion"]
    return round(curve["0"] - curve[str(percent)])


def text(at):
    return " ".join(re.sub("<.*?>", "", e.proto.body) for e in drawn(at))


def curves(at):
    """The traces of the chart, and the place of its cursor."""
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    return figure["data"], figure["layout"]["shapes"][0]["x0"]


def test_the_recorded_curves_lead_and_nothing_is_measured(shipped):
    at = page(measure="paper")
    assert f"w/o NREM loses {lost('wo_nrem', 30)} points, PAD {lost('pad', 30)}." in text(at)
    assert "2,000 real test images of cifar10-jpeg, 4 px patches." in text(at)
    traces, cursor = curves(at)
    assert cursor == 30
    pad = next(trace for trace in traces if trace.get("name") == "PAD")
    assert pad["mode"] == "lines+markers"
    assert len(pad["x"]) == 11


def test_the_occlusion_slider_moves_cursor_sentence_and_example(shipped):
    at = page(measure="paper")
    widget(at.main.slider, "intensity-slider").set_value(0.5).run()
    assert f"At 50 % occlusion, w/o NREM loses {lost('wo_nrem', 50)} points" in text(at)
    assert curves(at)[1] == 50
    assert "50 % grey" in next(e.proto.body for e in drawn(at) if "pad-example" in e.proto.body)
    assert f"right (−{lost('wo_nrem', 50)})" in text(at)
    assert "0.5" in at.query_params["intensity"]


def test_the_papers_values_stand_beside_the_papers_protocol_only(shipped):
    for measure, expected in (("paper", 5), ("converged", 0)):
        at = page(measure=measure)
        of_the_paper = [t["y"] for t in curves(at)[0] if t.get("name", "").endswith("the paper")]
        assert len(of_the_paper) == expected
        assert ("◇" in text(at)) == bool(expected)


def test_a_network_without_a_record_says_so_and_offers_to_be_measured(root):
    at = opened("probe", 60)
    assert "No curve on real images is recorded of these networks." in text(at)
    assert not at.get("plotly_chart")
    at.button(key="measure-now").click().run()
    assert "live" in at.query_params["probe"]
    assert "pad-scores" in "".join(e.proto.body for e in drawn(at))


def test_another_part_is_measured_once_it_is_opened(root, monkeypatch):
    asked, read = [], LiveProbe.read
    monkeypatch.setattr(LiveProbe, "read", lambda *a, **b: asked.append(a) or read(*a, **b))
    at = opened("probe", 60, intensity="0.37")
    assert not asked
    widget(at.segmented_control, "probe").set_value("confusion").run()
    assert asked
    assert "confusion" in at.query_params["probe"]
