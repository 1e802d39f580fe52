"""What is of a declared type, and the sentence about what isn't."""

from typing import NotRequired, TypedDict

import pytest

from pad_core.errors import PadError
from pad_core.system.declared import Count, Name, Number, check, is_declared


class Inner(TypedDict):
    n: Count
    names: NotRequired[list[Name]]


class Outer(TypedDict):
    inner: Inner
    values: dict[str, Number | None]


GOOD = {"inner": {"n": 3}, "values": {"a": 1.5, "b": None}}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (GOOD | {"inner": {}}, "'x.inner.n' is missing."),
        ({"inner": {"n": 1}}, "'x.values' is missing."),
        ([], "'x' is malformed: expected an object, got a list."),
        (GOOD | {"inner": {"n": "3"}}, "'x.inner.n' is malformed: expected a whole number, "
         "got text."),
        (GOOD | {"inner": {"n": -1}}, "'x.inner.n' is malformed: expected a whole number >= 0."),
        (GOOD | {"inner": {"n": 2**53}}, "'x.inner.n' is malformed: expected a whole number <= "
         "9007199254740991."),
        (GOOD | {"inner": {"n": 1, "names": ["a", " "]}}, "'x.inner.names[1]' is malformed: "
         "expected text that is not empty."),
        (GOOD | {"inner": {"n": 1, "names": ["y" * 1001]}}, "'x.inner.names[0]' is malformed: "
         "expected text of length <= 1000."),
        (GOOD | {"values": {"a": "b"}}, "'x.values[...]' is malformed: expected a number or null, "
         "got text."),
        (GOOD | {"\ud800": None}, "'x' is malformed: a name in it is no text."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_sentence(value, sentence):
    with pytest.raises(PadError) as told:
        check("x", value, Outer)
    assert str(told.value) == sentence


def test_unknown_fields_are_allowed():
    check("x", GOOD | {"more": object()}, Outer)


@pytest.mark.parametrize(
    "value", [True, "1", None, float("nan"), float("inf"), -float("inf"), 10**400]
)
def test_what_is_no_number(value):
    assert not is_declared(value, Number)


@pytest.mark.parametrize("value", [0, -1, 1.5, 2**70, 1.7976931348623157e308])
def test_what_is_a_number(value):
    assert is_declared(value, Number)


@pytest.mark.parametrize("value", [1.0, True, -1, 2**53, "1", 10**400])
def test_what_is_no_count(value):
    assert not is_declared(value, Count)
