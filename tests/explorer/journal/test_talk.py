"""The file of a talk: nothing of it is lost, and what is no talk is refused in a sentence."""

import json
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from explorer.journal import talk
from explorer.journal.talk import MAX_NOTE, N_VIEWS, Talk, View
from explorer.session.choices import Choices
from pad_core.errors import PadError
from tests.helpers import ROOT

WALL = View.of("wall", Choices.of(lam=0.25, compared=("a b", "c&d")).to_query(), "REM", "a note")
PLANE = View.of("dream", Choices.of(sight="plane").to_query(), "Mix")


def test_a_view_holds_what_is_seen_and_not_how_it_is_shown():
    choices = Choices.of(lam=0.25, compared=("a b", "c&d"), present="sight", slide=3, path=2)
    view = View.of("wall", choices.to_query(), "  two \n words ", "x" * 1000)
    assert (view.page, view.title, view.note) == ("wall", "two words", "x" * MAX_NOTE)
    seen = Choices.from_query(view.query)
    assert seen == choices.changed(present="", slide=0, path=0)


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "new" / "talk.json"
    assert talk.read(path) == ()
    talk.change(path, lambda views: (*views, WALL, PLANE))
    assert talk.read(path) == (WALL, PLANE) == talk.parse(talk.to_bytes((WALL, PLANE)))


def test_a_view_is_moved_replaced_and_deleted(tmp_path):
    path = tmp_path / "talk.json"
    talk.change(path, lambda views: (WALL, PLANE, WALL))
    assert talk.change(path, talk.moved(1, PLANE, -1)) == (PLANE, WALL, WALL)
    assert talk.change(path, talk.moved(0, PLANE, 99)) == (WALL, WALL, PLANE)
    named = PLANE.retitled("Mixed", "")
    assert talk.change(path, talk.replaced(2, PLANE, named)) == (WALL, WALL, named)
    assert talk.change(path, talk.replaced(0, WALL)) == (WALL, named) == talk.read(path)


def test_what_another_window_changed_meanwhile_is_not_overwritten(tmp_path):
    path = tmp_path / "talk.json"
    talk.change(path, lambda views: (WALL, PLANE))
    for made in (talk.moved(0, PLANE, 1), talk.replaced(1, WALL), talk.replaced(2, PLANE)):
        with pytest.raises(PadError, match="changed in another window"):
            talk.change(path, made)
    assert talk.read(path) == (WALL, PLANE)


def test_of_many_who_add_at_once_all_are_there(tmp_path):
    path = tmp_path / "talk.json"
    views = [PLANE.retitled(f"View {i}", "") for i in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda view: talk.change(path, lambda before: (*before, view)), views))
    assert set(talk.read(path)) == set(views)


def test_a_talk_has_an_end(tmp_path):
    path = tmp_path / "talk.json"
    talk.change(path, lambda views: [PLANE] * N_VIEWS)
    with pytest.raises(PadError, match=f"{N_VIEWS} views at most"):
        talk.change(path, lambda views: (*views, WALL))
    assert len(talk.read(path)) == N_VIEWS


def file(**changes):
    view = {"address": "wall?lam=0.5", "title": "t", "note": ""} | changes
    return json.dumps({"schema": "pad-talk-1", "views": [view]}).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG", "it is not JSON"),
        (b"[" * 5000, "it is not JSON"),
        (b"[]", "expected an object, got a list"),
        (b"{}", "'schema' is not 'pad-talk-1'"),
        (b'{"schema": "pad-talk-2", "views": []}', "'schema' is not 'pad-talk-1'"),
        (b'{"schema": "pad-talk-1"}', "'views' is missing"),
        (file(title=3), r"'views\[0\].title' is malformed"),
        (file(address="https://elsewhere"), "the address of view 1 begins with no page"),
        (file(address="x" * 9000), r"'views\[0\].address' is malformed"),
    ],
)
def test_what_is_no_talk_is_refused_in_a_sentence_and_stays(tmp_path, content, said):
    with pytest.raises(PadError, match=said):
        talk.parse(content)
    path = tmp_path / "talk.json"
    path.write_bytes(content)
    with pytest.raises(PadError, match=said):
        talk.change(path, lambda views: (*views, WALL))
    assert path.read_bytes() == content


def test_texts_of_a_file_are_inert():
    [view] = talk.parse(file(title="a\x1b[31m\u202eb", note="c\nd"))
    assert (view.title, view.note) == ("a�[31m�b", "c�d")


def bare(schema):
    """A schema without what docstrings say."""
    if isinstance(schema, dict):
        return {name: bare(part) for name, part in schema.items() if name != "description"}
    return [bare(part) for part in schema] if isinstance(schema, list) else schema


def test_the_declared_schema_is_the_one_that_is_checked():
    declared = json.loads((ROOT / "docs/talk.schema.json").read_text("utf-8"))
    assert declared == bare(msgspec.json.schema(Talk))
