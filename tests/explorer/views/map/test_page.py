"""The Map page as Streamlit runs it, without a browser."""

import base64
import io
import json
import re
import threading
from functools import partial

import numpy as np
import pytest
from PIL import Image

from explorer.library import real_images
from explorer.session.choices import Dream
from explorer.session.map_address import Outline
from explorer.views.map import axes, cache, clouds, colours, component, neighbourhoods, places
from pad_core.checkpoint import file as checkpoint
from pad_core.data.images import to_uint8
from pad_core.data.load import load_dataset
from tests.explorer.pages import PAD_AND_WAKE_ONLY, drawn, go_back, opened, run_until, widget

A, B = PAD_AND_WAKE_ONLY


@pytest.fixture
def with_images(root, monkeypatch):
    """The same, with real images."""
    ready = real_images.RealImages("ready", load_dataset("fashion-mini"))
    monkeypatch.setattr(real_images, "find", lambda network: ready)
    return root


page = partial(opened, "map", 120)


def packets(at):
    """What was sent to the browser: 'map' and the layers by name, headers with their arrays."""
    found = {}
    for element in at.get("bidi_component"):
        packet = element.proto.bytes
        if not packet:  # the page's keys
            continue
        length = int.from_bytes(packet[:4], "little")
        header = json.loads(packet[4 : 4 + length])
        for name, (kind, start, size) in header["arrays"].items():
            body = packet[4 + length + start :][:size]
            header[name] = np.frombuffer(body, kind)
        found[header.get("layer", "map")] = header
    return found


def side(at, name):
    """A section beside the map, as text."""
    html = next(e.proto.body for e in drawn(at) if f"pad-side pad-{name}" in e.proto.body)
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", html))


def strips(at):
    """The pictures of what is looked at, uint8 (32, 32·N, 3) each."""
    html = next(e.proto.body for e in drawn(at) if "pad-side pad-picked" in e.proto.body)
    sources = re.findall(r"base64,([\w+/=]+)", html)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(s)))) for s in sources]


def load(root, key=A):
    return checkpoint.load(root / key)


@pytest.mark.parametrize(
    ("cloud", "splits"), [("test", ("test",)), ("train", ("train",)), ("stored", ("train", "test"))]
)
def test_every_latent_of_the_cloud_is_sent_where_it_lies_on_the_axes(root, cloud, splits):
    network = load(root)
    sent = packets(page(cloud=cloud))["map"]
    shown = clouds.stored_cloud(network, splits)
    expected = axes.space(network, 2).projection.project(shown.latents)
    assert np.allclose(sent["points0"].reshape(-1, 2), expected, atol=1e-4)
    assert np.array_equal(sent["labels"], shown.labels)
    assert np.array_equal(sent["indices"], shown.indices)
    assert [style["name"] for style in sent["classes"]] == list(network.class_names)


def test_the_axes_stay_when_the_cloud_or_the_occlusion_changes(root):
    test, both = packets(page()), packets(page(cloud="stored", joined="1"))
    n = len(test["map"]["points0"])
    assert np.allclose(both["map"]["points0"][-n:], test["map"]["points0"], atol=1e-4)
    assert both["map"]["panes"][0]["axes"] == test["map"]["panes"][0]["axes"]
    assert both["map"]["stamp"] == test["map"]["stamp"]


def test_occlusion_changes_its_layer_and_nothing_else(root):
    at = page(joined="1", picked="3")
    before = packets(at)
    assert "reconstruction" in before["occluded"]["what"]
    widget(at.slider, "intensity-slider").set_value(0.6).run()
    after = packets(at.run())
    changed = {name for name in before if before[name]["version"] != after[name]["version"]}
    assert changed == {"occluded"}
    widget(at.toggle, "joined").set_value(False).run()
    assert packets(at)["occluded"]["empty"]


def test_a_dial_of_rem_changes_the_dreams_alone(root):
    at = page()
    before = packets(at)
    widget(at.slider, "lam_prime-slider").set_value(0.9).run()
    after = packets(at.run())
    assert {n for n in before if before[n]["version"] != after[n]["version"]} == {"dreams"}


def test_a_point_of_the_address_is_decoded_with_its_neighbours(root):
    network, place = load(root), 12
    at = page(picked=place)
    memories = network.memories["test"]
    assert network.class_names[memories.labels[place]] in side(at, "picked")
    assert f"test image {memories.indices[place]}" in side(at, "picked")
    decoded = to_uint8(network.generate(memories.latents[place, None]))[0].permute(1, 2, 0).numpy()
    assert np.abs(strips(at)[0][:, :32].astype(int) - decoded).max() <= 1
    cloud = clouds.stored_cloud(network, ("test",))
    near = places.neighbours(cloud, cloud.latents[place, None], without=place)
    assert packets(at)["marks"]["neighbours"] == [near.places.tolist()]
    assert strips(at)[1].shape == (32, 8 * 32, 3)


def test_empty_ground_is_dreamt_of_and_far_from_data_there_is_a_warning(root):
    network = load(root)
    space, cloud = axes.space(network, 2), clouds.stored_cloud(network, ("test",))
    at = space.projection.project(cloud.latents)[5]
    near = page(spot="0:{:.4f}:{:.4f}".format(*at))
    assert "Far from data" not in side(near, "picked")
    assert "lies 0.00 times as far from here as a stored latent usually" in side(near, "picked")
    far = page(spot="0:{:.4f}:{:.4f}".format(*(at + 9 * space.typical)))
    assert "Far from data" in side(far, "picked")


@pytest.mark.parametrize(
    "query",
    [
        {"picked": 10**6}, {"spot": "0:nan:1"}, {"spot": "7:1:1"}, {"spot": "0:1:2:3"},
        {"spot": "here"}, {"spot": "0:inf:1"}, {"cloud": "images"}, {"cloud": "all"},
        {"dims": "4"}, {"axes": "none"}, {"beside": A}, {"beside": "checkpoints/lost.safetensors"},
        {"colour": "none"}, {"onto": "umap"}, {"onto": "classes", "left": "77"},
        {"onto": "probe", "right": "10"}, {"onto": "classes", "left": "3", "right": "3"},
    ],
)  # fmt: skip
def test_what_an_address_gets_wrong_shows_the_map_all_the_same(root, query):
    at = page(**query)
    assert len(packets(at)["map"]["panes"]) == 1
    assert "Nothing looked at yet" in side(at, "picked")


def coloured(at):
    """The page once its colours are there, and their packet."""
    run_until(at, lambda: not packets(at)["colours"].get("empty"))
    return packets(at)["colours"]


def test_points_are_coloured_by_what_the_address_names_and_nothing_else_changes(root):
    network = load(root)
    at = page(colour="nearest", picked="3")
    layer = coloured(at)
    assert (layer["kind"], layer["name"]) == ("scale", "distance")
    assert layer["values0"].shape == (len(network.memories["test"]),)
    assert layer["low"] < np.median(layer["values0"]) < layer["high"]
    before = packets(at)
    widget(at.selectbox, "colour").set_value("probe").run()
    answers = coloured(at)
    assert (answers["kind"], set(answers["values0"])) == ("answers", {0.0, 1.0})
    assert at.query_params["colour"] == "probe"
    after = packets(at)
    assert {n for n in before if before[n]["version"] != after[n]["version"]} == {"colours"}
    widget(at.selectbox, "colour").set_value("class").run()
    assert packets(at)["colours"]["empty"]
    assert "colour" not in at.query_params


def test_each_network_is_coloured_by_its_own_values_on_one_scale(root):
    layer = coloured(page(colour="nearest", beside=B))
    both = np.concatenate([layer["values0"], layer["values1"]])
    assert not np.allclose(layer["values0"], layer["values1"])
    assert (layer["low"], layer["high"]) == pytest.approx(colours.ends(both))


def test_d_is_offered_where_it_was_trained(root):
    layer = coloured(page(colour="d"))
    assert "recalled image" in layer["told"]
    memories = load(root).memories["test"]
    images = to_uint8(load(root).generate(memories.latents[:3]))
    assert np.allclose(layer["values0"][:3], load(root).realness(images).numpy(), atol=0.01)
    for query in ({"checkpoint": B}, {"beside": B}):
        at = page(colour="d", **query)
        assert any("Wake only never learned" in toast.value for toast in at.toast)
        assert "colour" not in at.query_params
        assert "d" not in widget(at.selectbox, "colour").options
        assert packets(at)["colours"]["empty"]


def test_the_error_waits_for_real_images(root):
    at = page(colour="error")
    assert any("until real images are here" in caption.value for caption in at.caption)
    assert at.query_params["colour"] == "error"
    assert packets(at)["colours"]["empty"]


def test_the_error_is_of_the_real_images(with_images):
    assert "grey levels" in coloured(page(colour="error"))["told"]


def test_axes_between_classes_are_the_lines_for_points_and_dreams_alike(root):
    network = load(root)
    at = page(onto="classes", left="2", right="7", joined="1")
    space = axes.along(network, axes.between_classes(network, 2, 7), 2)
    sent = packets(at)
    latents = network.memories["test"].latents
    expected = space.projection.project(latents)
    assert np.allclose(sent["map"]["points0"].reshape(-1, 2), expected, atol=1e-4)
    names = network.class_names
    assert sent["map"]["panes"][0]["axes"][0].startswith(f"{names[2]} to {names[7]} · ")
    dreamt = cache.dreamt(network, Dream(), {})
    shown = space.projection.project(dreamt.latents)
    assert np.allclose(sent["dreams"]["points0"].reshape(-1, 2), shown, atol=1e-4)
    assert len(sent["occluded"]["points0"]) == 2 * len(latents)
    before = sent["map"]["stamp"]
    widget(at.selectbox, "right").set_value(4).run()
    assert at.query_params["right"] == "4"
    assert packets(at)["map"]["stamp"] != before
    widget(at.selectbox, "onto").set_value("pca").run()
    assert packets(at)["map"]["panes"][0]["axes"][0].startswith("PC 1")


def test_from_b_to_a_the_dreams_path_lies_along_the_axis(root):
    at = page(onto="pair", lam_prime="1", picked="5")
    sent = packets(at)
    path = sent["dreams"]["points0"].reshape(-1, 2)[2:23]
    assert np.allclose(path[:, 1], path[0, 1], atol=1e-3)
    assert (np.diff(path[:, 0]) > 0).all()
    at.button(key="dream-first").click().run()
    moved = packets(at)
    assert moved["map"]["stamp"] != sent["map"]["stamp"]
    a = moved["dreams"]["points0"].reshape(-1, 2)[0]
    assert np.allclose(a, moved["map"]["points0"].reshape(-1, 2)[5], atol=1e-3)


def test_a_probes_axis_is_drawn(root):
    names = load(root).class_names
    title = packets(page(onto="probe", left="3", right="5"))["map"]["panes"][0]["axes"][0]
    assert title.startswith(f"probe: {names[3]} to {names[5]} · ")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"onto": "classes", "left": "77"}, "no class 77 among 10"),
        ({"onto": "probe", "right": "10"}, "no class 10 among 10"),
        ({"onto": "classes", "left": "3", "right": "3"}, "two ends that differ"),
        ({"onto": "pair", "first": "4", "second": "4"}, "two ends that differ"),
    ],
)
def test_axes_that_are_not_there_become_components_with_a_sentence(root, query, why):
    at = page(**query)
    assert any(why in toast.value and "principal" in toast.value for toast in at.toast)
    assert not {"onto", "left", "right"} & set(at.query_params)
    assert packets(at)["map"]["panes"][0]["axes"][0].startswith("PC 1")


def test_two_networks_have_lines_of_their_own(root):
    sent = packets(page(onto="classes", left="2", right="7", beside=B))["map"]
    other = load(root, B)
    space = axes.along(other, axes.between_classes(other, 2, 7), 2)
    expected = space.projection.project(other.memories["test"].latents)
    assert np.allclose(sent["points1"].reshape(-1, 2), expected, atol=1e-4)
    assert "residual" not in sent["panes"][1]["note"]


def test_t_sne_is_waited_for_and_dreams_have_no_place_on_it(root, monkeypatch):
    begin = threading.Event()

    def embed(latents, dims):
        assert begin.wait(60)
        return np.arange(len(latents) * dims, dtype=np.float32).reshape(-1, dims)

    monkeypatch.setattr(neighbourhoods, "tsne", embed)
    at = page(onto="tsne", joined="1", seed="3", spot="0:1:2", cloud="train")
    assert "map" not in packets(at)
    assert any("t-SNE of 2,000 latents" in e.proto.text for e in at.get("progress"))
    begin.set()
    run_until(at, lambda: "map" in packets(at))
    sent = packets(at)
    assert sent["map"]["points0"][:4].tolist() == [0, 1, 2, 3]
    assert sent["map"]["panes"][0]["axes"] == ["t-SNE 1", "t-SNE 2"]
    assert sent["occluded"]["empty"]
    assert sent["dreams"]["empty"]
    assert "no place" in sent["dreams"]["told"]
    assert "has no inverse" in side(at, "picked")
    assert "mean nothing" in next(e.proto.body for e in drawn(at) if "pad-title" in e.proto.body)


def test_nothing_looked_at_offers_points_to_look_at(root):
    at = page()
    run_until(at, lambda: any(b.key == "example-0" for b in at.button))
    offered = [b for b in at.button if b.key.startswith("example-")]
    first = load(root).class_names[0]
    assert offered[0].label == f"Typical {first}"
    offered[0].click().run()
    assert first in side(at, "picked")
    assert not any(b.key.startswith("example-") for b in at.button)


def test_classes_come_in_their_groups(root):
    groups = packets(page())["map"]["groups"]
    assert [name for name, _ in groups] == ["clothes", "shoes", "bags"]


def test_a_picture_that_an_address_cannot_carry_is_missed_aloud(root):
    told = [info.value for info in page(first=-2).sidebar.info]
    assert any("uploaded picture as A" in text and "by seed" in text for text in told)
    assert not page().sidebar.info


def test_two_networks_show_the_same_images_with_residual_and_variance(root):
    sent = packets(page(beside=B, dims="3", picked="2"))
    first, second = load(root), load(root, B)
    own, onto = axes.space(second, 3), axes.space(first, 3)
    space = axes.turned(second, own, first, onto)
    points = space.projection.project(second.memories["test"].latents)
    assert np.allclose(sent["map"]["points1"].reshape(-1, 3), points, atol=1e-4)
    assert f"residual {space.residual:.2f}" in sent["map"]["panes"][1]["note"]
    assert f"{100 * space.projection.explained.sum():.0f} %" in sent["map"]["panes"][1]["note"]
    assert len(sent["marks"]["neighbours"]) == 2
    apart = packets(page(beside=B, axes="own"))["map"]["panes"][1]
    assert apart["axes"][0].startswith("PC 1")
    assert "residual" not in apart["note"]


def test_real_images_take_their_place_and_all_of_the_test_set_can_be_shown(with_images):
    at = page(cloud="images", beside=B)
    run_until(at, lambda: "png" in packets(at).get("atlas0", {}))
    data = load_dataset("fashion-mini")
    sent = packets(at)
    assert len(sent["map"]["labels"]) == len(data.test)
    atlas = np.asarray(Image.open(io.BytesIO(sent["atlas0"]["png"].tobytes())))
    assert np.array_equal(atlas[:32, 32:64], data.test.images[1].permute(1, 2, 0).numpy())
    assert sent["atlas1"]["same"] == 0
    looked_at = page(picked="4")
    index = load(with_images).memories["test"].indices[4]
    picture = strips(looked_at)[0][:, :32]
    assert np.array_equal(picture, data.test.images[index].permute(1, 2, 0).numpy())


def test_a_memory_of_the_map_becomes_the_dream_pages(root):
    at = page(cloud="stored", picked="3", second="7")
    at.button(key="dream-first").click().run()
    assert not at.exception
    # Place 3 is a training memory: the other one, of the test split, is drawn anew.
    assert (at.query_params["first"], at.query_params["split"]) == ("3", "train")
    assert "second" not in at.query_params


def test_a_checkpoint_without_memories_gets_a_sentence(root):
    data = load_dataset("fashion-mini")
    network = load(root)
    header = checkpoint.Header(
        network.condition, checkpoint.dataset_record(data), data.class_names, seed=0, epoch=1
    )
    checkpoint.save(root / A, network.networks, header, {}, bits=8)
    at = page(checkpoint=A)
    assert any("stored test memories" in error.value for error in at.error)


def box_of(network, dims=2):
    """A box around the middle half of the map's breadth, as an address has it; what it holds."""
    points = axes.space(network, dims).projection.project(network.memories["test"].latents)
    (left, right), (low, high) = np.quantile(points[:, 0], [0.25, 0.75]), [-1e3, 1e3]
    within = (points[:, 0] >= round(left, 3)) & (points[:, 0] <= round(right, 3))
    return f"in0_{left:.3f}_{low:.0f}_{right:.3f}_{high:.0f}", np.flatnonzero(within)


def test_an_address_selects_what_its_outlines_hold_and_counts_it(root):
    network = load(root)
    text, inside = box_of(network)
    labels = network.memories["test"].labels.numpy()
    at = page(drawn=text, view="-1_-2_3_4", hidden="1_3")
    assert at.query_params["drawn"] == text
    sent = packets(at)
    assert np.flatnonzero(sent["selection"]["selected"]).tolist() == inside.tolist()
    assert sent["map"]["view"] == [-1, -2, 3, 4]
    assert sent["map"]["hidden"] == [1, 3]
    assert f"{len(inside):,} of {len(labels):,}" in side(at, "selection")
    for k, name in enumerate(network.class_names):
        assert f" {name} {int((labels[inside] == k).sum())} " in side(at, "selection")
    without = page(drawn=f"{text}~out0.2.5_-1e3_-1e3_1e3_1e3")
    kept = [i for i in inside if labels[i] in (2, 5)]
    assert np.flatnonzero(packets(without)["selection"]["selected"]).tolist() == kept


def test_zoom_is_no_reason_to_send_the_points_again(root):
    still, zoomed = (packets(page(**query))["map"] for query in ({}, {"view": "0_0_1_1"}))
    assert (still["view"], zoomed["view"]) == (None, [0, 0, 1, 1])
    assert still["version"] == zoomed["version"]


def test_other_axes_begin_anew_and_another_cloud_keeps_window_and_outline(root):
    text, inside = box_of(load(root))
    at = page(drawn=text, view="-1_-2_3_4")
    widget(at.selectbox, "cloud").set_value("stored").run()
    both = packets(at)["selection"]["selected"]
    n_test = len(load(root).memories["test"])
    assert np.flatnonzero(both[-n_test:]).tolist() == inside.tolist()
    assert at.query_params["view"] == "-1_-2_3_4"
    stamp = packets(at)["map"]["stamp"]
    widget(at.segmented_control, "dims").set_value("3").run()
    assert "view" not in at.query_params
    assert "drawn" not in at.query_params
    assert packets(at)["selection"]["empty"]
    assert packets(at)["map"]["stamp"] != stamp


def test_a_selection_stays_where_a_network_is_put_beside_it(root):
    text, inside = box_of(load(root))
    at = page(drawn=text)
    widget(at.selectbox, "beside").set_value(B).run()
    assert len(packets(at)["map"]["panes"]) == 2
    assert at.query_params["drawn"] == text
    assert np.flatnonzero(packets(at)["selection"]["selected"]).tolist() == inside.tolist()


def test_an_address_opened_later_brings_its_own_window_on_its_own_axes(root):
    at = page(view="-1_-2_3_4")
    stamp = packets(at)["map"]["stamp"]
    go_back(at, **at.query_params | {"dims": "3", "view": "-1_-1_2_2_0.5_0.25"})
    assert packets(at)["map"]["view"] == [-1, -1, 2, 2, 0.5, 0.25]
    assert at.query_params["view"] == "-1_-1_2_2_0.5_0.25"
    assert packets(at)["map"]["stamp"] != stamp


@pytest.mark.parametrize(
    "query",
    [
        {"view": "1_2"}, {"view": "0_0_1_1_0.5_0.5"}, {"view": "3_0_1_1"}, {"view": "x"},
        {"drawn": "in1_0_0_9_9"}, {"drawn": "in0_0_0"}, {"drawn": "in0_1_2_0_0_9_9_1"},
        {"hidden": "99"}, {"hidden": "a"},
    ],
)  # fmt: skip
def test_a_window_or_selection_of_no_such_map_is_dropped_from_the_address(root, query):
    at = page(**query)
    assert not set(query) & set(at.query_params)
    sent = packets(at)
    assert (sent["map"]["view"], sent["map"]["hidden"]) == (None, [])
    assert sent["selection"]["empty"]


def told(monkeypatch, **events):
    """The component, as after the browser has sent these events."""
    state = {component.KEY: events}
    monkeypatch.setattr(component, "reported", state.get)
    return component


def test_a_window_is_taken_of_the_map_that_is_shown(monkeypatch):
    def window(event):
        return told(monkeypatch, view=event).window("1 a")

    assert window({"stamp": "1 a", "seen": [0, 1, 2, 3.5]}) == (0, 1, 2, 3.5)
    assert window({"stamp": "1 a", "seen": None}) == ()
    for nonsense in [
        None, 3, {"seen": [0, 1, 2, 3]}, {"stamp": "1 b", "seen": [0, 1, 2, 3]},
        {"stamp": "1 a", "seen": [0, 1]}, {"stamp": "1 a", "seen": ["0", 1, 2, 3]},
        {"stamp": "1 a", "seen": [0, 1, 2, float("nan")]}, {"stamp": "1 a", "seen": "all"},
    ]:  # fmt: skip
        assert window(nonsense) is None


def test_an_outline_is_taken_only_if_it_is_one(monkeypatch):
    good = {
        "stamp": "1 a", "how": "anew", "network": 1, "hidden": [4, 2], "turn": [],
        "corners": [[0, 1], [2, 3]], "pixel": 0.5,
    }  # fmt: skip
    how, outline, pixel = told(monkeypatch, outline=good).outline("1 a")
    assert (how, pixel) == ("anew", 0.5)
    assert outline == Outline(True, 1, (2, 4), (), ((0, 1), (2, 3)))
    assert not told(monkeypatch, outline=good | {"how": "out"}).outline("1 a")[1].adds
    clear = {"stamp": "1 a", "how": "clear"}
    assert told(monkeypatch, outline=clear).outline("1 a")[0] == "clear"
    for change in [
        {"stamp": "0"}, {"how": "up"}, {"network": 2}, {"network": [0]}, {"turn": [1]},
        {"turn": None}, {"corners": None}, {"corners": [[0, 1]]}, {"corners": [[0, 1], [2]]},
        {"corners": [[0, 1], [2, "x"]]}, {"pixel": 0}, {"pixel": None}, {"pixel": float("inf")},
    ]:  # fmt: skip
        assert told(monkeypatch, outline=good | change).outline("1 a") == ("", None, 0.0)
    assert told(monkeypatch, hidden={"labels": [3, 1, 3, -1, "x"]}).hidden() == [1, 3]
    assert told(monkeypatch, hidden={"labels": "all"}).hidden() == []
    assert told(monkeypatch, hidden=[1]).hidden() == []


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"place": 5}, (5, "")), ({"pane": 1, "at": [1.5, -2]}, (-1, "1:1.5:-2")),
        ({"place": "x"}, (-1, "")), ({"at": ["x"]}, (-1, "")), (None, (-1, "")), (3, (-1, "")),
        ({"pane": "x", "at": [1, 2]}, (-1, "0:1:2")), ({"place": -9}, (-1, "")),
        ({"place": 10**12}, (-1, "")),
    ],
)  # fmt: skip
def test_a_click_is_a_point_or_a_place_and_nonsense_is_neither(monkeypatch, event, expected):
    state = {component.KEY: {"pick": event}}
    monkeypatch.setattr(component, "reported", state.get)
    assert component.picked() == expected
