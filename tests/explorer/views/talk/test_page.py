"""The Talk page, and the button that adds views, as Streamlit runs them."""

import pytest
from streamlit.testing.v1 import AppTest

from explorer.journal import talk
from explorer.journal.talk import View
from tests.explorer.pages import opened

WALL = View("wall?wall=rem", "Take REM away", "What is left?")
PLANE = View("dream?sight=plane&lam=0.25", "Mix <b>a</b> dream", "")


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Where the talk lies; it has two views."""
    monkeypatch.setenv("PAD_JOURNAL", str(tmp_path / "journal.sqlite3"))
    path = tmp_path / "journal.talk.json"
    talk.change(path, lambda views: (WALL, PLANE))
    return path


def button(at, label, n=0):
    return [b for b in at.button if b.label == label][n]


def icon(at, name, n):
    return [b for b in at.button if b.icon == f":material/{name}:"][n]


def told(at):
    return "\n".join(one.value for one in at.markdown)


def test_the_views_are_listed_with_their_titles_notes_and_pages(path):
    at = opened("talk", 60)
    assert "**1** \u2002 **Take REM away** \u2002 Wall" in told(at)
    assert "What is left?" in told(at)
    assert r"Mix \<b\>a\</b\> dream" in told(at)
    assert icon(at, "arrow_upward", 0).disabled and icon(at, "arrow_downward", 1).disabled


def test_views_are_put_in_another_order(path):
    at = opened("talk", 60)
    icon(at, "arrow_downward", 0).click().run()
    assert talk.read(path) == (PLANE, WALL)
    icon(at, "arrow_upward", 1).click().run()
    assert talk.read(path) == (WALL, PLANE)


def test_a_view_is_renamed(path):
    at = opened("talk", 60)
    at.text_input[2].set_value("Another title")
    at.text_input[3].set_value("A caption")
    button(at, "Save", 1).click().run()
    assert talk.read(path) == (WALL, View(PLANE.address, "Another title", "A caption"))
    assert "Another title" in told(at)


def test_a_deleted_view_comes_back_to_its_place_at_a_click(path):
    at = opened("talk", 60)
    button(at, "Delete").click().run()
    assert talk.read(path) == (PLANE,)
    button(at, "Undo").click().run()
    assert talk.read(path) == (WALL, PLANE)
    assert not [b for b in at.button if b.label == "Undo"]


def test_what_another_window_changed_is_told_and_kept(path):
    at = opened("talk", 60)
    talk.change(path, lambda views: (PLANE,))
    button(at, "Delete").click().run()
    assert "changed in another window" in at.error[0].value
    assert talk.read(path) == (PLANE,)


def test_an_exported_talk_joins_the_end_and_another_file_gets_a_sentence(path):
    at = opened("talk", 60)
    at.file_uploader[0].upload("old.json", talk.to_bytes([PLANE]), "application/json").run()
    assert talk.read(path) == (WALL, PLANE, PLANE)
    assert at.success[0].value == r"1 view joined the talk\."
    at.file_uploader[0].upload("other.json", b'{"a": 1}', "application/json").run()
    assert "other" in at.error[0].value and "no talk of this explorer" in at.error[0].value
    assert talk.read(path) == (WALL, PLANE, PLANE)


def test_a_damaged_talk_is_told_and_stays(path):
    path.write_bytes(b"{")
    at = opened("talk", 60)
    assert "can't be read" in at.error[0].value.replace("\\", "")
    assert path.read_bytes() == b"{"


def test_without_views_the_page_says_how_to_add_one(path):
    path.unlink()
    at = opened("talk", 60)
    assert "adds what is seen there" in at.info[0].value
    assert button(at, "Begin the talk").disabled


def adder(**query):
    """A page of nothing but a heading."""

    def script():
        import streamlit as st

        from explorer.session.state import follow_address
        from explorer.widgets import page

        st.session_state["page"] = "wall"
        follow_address()
        page.heading("The same night", "")

    at = AppTest.from_function(script, default_timeout=60)
    at.query_params.update(query)
    return at.run()


def test_a_view_is_added_with_its_choices_under_the_page_s_title_or_another(path):
    at = adder(lam="0.75", wall="rem", path="4")
    button(at, "Add this view to the talk").click().run()
    at.text_input(key="talk-title").set_value("Mine")
    at.text_input(key="talk-note").set_value("See this")
    button(at, "Add this view to the talk").click().run()
    assert not at.exception
    first, second = talk.read(path)[2:]
    assert (first.title, second.title, second.note) == ("The same night", "Mine", "See this")
    assert (first.page, first.query["lam"], first.query["wall"]) == ("wall", ["0.75"], ["rem"])
    assert "path" not in first.query


def test_a_presented_view_has_its_own_title_and_note_and_says_which_it_is(path):
    def title(at):
        return next(e.proto.body for e in at.get("html") if 'class="pad-title' in e.proto.body)

    shown = title(adder(present="sight", slide="1"))
    assert "<h1>Take REM away</h1>" in shown and "What is left?" in shown and "1 / 2" in shown
    assert "<h1>Mix &lt;b&gt;a&lt;/b&gt; dream</h1>" in title(adder(present="sight", slide="2"))
    for beside in ({"present": "sight", "slide": "3"}, {"slide": "1"}, {"present": "1"}):
        assert "<h1>The same night</h1>" in title(adder(**beside))
