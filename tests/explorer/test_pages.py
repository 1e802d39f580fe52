"""The pages as Streamlit runs them, without a browser."""

import io
import json
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.library import networks, real_images
from explorer.library.real_images import RealImages
from explorer.views.dream import page as dream_page
from pad_core.checkpoint import file as checkpoint
from pad_core.checkpoint.file import Header
from pad_core.data.images import png_bytes
from pad_core.data.load import load_dataset
from pad_core.model.condition import TABLE_1, built_in
from pad_core.system.tensors import HEADER_KEY
from tests.explorer.pages import (
    checkpoint_bytes,
    drawn,
    go_back,
    repository,
    run_as_from_a_browser,
    widget,
)
from tests.helpers import ROOT

APP = ROOT / "explorer/script.py"
A, B = "checkpoints/a.safetensors", "runs/b/latest.safetensors"


@pytest.fixture(scope="module")
def two():
    """The bytes of two checkpoints: of PAD, and of a network that dreams single memories."""
    return {
        condition: checkpoint_bytes(condition, seed)
        for seed, condition in enumerate(("pad", "wo_memory_mix"))
    }


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository with one checkpoint in ``checkpoints/`` and one in a run."""
    return repository(tmp_path, monkeypatch, {A: "pad", B: "wo_memory_mix"})


def page(**query):
    """The Dream page, which an address with any choice opens."""
    at = AppTest.from_file(APP, default_timeout=120)
    at.query_params.update(query or {"split": "test"})
    return at.run()


def choose(at, menu, name):
    """One of the menus that lead to a network."""
    return widget(at.selectbox, f"network-{menu}").set_value(name).run()


def test_five_conditions_are_compared_at_first_and_always_the_chosen_networks_own():
    names = ["mine", "rem_noise_only", "wake_only", "wo_nrem", "wo_rem", "wo_memory_mix", "pad"]
    headers = {
        name: Header(
            replace(built_in("pad"), name=name),
            {"name": "photographs"},
            ("a", "b"),
            seed=0,
            epoch=1,
        )
        for name in names
    }
    headers["pad"] = replace(headers["pad"], epoch=20)
    headers["early"] = replace(headers["pad"], epoch=1)
    headers["elsewhere"] = replace(headers["pad"], dataset={"name": "digits"})
    listing = networks.Listing(headers, ())
    assert listing.conditions_beside("wo_rem") == TABLE_1
    assert listing.conditions_beside("early") == TABLE_1
    assert listing.conditions_beside("mine") == (*TABLE_1, "mine")
    assert listing.conditions_beside("elsewhere") == ("elsewhere",)
    assert listing.conditions_beside("nowhere") == ()


def panels(at):
    """The HTML of each panel, without what the clock says."""
    found = {}
    for element in drawn(at):
        match = re.search(r'class="pad-panel pad-(\w+)"', element.proto.body)
        if match:
            found[match[1]] = element.proto.body
    return found


def changed(before, after):
    return {name for name in before if before[name] != after[name]}


def address(at):
    query = at.query_params.items()
    return {name: value if isinstance(value, str) else value[0] for name, value in query}


def test_the_first_visit_shows_the_first_checkpoint(root):
    at = page()
    assert not at.exception
    assert not at.error
    assert set(panels(at)) == {"memories", "nrem", "rem"}
    assert widget(at.selectbox, "network-condition").value == "PAD"
    assert address(at)["checkpoint"] == A


def test_who_comes_without_an_address_begins_at_the_start(root):
    at = AppTest.from_file(APP, default_timeout=120).run()
    assert not at.exception and not at.error
    assert not panels(at)
    assert (address(at)["path"], address(at)["split"]) == ("1", "photographs")


@pytest.mark.parametrize(
    ("name", "value", "panel"),
    [
        ("lam", 0.9, "rem"),
        ("lam_prime", 0.8, "rem"),
        ("noise_level", 1.7, "rem"),
        ("intensity", 0.85, "nrem"),
        ("size_px", 7, "nrem"),
    ],
)
@pytest.mark.parametrize("kind", ["slider", "typed"])
def test_a_dial_redraws_its_panel_its_twin_and_the_address(root, kind, name, value, panel):
    at = page()
    before = panels(at)
    dial = at.slider if kind == "slider" else at.number_input
    run_as_from_a_browser(widget(dial, f"{name}-{kind}").set_value(value))
    assert not at.exception
    assert widget(at.slider, f"{name}-slider").value == value
    assert widget(at.number_input, f"{name}-typed").value == value
    assert address(at)[name] == f"{value:g}"
    assert set(panels(at)) == {panel}  # after the run of a fragment, the rest isn't in the tree
    assert changed(before, panels(at.run())) == {panel}


def test_more_noise_than_the_slider_shows_can_be_typed(root):
    at = page()
    widget(at.number_input, "noise_level-typed").set_value(3.5).run()
    assert widget(at.slider, "noise_level-slider").value == 3.5
    assert not at.exception


def test_pad_comes_first_with_most_epochs_whatever_the_files_are_called(root, two):
    path = root / "checkpoints/0.safetensors"
    path.write_bytes(two["wo_memory_mix"])
    at = page()
    assert address(at)["checkpoint"] == A
    assert widget(at.selectbox, "network-condition").options == ["PAD", "w/o memory mix"]
    assert len(widget(choose(at, "condition", "w/o memory mix").selectbox,
                      "network-version").options) == 2  # fmt: skip


def test_seed_and_split_change_everything(root):
    at = page()
    before = panels(at)
    widget(at.number_input, "seed").set_value(7).run()
    seeded = panels(at)
    assert changed(before, seeded) == {"memories", "nrem", "rem"}
    widget(at.selectbox, "split").set_value("train").run()
    assert changed(seeded, panels(at)) == {"memories", "nrem", "rem"}
    assert (address(at)["seed"], address(at)["split"]) == ("7", "train")
    widget(at.number_input, "seed").set_value(0).run()
    widget(at.selectbox, "split").set_value("test").run()
    assert panels(at) == before


@pytest.mark.parametrize(
    ("key", "point"),
    [(A, (0.5, 0.5, 1.0)), (B, (1.0, 1.0, 0.0))],
)
def test_reset_goes_where_the_network_was_trained(root, key, point):
    at = page(checkpoint=key, lam=0.1, lam_prime=0.2, noise_level=0.3, intensity=0.9)
    run_as_from_a_browser(at.button(key="reset").click())
    names = ("lam", "lam_prime", "noise_level")
    assert set(panels(at)) == {"rem"}
    assert tuple(widget(at.slider, f"{name}-slider").value for name in names) == point
    assert tuple(float(address(at)[name]) for name in names) == point
    assert address(at)["intensity"] == "0.9"
    assert at.button(key="reset").disabled
    assert panels(at.run()) == panels(page(**address(at)))


def test_the_address_brings_back_the_pictures(root):
    at = page()
    choose(at, "condition", "w/o memory mix")
    assert address(at)["checkpoint"] == B
    widget(at.slider, "lam-slider").set_value(0.35).run()
    at.run()  # brings what lies outside the fragment back into the tree
    widget(at.number_input, "seed").set_value(11).run()
    assert panels(page(**address(at))) == panels(at)


def test_a_browser_that_lags_behind_takes_nothing_back(root):
    at = page(lam=0.3)
    old = dict(at.query_params)
    widget(at.slider, "lam-slider").set_value(0.9).run()
    for name, value in old.items():  # what a browser sends that hasn't heard of 0.9 yet
        at.query_params[name] = value
    assert address(at.run())["lam"] == "0.9"
    assert widget(at.slider, "lam-slider").value == 0.9
    assert widget(go_back(at, **old).slider, "lam-slider").value == 0.3


def test_an_invalid_address_shows_the_defaults(root):
    at = page(lam="nan", lam_prime="7", seed="-3", size_px="big", split="dev", colour="red")
    assert not at.exception
    assert panels(at) == panels(page())
    assert address(at)["lam"] == "0.5"
    assert "colour" not in address(at)
    said = at.toast[0].value.replace("\\", "")
    for clause in ("lam=nan is no number from 0 to 1", "seed=-3 is no whole number from 0 to",
                   "split=dev is none of train, test"):  # fmt: skip
        assert clause in said
    assert not at.run().toast  # once


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"figure": "fig9"}, "figure=fig9 is none of fig3, fig4"),
        ({"dims": "4"}, "dims=4 is none of 2, 3."),
        ({"view": "1_2"}, "view=1_2 can't be read."),
        ({"sight": "x" * 5000}, "sight=xxx"),
    ],
)
def test_what_an_address_gets_wrong_is_told(root, query, said):
    (toast,) = page(**query).toast
    assert said in toast.value.replace("\\", "")
    assert len(toast.value) < 500


def test_what_was_there_of_another_network_is_out_of_sight_until_its_own_is_drawn(
    root, monkeypatch
):
    def leaves():
        return any("data-stale" in element.proto.body for element in at.get("html"))

    at = page()
    assert not leaves()
    widget(at.slider, "lam-slider").set_value(0.9).run()
    assert not leaves()
    with monkeypatch.context() as patch:
        patch.setattr(dream_page, "show", st.stop)  # as if it were being computed
        choose(at, "condition", "w/o memory mix")
        assert leaves()
    assert not at.run().exception
    assert not leaves()


def test_a_checkpoint_that_is_not_here_is_named_and_not_replaced(root):
    at = page(checkpoint="checkpoints/lost_one.safetensors", lam=0.2)
    assert not at.exception
    assert not panels(at)
    assert "lost" in at.warning[0].value
    choose(at, "data", "fashion-mini")
    assert set(panels(at)) == {"memories", "nrem", "rem"}
    assert widget(at.slider, "lam-slider").value == 0.2


def test_beside_the_name_of_a_lost_checkpoint_stands_a_way_on(root):
    at = page(checkpoint="checkpoints/lost_one.safetensors", lam=0.2)
    at.button(key="open-first").click().run()
    assert address(at)["checkpoint"] == A
    assert address(at)["lam"] == "0.2"
    assert set(panels(at)) == {"memories", "nrem", "rem"}


def test_the_heading_says_how_many_dreams_there_are(root):
    titles = {
        sight: [html.proto.body for html in drawn(page(sight=sight)) if "<h1>" in html.proto.body]
        for sight in ("night", "wall")
    }
    assert ["<h1>Eight memories, asleep</h1>" in body for body in titles["night"]] == [True]
    assert ["<h1>64 dreams of eight pairs</h1>" in body for body in titles["wall"]] == [True]


def test_a_checkpoint_outside_the_listed_folders_is_not_opened(root, two):
    (root / "private").mkdir()
    (root / "private/x.safetensors").write_bytes(two["pad"])
    assert not panels(page(checkpoint="private/x.safetensors"))


def test_no_checkpoint_at_all_shows_the_command_that_makes_one(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "ROOT", tmp_path)
    at = page()
    assert not at.exception
    assert at.code[0].value.startswith("python -m pad_core train")


def test_files_that_are_no_checkpoints_share_one_line_that_opens_and_the_page_goes_on(root, two):
    broken = {"cut": two["pad"][:5000], "pickle": b"\x80\x04abc", "text": b"hello", "a b": b""}
    for name, content in broken.items():
        (root / f"checkpoints/{name}.safetensors").write_bytes(content)
    (root / "runs/b/state.safetensors").write_bytes(b"what training resumes from")
    at = page()
    assert not at.exception
    assert set(panels(at)) == {"memories", "nrem", "rem"}
    assert not at.error
    (line,) = at.sidebar.expander
    assert "4 files" in line.label
    sentences = line.markdown[0].value
    assert "truncated" in sentences
    assert "pickle" in sentences
    assert "resumes" not in sentences


def test_damage_that_only_loading_finds_gets_a_sentence(root, two):
    content = two["pad"]
    bad = content.replace(b'"encoder.conv1.weight"', b'"encoder.conv9.weight"')
    (root / A).write_bytes(bad)
    at = page()
    assert not at.exception
    assert "it has changed since it was written" in at.error[0].value
    choose(at, "condition", "w/o memory mix")
    assert not at.error
    assert set(panels(at)) == {"memories", "nrem", "rem"}


def test_a_dropped_file_is_shown(root, two):
    at = page()
    first = panels(at)
    at.file_uploader(key="dropped").upload("mine.safetensors", two["wo_memory_mix"]).run()
    assert not at.exception
    assert changed(first, panels(at)) == {"memories", "nrem", "rem"}
    assert panels(page(checkpoint=B)) == panels(at)
    assert address(at)["checkpoint"] == "upload:mine.safetensors"


def test_a_broken_dropped_file_gets_a_sentence_with_its_own_name(root, two):
    at = page()
    before = panels(at)
    at.file_uploader(key="dropped").upload("mine.safetensors", two["pad"][:9000]).run()
    assert not at.exception
    assert "mine" in at.error[0].value
    assert "truncated" in at.error[0].value
    assert "tmp" not in at.error[0].value
    assert panels(at) == before


def test_an_address_with_a_dropped_file_asks_for_the_file(root):
    at = page(checkpoint="upload:mine.safetensors")
    assert not at.exception
    assert "Drop the same file" in at.info[0].value


def test_a_typed_folder_joins_the_list(root, two, tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "c.safetensors").write_bytes(two["pad"])
    at = page()
    before = panels(at)
    widget(at.text_input, "folder").set_value(str(folder)).run()
    assert panels(at) == before
    choose(at, "version", f"1 epoch, seed 0 ({folder / 'c.safetensors'})")
    assert address(at)["checkpoint"] == str(folder / "c.safetensors")
    assert panels(at) == before
    assert panels(page(**address(at))) == before


@pytest.mark.parametrize("folder", ["/nowhere", "~nobody/x", "a" * 5000, "\0"])
def test_a_folder_that_is_none_gets_a_sentence(root, folder):
    at = page(folder=folder)
    assert not at.exception
    assert "no folder" in at.error[0].value
    assert set(panels(at)) == {"memories", "nrem", "rem"}


def test_an_empty_folder_gets_a_sentence(root, tmp_path_factory):
    at = page(folder=tmp_path_factory.mktemp("empty"))
    assert "holds no" in at.error[0].value


def test_a_file_that_is_replaced_is_loaded_anew(root, two):
    at = page()
    before = panels(at)
    fresh = root / "checkpoints/.a.part"
    fresh.write_bytes(two["wo_memory_mix"])
    fresh.replace(root / A)
    assert changed(before, panels(at.run())) == {"memories", "nrem", "rem"}


def test_the_about_page_says_what_to_cite():
    at = AppTest.from_string("from explorer.views.about import page\npage.show()").run()
    assert not at.exception
    assert "10.7554/eLife.76384" in at.code[0].value


def test_two_networks_of_one_name_can_be_told_apart(root, two):
    (root / "checkpoints/copy.safetensors").write_bytes(two["pad"])
    options = widget(page().selectbox, "network-version").options
    assert len(set(options)) == len(options) == 2


def rewritten(content, **changes):
    """A checkpoint's bytes with other fields in its header."""
    length = int.from_bytes(content[:8], "little")
    layout = json.loads(content[8 : 8 + length])
    header = json.loads(layout["__metadata__"][HEADER_KEY])
    layout["__metadata__"][HEADER_KEY] = json.dumps(header | changes)
    raw = json.dumps(layout).encode()
    return len(raw).to_bytes(8, "little") + raw + content[8 + length :]


@pytest.mark.parametrize(
    "changes",
    [
        {"epoch": 10**30, "seed": -(10**30)},
        {"dataset": {"name": "x" * 100_000, "spec": "folder:~nobody/\0"}},
        {"dataset": {"name": ["a"], "spec": 7, "n_train": None}},
        {"class_names": []},
        {"class_names": ["<script>alert(1)</script>" * 200] * 10},
        {"class_names": [f"**{i}** $x$ :red[{i}]" for i in range(5000)]},
        {"history": [1, None, {"epoch": "one", "losses": []}]},
        {"metrics": {"linear": "none"}, "recipe": {"epochs": []}, "export": {"bits": "many"}},
        {"condition": {"name": "pad", "lam": "much"}},
        {"format_version": 10**9},
    ],
)
def test_an_odd_header_never_ends_a_page(root, two, changes, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(networks, "ROOT", root)  # with the search for real images
    (root / B).write_bytes(rewritten(two["pad"], **changes))
    for query in ({}, {"checkpoint": B}, {"checkpoint": B, "sight": "plane"}):
        at = page(**query)
        assert not at.exception, at.exception
        assert panels(at) or at.error or at.warning or "plane" in components(at)


@pytest.mark.slow
def test_the_process_is_set_up_by_the_script_and_by_no_module_that_a_page_imports():
    program = """if True:
        import os, sys
        from concurrent.futures import ThreadPoolExecutor
        import explorer.app
        early = "torch" in sys.modules  # the server answers before that
        import torch
        torch.set_num_threads(3)
        import explorer.library.networks, explorer.views.dream.page, explorer.views.map.page
        before = torch.get_num_threads()
        from streamlit.testing.v1 import AppTest
        AppTest.from_file("explorer/script.py", default_timeout=120).run()
        another = ThreadPoolExecutor().submit(torch.get_num_threads).result()
        print(early, before, another)
        os._exit(0)  # without waiting for what the page began in the background"""
    done = subprocess.run(
        [sys.executable, "-u", "-c", program], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "3", "1"], done.stderr


@pytest.mark.slow
def test_garbage_is_not_looked_for_in_what_was_imported():
    program = """if True:
        import gc, os
        from types import FunctionType
        from streamlit.testing.v1 import AppTest
        page = AppTest.from_file("explorer/script.py", default_timeout=120).run()
        gc.collect()
        def functions():
            return sum(type(one) is FunctionType for one in gc.get_objects())
        searched = functions()
        enabled = gc.isenabled()
        gc.unfreeze()
        print(len(page.exception), enabled, functions(), searched)
        os._exit(0)  # without waiting for what the page began in the background"""
    done = subprocess.run(
        [sys.executable, "-u", "-c", program], cwd=ROOT, capture_output=True, text=True
    )
    problems, enabled, imported, searched = done.stdout.split()
    assert (problems, enabled) == ("0", "True")
    # Functions tell what was imported from the checkpoints' headers, however many there are.
    assert int(imported) > 4 * int(searched)


def test_whatever_a_file_provokes_becomes_a_sentence(root, monkeypatch):
    def provoked(path):
        raise ZeroDivisionError("of a kind that nobody thought of")

    monkeypatch.setattr(checkpoint, "load", provoked)
    at = page()
    assert not at.exception
    assert "nobody thought of" in at.error[0].value


@pytest.mark.parametrize("present", ["", "1", "sight"])
@pytest.mark.parametrize("sight", ["night", "plane", "wall"])
def test_each_sight_draws_its_panels(root, sight, present):
    at = page(sight=sight, present=present)
    assert not at.exception
    expected = {"night": {"memories", "nrem", "rem"}, "plane": {"rem"}, "wall": {"nights"}}
    if present == "1":  # of earlier versions, whose talks were of the plane
        sight = "plane"
    alone = present and sight == "plane"
    assert set(panels(at)) == (set() if alone else expected[sight])
    assert ("plane" in components(at)) == (sight == "plane")
    keys = [button.key for button in at.button]
    assert f"present-{'off' if present else 'on'}" in keys


def components(at):
    """What the page's own components were given, by kind."""
    found = {}
    for element in at.get("bidi_component"):
        data = json.loads(element.proto.json)
        found["plane" if "grid" in data else "other"] = data
    return found


def test_the_plane_marks_where_the_network_was_trained_and_shows_the_exact_dream(root):
    data = components(page(checkpoint=B, sight="plane", lam=0.23, lam_prime=0.4))["plane"]
    assert data["here"] == [0.23, 0.4]
    assert data["trained"] == [1.0, 1.0]
    assert len(data["grid"]["dreams"]) == data["grid"]["steps"] ** 2
    other = components(page(checkpoint=B, sight="plane", lam=0.24, lam_prime=0.4))["plane"]
    assert other["grid"] == data["grid"]
    assert other["exact"] != data["exact"]


def test_a_memory_by_class_by_place_and_back(root):
    at = page()
    before = panels(at)
    options = widget(at.selectbox, "first-class").options
    widget(at.selectbox, "first-class").set_value(3).run()
    assert not at.exception
    place = int(address(at)["first"])
    assert f"of the class {options[4]}" in panels(at)["memories"]
    assert changed(before, panels(at)) == {"memories", "nrem", "rem"}
    assert widget(at.number_input, "first-place").value == place
    widget(at.number_input, "first-place").set_value(5).run()
    assert address(at)["first"] == "5"
    assert panels(page(**address(at))) == panels(at)
    widget(at.selectbox, "first-class").set_value("by seed").run()
    assert "first" not in address(at)
    assert panels(at) == before


def test_a_place_beyond_the_memories_is_put_right_and_says_so(root):
    at = page(second=999_999)
    assert not at.exception
    assert "no memory 999999 among 1000" in at.toast[0].value
    assert "second" not in address(at)
    assert panels(at) == panels(page())


def test_an_uploaded_picture_becomes_memory_a(root, two):
    at = page()
    before = panels(at)
    picture = png_bytes(np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8))
    at.file_uploader(key="first-picture").upload("cat.png", picture).run()
    assert not at.exception
    assert address(at)["first"] == "-2"
    assert "your picture" in panels(at)["memories"]
    assert changed(before, panels(at)) == {"memories", "nrem", "rem"}
    elsewhere = page(**address(at))
    assert panels(elsewhere) == before
    assert "an address can't carry" in elsewhere.info[0].value


def test_what_is_no_picture_gets_a_sentence(root):
    at = page()
    before = panels(at)
    at.file_uploader(key="second-picture").upload("cat.png", b"not a picture").run()
    assert not at.exception
    assert "cat" in at.error[0].value
    assert "no readable picture" in at.error[0].value
    assert panels(at) == before


def test_a_picture_that_is_too_large_says_how_large_it_is(root):
    at = page()
    png = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(png, "PNG")
    at.file_uploader(key="first-picture").upload("scan.png", png.getvalue()).run()
    said = at.error[0].value.replace("\\", "")
    assert "scan.png has 400 million pixels; 50 million are the most." in said


def test_buttons_step_to_other_memories(root):
    at = page(seed=4)
    at.button(key="seed-next").click().run()
    assert address(at)["seed"] == "5"
    assert panels(at) == panels(page(seed=5))
    at.button(key="seed-previous").click().run()
    assert address(at)["seed"] == "4"
    assert page(seed=0).button(key="seed-previous").disabled


def test_a_talk_begins_and_ends_where_it_was(root):
    at = page(lam=0.2)
    before = panels(at)
    at.button(key="present-on").click().run()
    assert not at.exception
    assert address(at)["present"] == "sight"
    assert widget(at.main.slider, "lam-slider").value == 0.2
    at.button(key="present-off").click().run()
    assert "present" not in address(at)
    assert panels(at) == before


@pytest.mark.parametrize(
    ("field", "typed", "name", "value", "said"),
    [
        ("seed", 3.7, "seed", "4", "3.7 became 4: it is a whole number from 0"),
        ("seed", -5.0, "seed", "0", "-5 became 0"),
        ("lam-typed", 1.5, "lam", "1", "1.5 became 1: it is from 0 to 1"),
        ("size_px-typed", 2.5, "size_px", "2", "2.5 became 2: it is a whole number from 1 to 8"),
        ("noise_level-typed", 99.0, "noise_level", "10", "99 became 10"),
    ],
)
def test_a_typed_value_that_cannot_be_is_corrected_and_says_so(
    root, field, typed, name, value, said
):
    at = page(seed=1)
    widget(at.number_input, field).set_value(typed).run()
    assert not at.exception
    assert address(at)[name] == value
    assert said in at.toast[0].value
    assert f"{widget(at.number_input, field).value:g}" == value


def test_a_correction_says_nothing_to_the_terminal(root, caplog, capfd):
    at = page()
    caplog.clear()
    run_as_from_a_browser(widget(at.number_input, "lam-typed").set_value(1.5))
    assert "1.5 became 1" in at.toast[0].value
    assert not [record for record in caplog.records if "ScriptRunContext" not in record.message]
    assert "callback" not in capfd.readouterr().err


def test_a_value_that_can_be_is_taken_without_a_word(root):
    at = page()
    widget(at.number_input, "lam-typed").set_value(0.56).run()
    assert not at.toast
    assert address(at)["lam"] == "0.56"


def test_a_dream_says_how_real_it_looks_what_of_and_who_says_so(root):
    html = panels(page())["rem"]
    dreamt = html[html.index("Dreamt") - 300 :]
    words = r"realness 0\.\d\d; read out as [^;]+ \d+% [^;]+; \d+\.\d\d from the nearest memory"
    assert len(re.findall(words, dreamt)) == 16  # for the ear and for the eye
    assert dreamt.count('<i style="width') == 8
    assert "a linear probe on 2000 stored training memories reads. It is right about" in dreamt


def test_real_images_stand_above_what_is_recalled_of_them(root, monkeypatch):
    without = panels(page())
    found = RealImages("ready", load_dataset("fashion-mini"))
    monkeypatch.setattr(real_images, "find", lambda network: found)
    at = page()
    assert not at.exception
    assert changed(without, panels(at)) == {"memories"}
    assert "Seen" in panels(at)["memories"]
    assert panels(at)["memories"].count("pad-tile") == 16
    assert "not photographs" in without["memories"]


def test_the_place_of_real_images_is_kept_while_they_are_loaded(root, monkeypatch):
    shapes = []
    data = load_dataset("fashion-mini")
    for found in (RealImages("loading", None, "loading", 0.5), RealImages("ready", data)):
        monkeypatch.setattr(real_images, "find", lambda network, found=found: found)
        body = panels(page())["memories"]
        shapes.append((re.search("--rows: *[0-9]+", body)[0], body.count("pad-tile")))
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("offered", [False, True])
def test_images_are_fetched_by_a_button_where_they_are_offered(root, monkeypatch, offered):
    monkeypatch.setattr(real_images, "can_fetch", lambda network: offered)
    at = page()
    (said,) = [c for c in at.sidebar.caption if "are not on this computer" in c.value]
    assert ("not offered for download" in said.help) != offered
    assert bool([b for b in at.button if b.key == "fetch"]) == offered
