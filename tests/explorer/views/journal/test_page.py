"""The Journal page and the button that keeps dreams, as Streamlit runs them."""

import io
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.journal import store
from explorer.journal.archive import dreams_of, unpack
from explorer.journal.entry import Kept
from explorer.journal.exports import Export, make
from explorer.library import networks
from explorer.session.choices import Choices, Dream
from explorer.views.journal import files
from pad_core.checkpoint import file as checkpoint
from pad_core.errors import PadError
from tests.explorer.pages import drawn, run_as_from_a_browser, write_checkpoint
from tests.helpers import ROOT

CASES = sorted((ROOT / "tests/cases").glob("*.jsonl"))
A = "checkpoints/a.safetensors"
CHOICES = Choices.of(checkpoint=A, seed=9, lam=0.25, intensity=0.75)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return {
        "pad": write_checkpoint(folder / "pad", "pad", seed=0).read_bytes(),
        "other": write_checkpoint(folder / "other", "wo_nrem", seed=1).read_bytes(),
    }


@pytest.fixture
def root(tmp_path, monkeypatch, made):
    """A repository with one checkpoint, and a journal of its own."""
    monkeypatch.setattr(networks, "ROOT", tmp_path)
    monkeypatch.setenv("PAD_JOURNAL", str(tmp_path / "journal.jsonl"))
    (tmp_path / A).parent.mkdir(parents=True)
    (tmp_path / A).write_bytes(made["pad"])
    return tmp_path


@pytest.fixture
def kept(root):
    one = Kept.now(checkpoint.load(root / A), CHOICES, "A <b>title</b>", "a note")
    store.write(root / "journal.sqlite3", [one])
    return one


def keeper(**query):
    """A page of nothing but the chosen network and the button."""

    def script():
        from explorer.session.state import follow_address
        from explorer.widgets import keep_button, page

        follow_address()
        keep_button.keep_button(page.network())

    at = AppTest.from_function(script, default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = str(value)
    return at.run()


def journal():
    """The Journal page by itself: tests of Streamlit's can't turn to a page of a function."""

    def script():
        import streamlit as st

        from explorer.session.state import follow_address
        from explorer.views.dream import page as dream
        from explorer.views.journal import page as journal

        there = st.Page(dream.show, title="Dream", url_path="dream")
        st.session_state["pages"] = {"dream": there}
        turned = st.navigation([st.Page(journal.show, title="Journal", default=True), there])
        follow_address()
        turned.run()

    return AppTest.from_function(script, default_timeout=60).run()


def bodies(at):
    return [element.proto.body for element in drawn(at) if 'panel pad-kept"' in element.proto.body]


def atlas(body):
    return re.search(r"background-image: url\((.*?)\)", body)[1]


def read(root):
    return store.read(root / "journal.sqlite3")


def test_keep_this_keeps_the_dream_of_the_choices(root):
    at = keeper(seed=9, lam=0.25, intensity=0.75)
    at.text_input(key="keep-title").set_value("A find")
    at.text_area(key="keep-note").set_value("at λ = ¼")
    button = next(b for b in at.button if b.label == "Keep these dreams")
    button.click().run()
    assert not at.exception
    (kept,) = read(root).dreams.values()
    assert (kept.title, kept.note) == ("A find", "at λ = ¼")
    assert kept.source.checkpoint == A
    assert kept.dream == Dream(seed=9, lam=0.25, intensity=0.75)


def test_a_dream_is_kept_with_a_word_to_the_viewer_and_none_to_the_terminal(root, caplog, capfd):
    at = keeper()
    caplog.clear()
    button = next(b for b in at.button if b.label == "Keep these dreams")
    run_as_from_a_browser(button.click())
    assert at.toast[0].value.startswith("Kept.")
    assert not [record for record in caplog.records if "ScriptRunContext" not in record.message]
    assert "callback" not in capfd.readouterr().err


def test_an_empty_journal_says_how_to_fill_it(root):
    at = journal()
    assert not at.exception
    assert "Keep this" in at.info[0].value


def test_a_kept_dream_is_dreamt_again_from_its_network(root, kept, made):
    at = journal()
    (body,) = bodies(at)
    assert "A &lt;b&gt;title&lt;/b&gt;" in body
    assert "λ 0.25" in body
    assert "a note" in body
    first = atlas(body)
    (root / A).rename(root / "checkpoints/elsewhere.safetensors")  # it is known by what is in it
    assert atlas(bodies(journal())[0]) == first


def test_a_network_that_is_gone_or_another_now_is_stated(root, kept, made):
    (root / A).write_bytes(made["other"])
    at = journal()
    (body,) = bodies(at)
    assert "background-image" not in body
    assert f"sha256 {kept.source.sha256[:12]}" in body
    assert at.button(key=f"open-{kept.id}").disabled
    assert at.button(key=f"files-{kept.id}").disabled
    (root / A).write_bytes(made["pad"])
    assert "background-image" in bodies(at.run())[0]


def test_open_in_dream_sets_the_choices(root, kept):
    at = journal()
    at.button(key=f"open-{kept.id}").click().run()
    assert not at.exception
    chosen = at.session_state["choices"]
    assert chosen.networks.checkpoint == A
    assert chosen.dream == Dream(seed=9, lam=0.25, intensity=0.75)


def test_a_title_and_a_note_can_be_changed(root, kept):
    at = journal()
    at.text_input(key=f"title-{kept.id}").set_value("Better")
    at.text_area(key=f"note-{kept.id}").set_value("")
    next(b for b in at.button if b.label == "Save").click().run()
    assert not at.exception
    assert "Better" in bodies(at)[0]
    assert read(root).dreams[kept.id] == kept.retitled("Better", "")


def test_a_deleted_dream_can_be_brought_back_at_once_and_later(root, kept):
    at = journal()
    at.button(key=f"delete-{kept.id}").click().run()
    assert not bodies(at)
    assert not read(root).dreams
    next(b for b in at.button if b.label == "Undo").click().run()
    assert len(bodies(at)) == 1
    assert "Undo" not in [b.label for b in at.button]
    at.button(key=f"delete-{kept.id}").click().run()
    later = journal()
    later.button(key=f"back-{kept.id}").click().run()
    assert len(bodies(later)) == 1
    assert read(root).dreams == {kept.id: kept}


def test_damaged_lines_are_counted_and_the_rest_is_shown(root, kept):
    lines = ["{nothing", *(case.read_text("utf-8").strip() for case in CASES)]
    (root / "journal.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    at = journal()
    assert not at.exception
    assert len(bodies(at)) == 1
    assert at.expander[0].label == "3 damaged"
    said = [markdown.value for markdown in at.expander[0].markdown]
    assert "Line 1" in said[0]
    assert "8 and 1 classes" in said[1]
    assert "9999" in said[2]
    for n in (2, 1, 0):
        next(b for b in at.expander[0].button if b.label == "Delete").click().run()
        assert [e.label for e in at.expander if "damaged" in e.label] == [f"{n} damaged"] * (n > 0)
    assert len(bodies(journal())) == 1


def test_an_entry_that_cannot_be_shown_gets_a_sentence_and_can_be_deleted(root, kept):
    other = replace(kept, id="other")
    store.write(root / "journal.sqlite3", [other])
    with closing(sqlite3.connect(root / "journal.sqlite3")) as database, database:
        changed = json.dumps(kept.to_dict() | {"choices": {"of_a_newer_version": "1"}})
        database.execute("UPDATE dreams SET entry = ? WHERE id = ?", (changed, kept.id))
    at = journal()
    assert not at.exception
    assert len(bodies(at)) == 1
    assert any("of\\_a\\_newer\\_version" in m.value for m in at.markdown)
    at.button(key="delete-number-1").click().run()
    assert not at.exception
    assert not any("newer" in m.value for m in at.markdown)
    assert list(read(root).dreams) == ["other"]


def test_a_journal_that_cannot_be_read_or_written_gets_a_sentence(root, kept, monkeypatch):
    at = journal()
    (root / "folder.sqlite3").mkdir()
    monkeypatch.setenv("PAD_JOURNAL", str(root / "folder"))
    assert "it is a folder" in at.run().error[0].value
    monkeypatch.setenv("PAD_JOURNAL", str(root / A / "journal.jsonl"))  # below a file
    at = keeper()
    next(b for b in at.button if b.label == "Keep these dreams").click().run()
    assert not at.exception
    assert "Cannot write the journal" in at.error[0].value


def test_dreams_are_found_by_their_words(root, kept):
    others = [replace(kept, id=f"{i:03d}", title=f"Number n{i:02d}n") for i in range(20)]
    store.write(root / "journal.sqlite3", others)
    at = journal()
    at.text_input(key="journal-find").set_value("number n17n pad").run()
    (body,) = bodies(at)
    assert "Number n17n" in body
    at.text_input(key="journal-find").set_value("no such dream").run()
    assert not bodies(at)
    assert any("0 of 21 dreams" in caption.value for caption in at.caption)
    at.text_input(key="journal-find").set_value("<br>").run()  # between the facts, not one of them
    assert not bodies(at)


def test_many_dreams_come_by_the_dozen(root, kept):
    store.write(root / "journal.sqlite3", [replace(kept, id=f"{i:03d}") for i in range(20)])
    at = journal()
    assert len(bodies(at)) == 12
    next(b for b in at.button if b.label.startswith("Show more")).click().run()
    assert len(bodies(at)) == 21


def test_the_dialog_offers_the_file_it_shows(root, kept):
    at = journal()
    at.button(key=f"files-{kept.id}").click().run()
    assert not at.exception
    preview = next(e.proto.body for e in drawn(at) if 'class="pad-preview' in e.proto.body)
    assert "data:image/png" in preview
    assert "rebuild a-b-title-b-picture.png" in at.code[0].value


def test_an_archive_of_the_journal_opens_in_another(root, kept, tmp_path_factory, monkeypatch):
    at = journal()
    at.button(key="archive-make").click().run()
    assert not at.exception
    content, told = at.session_state["archive"]
    assert told == "1 dreams, 2 files."
    assert dreams_of(unpack(content)) == [kept]
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "journal.sqlite3"
    monkeypatch.setenv("PAD_JOURNAL", str(elsewhere))
    at = journal()
    at.file_uploader(key="journal-upload").upload("a.zip", content).run()
    assert not at.exception
    assert at.success[0].value == "1 dream joined the journal\\."
    assert len(bodies(at)) == 1
    assert store.read(elsewhere).dreams == {kept.id: kept}


@pytest.mark.parametrize("kind", ["picture", "table"])
def test_a_single_file_brings_its_dream(root, kept, kind):
    export = Export.of(kind, kept)
    content = make(export, checkpoint.load(root / A))
    assert files.take("x", content) == "0 dreams joined the journal, 1 was in it."
    store.write(root / "journal.sqlite3", [kept], deleted=True)
    assert "1 dream joined" in files.take("x", content)
    assert read(root).dreams == {kept.id: kept}


def test_a_file_of_earlier_versions_can_be_opened(root, kept):
    content = json.dumps(kept.to_dict()).encode() + b"\n"
    assert "1 was in it" in files.take("mine.jsonl", content + b"{}\n")
    with pytest.raises(PadError, match="damaged"):
        files.take("mine.jsonl", b"{")


def test_a_file_without_dreams_gets_a_sentence(root):
    plain = io.BytesIO()
    Image.new("RGB", (4, 4)).save(plain, format="PNG")
    at = journal()
    at.file_uploader(key="journal-upload").upload("holiday.png", plain.getvalue()).run()
    assert not at.exception
    assert "holiday" in at.error[0].value
    assert "no manifest" in at.error[0].value


def test_where_nothing_is_kept_three_dreams_can_be_kept_or_opened(root):
    at = journal()
    assert [b.label for b in at.button].count("Keep this") == 3
    shown = [atlas(body) for body in bodies(at)]
    assert len(shown) == 3 and len(set(shown)) == 3
    at.button(key="keep-ready-Noise alone").click().run()
    assert not at.exception
    (body,) = bodies(at)
    assert "Noise alone" in body and "λ′ 0" in body
    assert "Keep this" not in [b.label for b in at.button]


def test_a_ready_dream_opens_at_its_choices(root):
    at = journal()
    at.button(key="open-ready-Memories alone").click().run()
    assert not at.exception
    assert at.session_state["choices"].dream.lam_prime == 1.0
