"""Values that files from outside can hold, and ways in which good ones are damaged."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

# Control characters, halves of surrogate pairs, turns of direction, and what Markdown means.
NASTY = st.sampled_from("\0\x07\x1b\n\r\t\x7f\x9b\u2028\u202e\ud800\udfff\udcff`*_|<>[]&#$~\\\"'")
TEXTS = st.text(st.one_of(NASTY, st.characters(codec="utf-8")), max_size=40) | st.sampled_from(
    ["", "x" * 5_000, "\x1b[2J", "../../etc", "NaN", "9" * 400, "pad", "wake"]
)
NUMBERS = st.one_of(
    st.integers(),
    st.sampled_from([-1, 0, 2**31, 2**53, 2**63, 10**30, 10**400]),
    st.floats(allow_nan=True, allow_infinity=True),
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
) | st.builds(lambda: [[[[[[[[[[[[[]]]]]]]]]]]]])


def places(value: Any) -> list[tuple[Any, ...]]:
    """Ways from a JSON value to each value in it."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [(), *((key, *way) for key, part in inside for way in places(part))]


@st.composite
def damaged_json(draw: st.DrawFn, good: Any) -> Any:
    """A JSON value of which some parts are replaced, taken away or added."""
    value = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(places(value)))
        if not way:
            value = draw(VALUES) if draw(st.integers(0, 9)) == 0 else value
            continue
        parent = value
        for step in way[:-1]:
            parent = parent[step]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                parent[way[-1]] = draw(VALUES)
            case "remove":
                del parent[way[-1]]
            case "add" if isinstance(parent, dict):
                parent[draw(TEXTS)] = draw(VALUES)
            case "add":
                parent.insert(way[-1], draw(VALUES))
    return value


@dataclass(frozen=True)
class Edit:
    """A change of bytes. Hypothesis keeps all that it draws, so it draws these, not whole files."""

    kind: str
    at: int
    bit: int
    n: int
    new: bytes

    def apply(self, content: bytearray) -> None:
        at = min(self.at, max(len(content) - 1, 0))
        match self.kind:
            case "flip" if content:
                content[at] ^= 1 << self.bit
            case "cut":
                del content[at:]
            case "insert":
                content[at:at] = self.new
            case "remove":
                del content[at : at + self.n]
            case "double":
                content[at:at] = content[at : at + self.n]


def edits(length: int, near: int = 0) -> st.SearchStrategy[list[Edit]]:
    """Up to four edits of a file of so many bytes, often before ``near``."""
    anywhere = st.integers(0, length - 1)
    place = st.integers(0, min(near, length) - 1) | anywhere if near else anywhere
    kinds = st.sampled_from(["flip", "flip", "cut", "insert", "remove", "double"])
    bits, counts, new = st.integers(0, 7), st.integers(1, 50), st.binary(max_size=20)
    return st.lists(st.builds(Edit, kinds, place, bits, counts, new), min_size=1, max_size=4)


def damaged(good: bytes, made: Iterable[Edit]) -> bytes:
    """The bytes after these edits."""
    content = bytearray(good)
    for edit in made:
        edit.apply(content)
    return bytes(content)


def is_shown(text: str) -> bool:
    """Whether a text can stand in a terminal's line and on a page."""
    text.encode()
    return not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in text)
