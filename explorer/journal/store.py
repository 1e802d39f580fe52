"""The journal as a database on this computer: nothing that was kept is ever lost.

SQLite writes all of a change or nothing of it, whenever the process is killed, and lets several
viewers and servers write in turn. A row is a dream as it is now; a deleted one stays, to be
brought back. Earlier versions wrote a line of JSON for each change: such a file is left as it is,
and what stands in it is taken over, also what such a version adds to it later. Lines that can't
be read are kept and reported, until the viewer deletes them.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from explorer.journal.entry import Kept
from pad_core.errors import PadError
from pad_core.system.files import open_file

VARIABLE = "PAD_JOURNAL"
ENDING = ".sqlite3"
_VERSION = 1
_WAIT_S = 10.0
_MOST_LINE = 1_000_000  # bytes; a dream has some 2,000, and 9,000 more with pictures
_IN_TURN = 1000  # lines: a fraction of a second
_SHOWN, _DELETED, _DAMAGED, _DAMAGED_DELETED = range(4)

# words: what a dream is found by; problem: what is wrong with a line, which has no id then.
_TABLES = """
CREATE TABLE dreams (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE, time REAL NOT NULL, state INTEGER NOT NULL,
    changed REAL NOT NULL, words TEXT NOT NULL, problem TEXT NOT NULL, entry BLOB NOT NULL
);
CREATE INDEX newest ON dreams (state, time DESC, words);
CREATE TABLE taken_over (bytes INTEGER NOT NULL, lines INTEGER NOT NULL);
INSERT INTO taken_over VALUES (0, 0);
"""
_PUT = """
INSERT INTO dreams (id, time, state, changed, words, problem, entry) VALUES (?, ?, ?, ?, ?, '', ?)
ON CONFLICT (id) DO UPDATE SET time = excluded.time, state = excluded.state,
    changed = excluded.changed, words = excluded.words, entry = excluded.entry
"""
_REPORT = """
INSERT INTO dreams (time, state, changed, words, problem, entry) VALUES (0, ?, ?, '', ?, ?)
"""


@dataclass(frozen=True)
class Entry:
    """What the journal has at a place; without ``kept``, a ``problem`` says why in a sentence."""

    number: int
    kept: Kept | None
    problem: str = ""


@dataclass(frozen=True)
class Page:
    """What a visit shows of a journal.

    n_dreams, n_found: all, and those in which the sought words are; entries: the newest of
    these; deleted: those deleted last, of n_deleted; damaged: lines that can't be read, of
    n_damaged.
    """

    n_dreams: int = 0
    n_found: int = 0
    entries: tuple[Entry, ...] = ()
    n_deleted: int = 0
    deleted: tuple[Entry, ...] = ()
    n_damaged: int = 0
    damaged: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Journal:
    """All that a journal holds.

    dreams: by id, those kept last first; deleted: what can be brought back; problems: a
    sentence for each entry that can't be read.
    """

    dreams: dict[str, Kept]
    deleted: dict[str, Kept]
    problems: tuple[str, ...] = ()


def place() -> Path:
    """Where the journal of this computer's user lies.

    The variable PAD_JOURNAL may name it, else it is in the system's folder for data of programs.
    The name of a file of earlier versions stands for the database beside it.
    """
    if given := os.environ.get(VARIABLE):
        return Path(given).expanduser().with_suffix(ENDING)
    home = Path.home()
    if sys.platform == "win32":
        folder = Path(os.environ.get("APPDATA", home / "AppData/Roaming"))
    elif sys.platform == "darwin":
        folder = home / "Library/Application Support"
    else:
        folder = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    return folder / "pad-dream-explorer" / f"journal{ENDING}"


def look(path: Path, sought: str = "", most: int = 12, most_others: int = 50) -> Page:
    """What a visit shows: ``most`` dreams that have all the sought words in them, newest first.

    Raises:
        PadError: the journal can't be read at all; so do the other functions.
    """
    words = sought.casefold().split()
    found = "FROM dreams WHERE state = ?" + " AND instr(words, ?) > 0" * len(words)
    with _reading(path) as database:
        if database is None:
            return Page()

        def count(state: int) -> int:
            return _number(database, "SELECT count(*) FROM dreams WHERE state = ?", state)

        n_dreams = count(_SHOWN)
        # The index alone answers this: no dream is read that is not shown.
        newest = f"SELECT number {found} ORDER BY time DESC, number DESC LIMIT ?"
        numbers = [row[0] for row in database.execute(newest, (_SHOWN, *words, most))]
        of = "SELECT number, problem, entry FROM dreams WHERE state = ? ORDER BY {} LIMIT ?"
        last = database.execute(of.format("changed DESC"), (_DELETED, most_others))
        lines = database.execute(of.format("number"), (_DAMAGED, most_others))
        one = "SELECT number, problem, entry FROM dreams WHERE number = ?"
        return Page(
            n_dreams,
            _number(database, f"SELECT count(*) {found}", _SHOWN, *words) if words else n_dreams,
            tuple(_entry(*database.execute(one, (number,)).fetchone()) for number in numbers),
            count(_DELETED),
            tuple(_entry(*row) for row in last),
            count(_DAMAGED),
            tuple(_entry(*row) for row in lines),
        )


def read(path: Path) -> Journal:
    """All of a journal; an empty one where there is none."""
    dreams: dict[str, Kept] = {}
    deleted: dict[str, Kept] = {}
    problems = []
    with _reading(path) as database:
        if database is None:
            return Journal({}, {})
        rows = database.execute(
            "SELECT state, number, problem, entry FROM dreams WHERE state != ? "
            "ORDER BY state = ?, time DESC, number",
            (_DAMAGED_DELETED, _DAMAGED),
        )
        for state, *row in rows:
            entry = _entry(*row)
            if entry.kept is None:
                problems.append(entry.problem)
            else:
                (deleted if state == _DELETED else dreams)[entry.kept.id] = entry.kept
    return Journal(dreams, deleted, tuple(problems))


def known(path: Path, ids: Iterable[str]) -> set[str]:
    """Those of these ids that stand in the journal and are not deleted."""
    with _reading(path) as database:
        if database is None:
            return set()
        question = "SELECT count(*) FROM dreams WHERE id = ? AND state = ?"
        return {one for one in ids if _number(database, question, one, _SHOWN)}


def write(path: Path, dreams: Sequence[Kept], deleted: bool = False) -> None:
    """Say how these dreams are from now on, all at once.

    Raises:
        PadError: one of them could not be shown; the journal can't be written, and nothing of
            it is changed.
    """
    for kept in dreams:
        Kept.from_dict(kept.to_dict())
    with _writing(path) as database:
        for kept in dreams:
            _put(database, kept, deleted)


def delete(path: Path, number: int) -> None:
    """Delete an entry that can't be shown; like any other it stays in the file."""
    with _writing(path) as database:
        database.execute(
            "UPDATE dreams SET state = state + 1, changed = ? WHERE number = ? AND state IN (?, ?)",
            (time.time(), number, _SHOWN, _DAMAGED),
        )


def parse(content: bytes, name: str) -> Journal:
    """Read a file of earlier versions; ``name`` stands in sentences about damaged lines."""
    dreams: dict[str, Kept] = {}
    deleted: dict[str, Kept] = {}
    problems = []
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            try:
                kept, gone = _of_line(line, number, name)
            except PadError as error:
                problems.append(str(error))
            else:
                (dreams if gone else deleted).pop(kept.id, None)
                (deleted if gone else dreams)[kept.id] = kept
    newest = sorted(dreams.values(), key=lambda kept: kept.moment, reverse=True)
    return Journal({kept.id: kept for kept in newest}, deleted, tuple(problems))


def earlier(path: Path) -> Path:
    """The file of lines that a database takes over: PAD_JOURNAL names it, or it lies beside."""
    given = Path(os.environ.get(VARIABLE) or path).expanduser()
    if given != path and given.with_suffix(ENDING) == path:
        return given
    return path.with_suffix(".jsonl")


def _put(database: sqlite3.Connection, kept: Kept, deleted: bool) -> None:
    words = " ".join((kept.heading, *kept.facts, kept.note, *kept.classes, *kept.previous_classes))
    state = _DELETED if deleted else _SHOWN
    entry = json.dumps(kept.to_dict(), ensure_ascii=False).encode()
    moment = kept.moment.timestamp()
    database.execute(_PUT, (kept.id, moment, state, time.time(), words.casefold(), entry))


def _entry(number: int, problem: str, entry: bytes) -> Entry:
    if problem:
        return Entry(number, None, problem)
    try:
        return Entry(number, Kept.from_dict(json.loads(entry)))
    except (ValueError, RecursionError):
        return Entry(number, None, "A kept dream is damaged.")
    except PadError as error:  # of a newer version, say
        return Entry(number, None, str(error))


def _number(database: sqlite3.Connection, question: str, *values: int | str) -> int:
    return int(database.execute(question, values).fetchone()[0])


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """The database as it is at this moment, or None while there is nothing to read."""
    with _saying(path, "read"):
        if not path.exists() and not _has_news(path, (0, 0)):
            yield None
            return
        with contextlib.closing(_opened(path)) as database:
            taken = database.execute("SELECT bytes, lines FROM taken_over").fetchone()
            if _has_news(path, taken):
                _take_over(database, path)
            database.execute("BEGIN")
            yield database


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, to be changed by the block as a whole or, where that fails, not at all."""
    with _saying(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(_opened(path)) as database:
            _take_over(database, path)
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")


def _opened(path: Path) -> sqlite3.Connection:
    if path.exists():
        open_file(path).close()  # a pipe would never open
    database = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
    try:
        database.execute("PRAGMA synchronous = FULL")
        if _number(database, "PRAGMA user_version") == 0:
            _begin(database, path)
        if _number(database, "PRAGMA user_version") > _VERSION:
            raise PadError(f"The journal {path} is of a newer version of the explorer; update it.")
    except BaseException:
        database.close()
        raise
    return database


def _begin(database: sqlite3.Connection, path: Path) -> None:
    """Make a new database a journal."""
    database.execute("BEGIN IMMEDIATE")
    if _number(database, "PRAGMA user_version") == 0:  # no other process was faster
        if _number(database, "SELECT count(*) FROM sqlite_master"):
            raise PadError(f"{path} is the database of another program; name another journal.")
        for statement in _TABLES.split(";\n"):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {_VERSION}")
    database.execute("COMMIT")


def _has_news(path: Path, taken: tuple[int, int]) -> bool:
    """Whether a file of earlier versions has more, or is another, than was taken over."""
    try:
        return earlier(path).stat().st_size != taken[0]
    except OSError:
        return False


def _take_over(database: sqlite3.Connection, path: Path) -> None:
    """Bring in what a file of earlier versions has more than was taken over before.

    In turns, so that others can read and write between them where it is much.
    """
    old = earlier(path)
    if old.exists():
        with open_file(old) as file:
            while _take_lines(database, file, old.name):
                pass


def _take_lines(database: sqlite3.Connection, file: io.BufferedReader, name: str) -> bool:
    """Bring in some lines of a file; returns whether there are more."""
    database.execute("BEGIN IMMEDIATE")
    done, number = database.execute("SELECT bytes, lines FROM taken_over").fetchone()
    if done > os.fstat(file.fileno()).st_size:  # another file lies there now
        done, number = 0, 0
    file.seek(done)
    more = False
    for line, ended in _lines(file):
        try:
            if line.strip():
                _put(database, *_of_line(line, number + 1, name))
        except PadError as error:
            if not ended:  # it may be being written
                break
            database.execute(_REPORT, (_DAMAGED, time.time(), str(error), line))
        done, number = file.tell(), number + 1
        if more := number % _IN_TURN == 0:
            break
    database.execute("UPDATE taken_over SET bytes = ?, lines = ?", (done, number))
    database.execute("COMMIT")
    return more


def _lines(file: io.BufferedReader) -> Iterator[tuple[bytes, bool]]:
    """A file's lines, cut where they are too long, and whether each has its end."""
    while line := file.readline(_MOST_LINE + 1):
        part = line
        while part and not part.endswith(b"\n"):
            part = file.readline(_MOST_LINE + 1)
        yield line, bool(part)


def _of_line(line: bytes, number: int, name: str) -> tuple[Kept, bool]:
    """The dream of a line of an earlier version's file, and whether it was deleted."""
    try:
        if len(line) > _MOST_LINE:
            raise ValueError
        given = json.loads(line)
        return Kept.from_dict(given), given.get("deleted") is True
    except (ValueError, RecursionError):
        raise PadError(f"Line {number} of {name} is damaged; the others are shown.") from None
    except PadError as error:
        raise PadError(f"Line {number} of {name} can't be read. {error}") from None


@contextlib.contextmanager
def _saying(path: Path, what: str) -> Iterator[None]:
    """Errors of the system and of SQLite as sentences."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise PadError(f"The journal {path} is in use by another program; try again.") from None
        raise PadError(f"Cannot {what} the journal {path}: {error}.") from None
    except sqlite3.Error as error:
        raise PadError(
            f"The journal {path} is damaged ({error}): move it away, and what an older file or an "
            "archive holds can be opened anew."
        ) from None
    except OSError as error:
        raise PadError(f"Cannot {what} the journal {path}: {error.strerror}.") from None
