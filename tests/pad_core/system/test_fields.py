"""What follows from a field's declaration."""

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
from msgspec import Meta

from pad_core.errors import PadError
from pad_core.system.fields import Shown, as_options, check_fields, fields_of, said


@dataclass(frozen=True)
class Walk:
    steps: Annotated[int, said("Steps", "how many", ge=1, le=9)]
    share: Annotated[float, Meta(ge=0, le=1)] = 0.5
    pace: Annotated[float, Meta(gt=0, le=sys.float_info.max)] = 1.0
    slope: Annotated[float, Meta(gt=0, lt=1)] = 0.1
    load: Annotated[float, Meta(ge=0, le=sys.float_info.max)] = 0.0
    way: Annotated[Literal["there", "back"], Shown(words={"back": "and back"})] = "there"
    shoes: Annotated[tuple[Literal["left", "right"], ...], Meta(min_length=1)] = ("left",)
    rests: tuple[Annotated[int, Meta(ge=1)], ...] = ()
    at_night: bool = False
    map: Path | None = None
    guide: str = "nobody"
    most: Annotated[int, Meta(ge=2)] | None = None


FIELDS = fields_of(Walk)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("steps", "a whole number from 1 to 9"),
        ("share", "a number from 0 to 1"),
        ("pace", "a number above 0"),
        ("slope", "a number between 0 and 1"),
        ("load", "a number of at least 0"),
        ("way", "'there' or 'back'"),
        ("shoes", "one or several of left, right"),
        ("rests", "whole numbers from 1 with commas between, such as 1,5,10"),
        ("at_night", "true or false"),
        ("map", "the name of a file or folder"),
        ("guide", "text"),
        ("most", "a whole number from 2"),
    ],
)
def test_a_field_says_what_it_wants(name, wanted):
    assert FIELDS[name].wanted == wanted


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", 0), ("steps", 10), ("steps", 2.0), ("steps", True), ("steps", "2"),
        ("steps", None), ("share", 1.1), ("share", float("nan")), ("share", True), ("share", "0.5"),
        ("pace", 0), ("pace", float("inf")), ("pace", 10**400), ("slope", 1), ("load", -0.1),
        ("way", "up"), ("way", ["there"]), ("way", "\ud800"),
        ("share", "\ud800"), ("shoes", ()), ("shoes", ["left"]), ("shoes", "left"),
        ("shoes", (["left"],)), ("rests", (0,)), ("rests", (1.5,)), ("at_night", 1), ("guide", 3),
        ("most", 1),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_what_it_has_to_be(name, value):
    with pytest.raises(PadError) as caught:
        check_fields(dataclasses.replace(Walk(3), **{name: value}), "Walk: ")
    assert str(caught.value) == f"Walk: {name} is {FIELDS[name].wanted}, not {value!r}."


def test_whole_numbers_are_numbers_and_stay_what_they_are():
    walk = Walk(3, share=1, pace=2)
    check_fields(walk)
    assert isinstance(walk.share, int)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("steps", " 3 ", 3), ("share", "1", 1.0), ("pace", "2e-4", 2e-4), ("way", "back", "back"),
        ("rests", "1,5, 10,", (1, 5, 10)), ("map", "a/b", Path("a/b")), ("guide", " x", " x"),
        ("most", "2", 2),
    ],
)  # fmt: skip
def test_a_text_is_read(name, text, value):
    assert FIELDS[name].read(text) == value
    assert FIELDS[name].read(FIELDS[name].written(value)) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("steps", ""), ("steps", "2.0"), ("steps", "٣"), ("steps", "1_0"), ("steps", "9" * 5000),
        ("share", "nan"), ("share", "1.2.3"), ("share", "inf"), ("way", "up"), ("rests", "1;5"),
        ("rests", ","), ("rests", "0,5"), ("rests", "1,x"), ("map", " "), ("map", "a\0"),
        ("most", "1"),
    ],
)  # fmt: skip
def test_a_text_that_is_none_is_quoted(name, text):
    with pytest.raises(PadError) as caught:
        FIELDS[name].read(text)
    said = str(caught.value)
    assert said.startswith(f"{FIELDS[name].wanted}, not ")
    assert len(said) < 200


def test_names_for_people_follow_from_names_where_none_are_given():
    assert (FIELDS["steps"].title, FIELDS["steps"].description) == ("Steps", "how many")
    assert (FIELDS["at_night"].title, FIELDS["at_night"].description) == ("At night", "")
    assert [FIELDS["way"].word(way) for way in FIELDS["way"].choices] == ["there", "and back"]


def test_only_what_differs_is_typed():
    assert as_options(Walk(3)) == ["--steps", "3"]
    walk = Walk(3, share=0.25, rests=(1, 2), at_night=True, map=Path("m"))
    assert as_options(walk, always=("guide",), instead={"map": ["--by", "m"]}) == [
        "--steps", "3", "--share", "0.25", "--rests", "1,2", "--at-night", "--by", "m",
        "--guide", "nobody",
    ]  # fmt: skip
