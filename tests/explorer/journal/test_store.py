"""The journal's file: nothing kept is lost, whatever happens to the file."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace

import pytest

from explorer.journal import store
from explorer.journal.entry import Kept, Source
from explorer.session.choices import Choices, Dream
from pad_core.checkpoint import file as checkpoint
from pad_core.errors import PadError
from tests.explorer.pages import write_checkpoint
from tests.helpers import ROOT

CASES = sorted((ROOT / "tests/cases").glob("*.jsonl"))
CHOICES = Choices.of(checkpoint="a/b.safetensors", folder="/home/me", seed=7, lam=0.25, present="1")


@pytest.fixture(scope="module")
def kept(network):
    return Kept.now(network, CHOICES, " A  dream\n", "seen «twice»")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "of me" / "journal.sqlite3"


def test_a_kept_dream_knows_its_network_and_its_choices(network, kept):
    assert kept.source.sha256 == network.sha256
    assert kept.source.weights_sha256 == network.header.weights_sha256
    assert (kept.source.checkpoint, kept.source.condition) == ("a/b.safetensors", "pad")
    assert kept.dream == Dream(seed=7, lam=0.25)  # not the folder: files go to others
    assert len(kept.classes) == len(kept.previous_classes) == 8
    assert (kept.title, kept.note) == ("A dream", "seen «twice»")
    assert Kept.from_dict(json.loads(json.dumps(kept.to_dict()))) == kept


def test_a_network_is_known_again_when_measures_were_recorded_in_its_file(kept, tmp_path):
    path = write_checkpoint(tmp_path / "a.safetensors")
    checkpoint.update_metrics(path, {"linear_separability": 12.3})
    recorded = checkpoint.load(path)
    assert recorded.sha256 != kept.source.sha256
    assert kept.source.is_in(recorded)
    other = checkpoint.load(write_checkpoint(tmp_path / "b.safetensors", seed=1))
    assert not kept.source.is_in(other)


def test_other_memories_make_it_another_network(network, kept):
    test = network.memories["test"]
    moved = {**network.memories, "test": replace(test, latents=test.latents + 0.01)}
    assert not kept.source.is_in(replace(network, memories=moved, sha256="0" * 64))


def test_the_last_line_about_a_dream_counts(path, kept):
    other = replace(kept, id="other", time="2030-01-01T00:00:00+00:00")
    store.write(path, [kept, other])
    assert list(store.read(path).dreams) == ["other", kept.id]  # newest first
    store.write(path, [kept.retitled("New", "")])
    store.write(path, [other], deleted=True)
    journal = store.read(path)
    assert [k.title for k in journal.dreams.values()] == ["New"]
    assert journal.deleted == {"other": other}
    store.write(path, [other])
    assert set(store.read(path).dreams) == {"other", kept.id}


def test_no_file_is_an_empty_journal(path):
    assert store.read(path) == store.Journal({}, {})


def lines_of(*dreams, deleted=()):
    """A file as earlier versions wrote it."""
    gone = [one.to_dict() | {"deleted": True} for one in deleted]
    return "".join(json.dumps(one) + "\n" for one in [*(d.to_dict() for d in dreams), *gone])


def earlier(path, text):
    path.parent.mkdir(exist_ok=True)
    with path.with_suffix(".jsonl").open("ab") as file:
        file.write(text.encode() if isinstance(text, str) else text)


def test_a_file_of_earlier_versions_is_taken_over_and_left_as_it_is(path, kept):
    dreams = [replace(kept, id=f"{i}", time=f"2026-01-0{i + 1}T00:00:00+00:00") for i in range(3)]
    earlier(path, lines_of(*dreams, dreams[1].retitled("New", "a\nb"), deleted=dreams[:1]))
    before = path.with_suffix(".jsonl").read_bytes()
    for _ in range(2):
        journal = store.read(path)
        assert list(journal.dreams) == ["2", "1"]
        assert (journal.dreams["1"].title, journal.dreams["1"].note) == ("New", "a\nb")
        assert journal.deleted == {"0": dreams[0]}
    assert path.with_suffix(".jsonl").read_bytes() == before
    # An earlier version goes on with its file; what this one changed stays.
    store.write(path, [dreams[2]], deleted=True)
    earlier(path, lines_of(replace(kept, id="later")))
    assert set(store.read(path).dreams) == {"later", "1"}


def test_damaged_lines_are_reported_and_cost_no_other(path, kept):
    strange = kept.to_dict() | {"id": "s", "choices": {"lam": "7"}}
    broken = [
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"id": "x"}',
        b"[" * 100_000,
        b"[" * 3_000_000,
        json.dumps(strange).encode(),
    ]
    earlier(path, lines_of(kept))
    earlier(path, b"\n".join(broken) + b"\n" + lines_of(replace(kept, id="after")).encode())
    journal = store.read(path)
    assert set(journal.dreams) == {kept.id, "after"}
    assert len(journal.problems) == len(broken)
    assert journal.problems[0].startswith("Line 2 of journal.jsonl is damaged")
    assert "lam = '7'" in journal.problems[-1]
    page = store.look(path)
    assert (page.n_dreams, page.n_damaged) == (2, len(broken))
    for entry in page.damaged:
        store.delete(path, entry.number)
    assert not store.read(path).problems
    assert set(store.read(path).dreams) == {kept.id, "after"}


@pytest.mark.slow
def test_many_lines_are_taken_over_by_several_processes_at_once(path, kept):
    earlier(path, "".join(lines_of(replace(kept, id=f"{i}")) for i in range(3_000)) + "{\n")
    program = "from explorer.journal import store as j; from pathlib import Path; import sys\n"
    program += "print(len(j.read(Path(sys.argv[1])).dreams))"
    readers = [
        subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE,
                         cwd=ROOT)
        for _ in range(2)
    ]  # fmt: skip
    assert [reader.communicate()[0].strip() for reader in readers] == [b"3000"] * 2
    assert len(store.read(path).problems) == 1


def test_a_line_that_is_being_written_is_waited_for(path, kept):
    whole = lines_of(replace(kept, id="slow")).encode()
    earlier(path, lines_of(kept).encode() + whole[:50])
    assert set(store.read(path).dreams) == {kept.id}
    assert not store.read(path).problems
    earlier(path, whole[50:-1])  # whole, if without its end
    assert set(store.read(path).dreams) == {kept.id, "slow"}
    earlier(path, b"\n{cut\n")
    assert len(store.read(path).problems) == 1


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_what_cannot_be_shown_is_refused_when_read_and_when_written(path, kept, case):
    given = json.loads(case.read_text("utf-8"))
    with pytest.raises(PadError, match="A kept dream is damaged"):
        Kept.from_dict(given)
    changed = {name: given[name] for name in ("time", "classes", "previous_classes")}
    bad = replace(kept, **{k: tuple(v) if isinstance(v, list) else v for k, v in changed.items()})
    with pytest.raises(PadError, match="A kept dream is damaged"):
        store.write(path, [replace(kept, id="before"), bad])
    assert not store.read(path).dreams


def test_texts_that_cannot_be_shown_are_marked(kept):
    given = kept.to_dict() | {"title": "a\ud800\x1b[2J", "note": "a\n\tb\x07"}
    given["source"]["name"] = "\udfff"
    read = Kept.from_dict(json.loads(json.dumps(given)))
    assert (read.title, read.note, read.source.name) == ("a��[2J", "a\n\tb�", "�")
    assert kept.retitled("\ud800", "\x1b\n.").title == "�"


def test_the_newest_come_first_and_words_find_them(path, kept):
    dreams = [
        replace(
            kept, id=f"{i}", title=f"Traum n{i:02d}", time=f"2026-01-{i + 1:02d}T00:00:00+00:00"
        )
        for i in range(20)
    ]
    store.write(path, dreams)
    page = store.look(path, most=3)
    assert [entry.kept.id for entry in page.entries] == ["19", "18", "17"]
    assert (page.n_dreams, page.n_found) == (20, 20)
    page = store.look(path, "TRAUM N1 seen", most=3)
    assert page.n_found == 10
    assert [entry.kept.title for entry in page.entries] == ["Traum n19", "Traum n18", "Traum n17"]
    for sought in ("' OR 1 --", "%", "_", "a\0b", "no such words"):
        assert store.look(path, sought).n_found == 0
    assert store.look(path, "  ").n_found == 20


def test_what_was_deleted_last_is_offered_first(path, kept):
    dreams = [replace(kept, id=f"{i}") for i in range(5)]
    store.write(path, dreams)
    for i in (3, 1, 4):
        store.write(path, [dreams[i]], deleted=True)
    page = store.look(path, most_others=2)
    assert page.n_deleted == 3
    assert [entry.kept.id for entry in page.deleted] == ["4", "1"]
    assert store.known(path, ["0", "1", "none"]) == {"0"}


def test_many_viewers_at_once_lose_nothing(path, kept):
    def keep(viewer):
        for i in range(10):
            store.write(path, [replace(kept, id=f"{viewer}-{i}")])

    threads = [threading.Thread(target=keep, args=(viewer,)) for viewer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal = store.read(path)
    assert len(journal.dreams) == 80
    assert not journal.problems


KEEPER = """
import sys
from dataclasses import replace
from pathlib import Path
from explorer.journal import store
from explorer.journal.entry import Kept
import json
path, name = Path(sys.argv[1]), sys.argv[2]
kept = Kept.from_dict(json.loads(sys.stdin.read()))
for i in range(100_000):
    store.write(path, [replace(kept, id=f"{name}-{i}"), replace(kept, id=f"{name}-{i}b")])
    print(i, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.0, 0.15, 0.4])
def test_two_processes_killed_in_the_middle_lose_nothing_that_was_kept(path, kept, seconds):
    path.parent.mkdir()
    writers = [
        subprocess.Popen([sys.executable, "-c", KEEPER, path, name], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, cwd=ROOT, text=True)
        for name in ("a", "b")
    ]  # fmt: skip
    for writer in writers:
        writer.stdin.write(json.dumps(kept.to_dict()))
        writer.stdin.close()
    for writer in writers:
        writer.stdout.readline()
    time.sleep(seconds)
    for writer in writers:
        writer.kill()
    said = [[0, *map(int, writer.stdout.read().split())] for writer in writers]
    for writer in writers:
        writer.wait()
        writer.stdout.close()
    journal = store.read(path)
    assert not journal.problems
    for name, numbers in zip("ab", said, strict=True):
        for i in numbers:
            assert {f"{name}-{i}", f"{name}-{i}b"} <= set(journal.dreams)
    assert len(journal.dreams) % 2 == 0  # all of a change, or nothing of it
    store.write(path, [replace(kept, id="after")])
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_visit_to_many_dreams_reads_no_more_than_it_shows(path, kept, monkeypatch):
    store.write(path, [replace(kept, id=f"{i}") for i in range(500)])
    read = []
    real = Kept.from_dict
    monkeypatch.setattr(Kept, "from_dict", lambda given: read.append(given) or real(given))
    assert len(store.look(path, "pad", most=12).entries) == 12
    assert len(read) == 12


def test_a_place_that_cannot_be_written_gets_a_sentence(tmp_path, kept):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PadError, match="Cannot write the journal"):
        store.write(tmp_path / "file" / "journal.sqlite3", [kept])
    with pytest.raises(PadError, match="it is a folder"):
        store.read(tmp_path)


def test_a_file_that_is_no_journal_gets_a_sentence(path, kept):
    path.parent.mkdir()
    path.write_bytes(b"no database, " * 100)
    with pytest.raises(PadError, match="is damaged .file is not a database.: move it away"):
        store.read(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE of_another_program (x)")
    with pytest.raises(PadError, match="database of another program"):
        store.write(path, [kept])
    path.unlink()
    store.write(path, [kept])
    with closing(sqlite3.connect(path)) as newer, newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(PadError, match="newer version"):
        store.read(path)


@pytest.mark.skipif(os.name != "posix", reason="there are no such files elsewhere")
@pytest.mark.timeout(20)
def test_a_pipe_in_its_place_gets_a_sentence(path, kept):
    path.parent.mkdir()
    os.mkfifo(path.with_suffix(".jsonl"))
    assert not store.read(path).dreams
    with pytest.raises(PadError, match="it is a pipe"):
        store.write(path, [kept])
    path.with_suffix(".jsonl").unlink()
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(PadError, match="it is a pipe"):
        store.read(path)


def test_the_place_can_be_chosen(monkeypatch, tmp_path, kept):
    monkeypatch.setenv("PAD_JOURNAL", str(tmp_path / "mine.txt"))
    assert store.place() == tmp_path / "mine.sqlite3"
    (tmp_path / "mine.txt").write_text(lines_of(kept))  # of an earlier version
    assert set(store.read(store.place()).dreams) == {kept.id}
    monkeypatch.delenv("PAD_JOURNAL")
    assert store.place().name == "journal.sqlite3"
    assert store.earlier(store.place()).name == "journal.jsonl"
    assert store.place().is_absolute()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"choices": {"lam": "1.5"}}, "lam = '1.5'"),
        ({"choices": {"colour": "red"}}, "colour = 'red'"),
        ({"choices": {"folder": "/etc"}}, "folder"),
        (
            {"choices": {"seed": 3}},
            "'choices\\[...\\]' is malformed: expected text, got a whole number",
        ),
        ({"choices": None}, "'choices' is malformed: expected an object, got null"),
        ({"classes": [1]}, "'classes\\[0\\]' is malformed: expected text, got a whole number"),
        ({"source": {}}, "'source.checkpoint' is missing"),
        ({"source": []}, "'source' is malformed: expected an object, got a list"),
        (
            {"classes": [], "previous_classes": []},
            "'classes' is malformed: expected a list of length >= 1",
        ),
        ({"classes": ["a"]}, "it has 1 and 8 classes"),
        (
            {"classes": ["a"] * 9, "previous_classes": ["a"] * 9},
            "'classes' is malformed: expected a list of length <= 8",
        ),
        ({"time": "yesterday"}, "its time is 'yesterday'"),
        ({"time": "0001-01-01T00:00:00+23:59"}, "its time is"),
        ({"id": ""}, "'id' is malformed: expected text of 1 to 64 letters"),
        ({"id": "a b"}, "'id' is malformed: expected text of 1 to 64 letters"),
        ({"note": "x" * 2001}, "'note' is malformed: expected text of length <= 2000"),
        (
            {"pictures": {"first": "A" * 30_000}},
            "'pictures\\[...\\]' is malformed: expected text of length",
        ),
        ({"choices": [[]] * 3}, "'choices' is malformed: expected an object, got a list"),
        ({"choices": {"a": float("nan")}}, "not finite"),
        ({"title": 3}, "'title' is malformed: expected text, got a whole number"),
    ],
)
def test_what_a_file_gets_wrong_is_named(kept, change, complaint):
    with pytest.raises(PadError, match=complaint):
        Kept.from_dict(kept.to_dict() | change)
    assert isinstance(Source(**kept.to_dict()["source"]), Source)
