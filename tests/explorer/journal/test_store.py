"""The journal's file: nothing kept is lost, whatever happens to the file."""

import json
import threading
from dataclasses import replace

import pytest

from explorer.journal import store as journal_file
from explorer.journal.entry import Kept, Source
from explorer.session.choices import Choices
from pad_core.checkpoint import file as checkpoint
from pad_core.errors import PadError
from tests.explorer.pages import write_checkpoint

CHOICES = Choices(checkpoint="a/b.safetensors", folder="/home/me", seed=7, lam=0.25, present="1")


@pytest.fixture(scope="module")
def kept(network):
    return Kept.now(network, CHOICES, " A  dream\n", "seen «twice»")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "of me" / "journal.jsonl"


def test_a_kept_dream_knows_its_network_and_its_choices(network, kept):
    assert kept.source.sha256 == network.sha256
    assert kept.source.weights_sha256 == network.header.weights_sha256
    assert (kept.source.checkpoint, kept.source.condition) == ("a/b.safetensors", "pad")
    assert kept.chosen == Choices(seed=7, lam=0.25)  # not the folder: files go to others
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
    journal_file.write(path, [kept, other])
    assert list(journal_file.read(path).dreams) == ["other", kept.id]  # newest first
    journal_file.write(path, [kept.retitled("New", "")])
    journal_file.write(path, [other], deleted=True)
    journal = journal_file.read(path)
    assert [k.title for k in journal.dreams.values()] == ["New"]
    assert journal.deleted == {"other": other}
    journal_file.write(path, [other])
    assert set(journal_file.read(path).dreams) == {"other", kept.id}


def test_no_file_is_an_empty_journal(path):
    assert journal_file.read(path) == journal_file.Journal({}, {})


def test_damaged_lines_are_reported_and_cost_no_other(path, kept):
    journal_file.write(path, [kept])
    strange = kept.to_dict() | {"id": "s", "choices": {"lam": "7"}}
    broken = [
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"id": "x"}',
        b"[" * 100_000,
        json.dumps(strange).encode(),
    ]
    with path.open("ab") as file:
        file.write(b"\n".join(broken))  # the last one without its end, as a crash leaves it
    journal_file.write(path, [replace(kept, id="after")])
    journal = journal_file.read(path)
    assert set(journal.dreams) == {kept.id, "after"}
    assert len(journal.problems) == len(broken)
    assert journal.problems[0].startswith("Line 2 of journal.jsonl is damaged")
    assert "lam = '7'" in journal.problems[-1]
    assert b"\xff\xfe" in path.read_bytes()


def test_a_crash_within_a_line_costs_that_line_only(path, kept):
    journal_file.write(path, [kept, replace(kept, id="cut")])
    path.write_bytes(path.read_bytes()[:-30])
    journal_file.write(path, [replace(kept, id="after")])
    journal = journal_file.read(path)
    assert set(journal.dreams) == {kept.id, "after"}
    assert len(journal.problems) == 1


def test_many_viewers_at_once_lose_nothing(path, kept):
    def keep(viewer):
        for i in range(10):
            journal_file.write(path, [replace(kept, id=f"{viewer}-{i}")])

    threads = [threading.Thread(target=keep, args=(viewer,)) for viewer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal = journal_file.read(path)
    assert len(journal.dreams) == 80
    assert not journal.problems


def test_a_place_that_cannot_be_written_gets_a_sentence(tmp_path, kept):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PadError, match="Cannot write the journal"):
        journal_file.write(tmp_path / "file" / "journal.jsonl", [kept])
    with pytest.raises(PadError, match="Cannot read the journal"):
        journal_file.read(tmp_path)


def test_the_place_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("PAD_JOURNAL", str(tmp_path / "mine.jsonl"))
    assert journal_file.place() == tmp_path / "mine.jsonl"
    monkeypatch.delenv("PAD_JOURNAL")
    assert journal_file.place().name == "journal.jsonl"
    assert journal_file.place().is_absolute()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"choices": {"lam": "1.5"}}, "lam = '1.5'"),
        ({"choices": {"colour": "red"}}, "colour = 'red'"),
        ({"choices": {"folder": "/etc"}}, "folder"),
        ({"choices": {"seed": 3}}, "'choices' holds something else"),
        ({"choices": None}, "'choices' is missing"),
        ({"classes": [1]}, "'classes' holds something else"),
        ({"source": {}}, "'checkpoint' is missing"),
        ({"title": 3}, "'title' is missing or malformed"),
    ],
)
def test_what_a_file_gets_wrong_is_named(kept, change, complaint):
    with pytest.raises(PadError, match=complaint):
        Kept.from_dict(kept.to_dict() | change)
    assert isinstance(Source(**kept.to_dict()["source"]), Source)
