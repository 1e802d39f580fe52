"""Who a viewer of a class is, and where the journal of each lies."""

import pytest
import streamlit as st

from explorer.session import classroom, reach
from explorer.session.secret import TOKEN, cookie_name, visitor_cookie
from explorer.widgets import keep_button
from pad_core.errors import PadError

PORT = 8501


@pytest.fixture
def browser(monkeypatch):
    """The cookies of the browser that asks; each ``browser(…)`` is another one."""
    held = {}

    class Context:
        cookies = held

    state = {}
    monkeypatch.setattr(st, "context", Context)
    monkeypatch.setattr("explorer.session.streamlit_internals.session_state", lambda: state)

    def another(**cookies):
        held.clear()
        state.clear()
        held.update(cookies)

    return another


@pytest.fixture
def folder(tmp_path, monkeypatch, browser):
    monkeypatch.setenv(classroom.FOLDER, str(tmp_path))
    monkeypatch.setenv(TOKEN, "the speaker's")
    return tmp_path


def visitor(secret):
    return {visitor_cookie(PORT): secret}


def test_without_a_class_nobody_is_a_visitor(monkeypatch, browser):
    monkeypatch.delenv(classroom.FOLDER, raising=False)
    monkeypatch.setenv(TOKEN, "x")
    browser(**{cookie_name(PORT): "x"})
    assert not (classroom.is_class() or classroom.is_visitor() or classroom.is_speaker())
    assert classroom.journal() is None


def test_only_who_has_the_secret_is_the_speaker(folder, browser, monkeypatch):
    browser(**{cookie_name(PORT): "the speaker's"})
    assert classroom.is_speaker() and not classroom.is_visitor()
    assert classroom.journal() is None
    for guess in ("", "the speaker", "é"):
        browser(**{cookie_name(PORT): guess})
        assert classroom.is_visitor() and not classroom.is_speaker()
    monkeypatch.setenv(TOKEN, "")
    browser(**{cookie_name(PORT): ""})
    assert not classroom.is_speaker()


def test_each_visitor_has_a_journal_that_only_the_own_secret_finds(folder, browser):
    browser(**visitor("a" * 43))
    mine = classroom.journal()
    assert mine.parent == folder and "a" * 10 not in mine.name
    browser(**visitor("b" * 43))
    assert classroom.journal() != mine
    browser(**visitor("a" * 43))
    assert classroom.journal() == mine
    browser(**visitor("../../elsewhere"))
    assert classroom.journal().parent == folder


def test_without_cookies_a_journal_lasts_as_long_as_the_page(folder, browser):
    browser()
    mine = classroom.journal()
    assert classroom.journal() == mine
    browser()
    assert classroom.journal() != mine


def test_in_a_class_nobody_names_a_folder(folder, browser, monkeypatch):
    monkeypatch.setenv(reach.VARIABLE, str(folder))
    assert not reach.may_name_folders()
    with pytest.raises(PadError, match="class"):
        reach.check_folder(str(folder))


def test_visitors_do_not_fill_the_computer(folder, browser, monkeypatch):
    monkeypatch.setattr(keep_button, "MOST_JOURNALS", 1)
    (folder / "another.sqlite3").touch()
    browser(**visitor("a" * 43))
    with pytest.raises(PadError, match="1 journals, which is all"):
        keep_button.write([])
    assert not classroom.journal().exists()
