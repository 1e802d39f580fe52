"""A talk: views of the explorer in their order, as a file of JSON.

The file that an export writes is the one that the explorer keeps beside the journal. It is
replaced as a whole, under a lock, so that no window and no crash leaves half a talk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlencode

from filelock import FileLock, Timeout
from msgspec import Meta

from explorer.session.choices import N_VIEWS
from pad_core.errors import PadError, printable
from pad_core.system.declared import check
from pad_core.system.files import parse_json, read_bytes, write_atomically

SCHEMA: Literal["pad-talk-1"] = "pad-talk-1"
MAX_TITLE, MAX_NOTE = 120, 300  # characters
_WAIT_S = 10.0
_MAX_ADDRESS = 8000  # characters; browsers take some more
MOST_BYTES = 4_000_000  # of a file: N_VIEWS of the longest
_BESIDE = ("present", "slide", "path")  # what an address says of how it is shown, not of what

Query = Mapping[str, str | list[str]]
_PAGE = re.compile(r"[a-z]{0,20}(\?|\Z)")  # what an address begins with


@dataclass(frozen=True)
class View:
    """One view.

    address: the page's path and parameters, 'wall?lam=0.5', without the server. title, note: what
    the audience reads above the picture, and below the title.
    """

    address: Annotated[str, Meta(max_length=_MAX_ADDRESS)]
    title: Annotated[str, Meta(max_length=MAX_TITLE)]
    note: Annotated[str, Meta(max_length=MAX_NOTE)] = ""

    @classmethod
    def of(cls, page: str, query: Query, title: str, note: str = "") -> View:
        """A view of a page with these parameters of its address."""
        kept = {name: value for name, value in query.items() if name not in _BESIDE}
        return cls(f"{page}?{urlencode(kept, doseq=True)}", "", "").retitled(title, note)

    def retitled(self, title: str, note: str) -> View:
        """The same view under another title and with another note; both are cut where too long."""
        title, note = (printable(" ".join(text.split())) for text in (title, note))
        return replace(self, title=title[:MAX_TITLE], note=note[:MAX_NOTE])

    @property
    def page(self) -> str:
        """The page's path, '' for the first page."""
        return self.address.partition("?")[0]

    @property
    def query(self) -> dict[str, str | list[str]]:
        """The parameters of its address."""
        found = parse_qs(self.address.partition("?")[2], keep_blank_values=True)
        return {name: value for name, value in found.items() if name not in _BESIDE}


@dataclass(frozen=True)
class Talk:
    """What a file of a talk has to be."""

    schema: Literal["pad-talk-1"]
    views: Annotated[tuple[View, ...], Meta(max_length=N_VIEWS)]


Views = tuple[View, ...]


def parse(content: bytes) -> Views:
    """The views of a file; PadError says what is wrong with it."""
    given: Any = parse_json(content)
    if isinstance(given, dict) and given.get("schema") != SCHEMA:
        raise PadError(f"it is no talk of this explorer: 'schema' is not '{SCHEMA}'.")
    talk: Talk = check("", given, Talk)
    for i, view in enumerate(talk.views, start=1):
        if not _PAGE.match(view.address):
            raise PadError(f"the address of view {i} begins with no page of the explorer.")
    return tuple(view.retitled(view.title, view.note) for view in talk.views)


def to_bytes(views: Sequence[View]) -> bytes:
    """The file of these views."""
    talk = {"schema": SCHEMA, "views": [asdict(view) for view in views]}
    return (json.dumps(talk, ensure_ascii=False, indent=1) + "\n").encode()


def read(path: Path) -> Views:
    """The views of a talk; none where there is no file. PadError where it can't be read."""
    if not path.exists():
        return ()
    try:
        return parse(read_bytes(path, MOST_BYTES))
    except PadError as error:
        raise PadError(f"The talk {path} can't be read: {error} Move it away.") from None


def change(path: Path, made: Callable[[Views], Sequence[View]]) -> Views:
    """Replace the views by what ``made`` makes of them; returns the new ones.

    Raises:
        PadError: there would be more than N_VIEWS; the file can't be read or written. Then it
            stays as it is.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=_WAIT_S):
            views = tuple(made(read(path)))
            if len(views) > N_VIEWS:
                raise PadError(f"A talk has {N_VIEWS} views at most; delete some first.")
            write_atomically(path, to_bytes(views))
    except Timeout:
        raise PadError(f"The talk {path} is in use by another program; try again.") from None
    except OSError as error:
        raise PadError(f"Cannot write the talk {path}: {error.strerror}.") from None
    return views


def replaced(i: int, before: View, *after: View) -> Callable[[Views], Views]:
    """For ``change``: others, or nothing, in place of the view that was seen at place ``i``."""

    def made(views: Views) -> Views:
        _check(views, i, before)
        return (*views[:i], *after, *views[i + 1 :])

    return made


def moved(i: int, view: View, by: int) -> Callable[[Views], Views]:
    """For ``change``: the view that was seen at place ``i``, so many places further on."""

    def made(views: Views) -> Views:
        _check(views, i, view)
        others = (*views[:i], *views[i + 1 :])
        j = min(max(i + by, 0), len(others))
        return (*others[:j], view, *others[j:])

    return made


def _check(views: Views, i: int, view: View) -> None:
    if views[i : i + 1] != (view,):
        raise PadError("This view was changed in another window; here is the talk as it is now.")
