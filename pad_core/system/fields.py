"""Fields of dataclasses, described once, beside themselves::

    lam: Annotated[float, said("λ", "share of this memory", ge=0, le=1)] = 0.5

From such a line follow the check of a value and the sentence about a wrong one, the option of the
command line and the text that it takes, and the field's place in a form.
"""

from __future__ import annotations

import dataclasses
import re
import sys
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from numbers import Integral, Real
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
from msgspec import Meta

from pad_core.errors import PadError, shortened

_T = TypeVar("_T")
_QUOTED = 60  # characters of what was typed, in a sentence about it
_LONGEST_NUMBER = 30  # characters


def said(title: str, description: str, **bounds: Any) -> Meta:
    """A field's name for people, one line on it without a capital and a full stop, and its range.

    bounds: of ``msgspec.Meta``.
    """
    return Meta(title=title, description=description, **bounds)


@dataclass(frozen=True)
class Shown:
    """How a form shows a field.

    group: the line above it and its like. step: of a number's arrows. words: for people, of each
    choice. when: another field and the values of it that give this one a meaning.
    """

    group: str = ""
    step: float = 0.05
    words: Mapping[str, str] = dataclasses.field(default_factory=dict)
    when: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True)
class Field:
    """A field as its class declares it.

    declared: the whole type, which msgspec checks; default: ``dataclasses.MISSING`` where there is
    none, and False of what is true or false.
    """

    name: str
    declared: Any
    default: Any

    @cached_property
    def _parts(self) -> tuple[Any, tuple[Any, ...]]:
        """The bare type, and all that is said of it, the outermost last."""
        bare, said = self.declared, ()
        while True:
            if get_origin(bare) is Annotated:
                said, bare = (*bare.__metadata__, *said), bare.__origin__
            elif get_origin(bare) in (Union, types.UnionType):
                (bare,) = (part for part in get_args(bare) if part is not type(None))
            else:
                return bare, said

    @property
    def bare(self) -> Any:
        """The type without what is said of it, and without None."""
        return self._parts[0]

    def note(self, kind: type[_T]) -> _T | None:
        """What is said of the field by an object of this kind."""
        found = [note for note in self._parts[1] if isinstance(note, kind)]
        return found[-1] if found else None

    def _meta(self, name: str) -> Any:
        found = [getattr(note, name) for note in self._parts[1] if isinstance(note, Meta)]
        return next((value for value in reversed(found) if value is not None), None)

    @property
    def title(self) -> str:
        """What people call it."""
        return self._meta("title") or self.name.replace("_", " ").capitalize()

    @property
    def description(self) -> str:
        """One line, without a capital and a full stop."""
        return self._meta("description") or ""

    @property
    def shown(self) -> Shown:
        """How a form shows it."""
        return self.note(Shown) or Shown()

    @property
    def choices(self) -> tuple[Any, ...]:
        """Its values where these are a few; of a list, those of its members."""
        kind = self.item.bare if self.is_list else self.bare
        return get_args(kind) if get_origin(kind) is Literal else ()

    def word(self, value: Any) -> str:
        """What people call a value."""
        return str(self.shown.words.get(value, value))

    @property
    def is_group(self) -> bool:
        """Whether it holds a dataclass."""
        return dataclasses.is_dataclass(self.bare)

    @property
    def is_list(self) -> bool:
        """Whether it holds several values."""
        return get_origin(self.bare) is tuple

    @property
    def item(self) -> Field:
        """A member of a list, as a field."""
        return Field(self.name, get_args(self.bare)[0], dataclasses.MISSING)

    @property
    def wanted(self) -> str:
        """What its value has to be: 'a number from 0 to 1'."""
        if self.is_list:
            if self.choices:
                return f"one or several of {', '.join(map(str, self.choices))}"
            return f"whole numbers{self.item._range} with commas between, such as 1,5,10"
        if self.choices:
            return " or ".join(map(repr, self.choices))
        kinds = {int: "a whole number", float: "a number", bool: "true or false", str: "text",
                 Path: "the name of a file or folder"}  # fmt: skip
        return f"{kinds.get(self.bare, f'a {self.bare.__name__}')}{self._range}"

    @property
    def _range(self) -> str:
        low, above, high, below = map(self._meta, ("ge", "gt", "le", "lt"))
        if high is not None and high >= sys.float_info.max:  # which keeps infinity out
            high = None
        if None not in (above, below):
            return f" between {above} and {below}"
        if None not in (low, high):
            return f" from {low} to {high}"
        if above is not None:
            return f" above {above}"
        if self.bare is float:
            return "" if low is None else f" of at least {low}"
        return "" if low is None else f" from {low}"

    def fits(self, value: Any) -> bool:
        """Whether a value is of the type and in the range."""
        if self.is_group:
            return isinstance(value, self.bare)
        if self.is_list and not isinstance(value, tuple):
            return False
        try:
            msgspec.convert(value, self.declared)
        except (msgspec.ValidationError, UnicodeEncodeError):  # half a character
            return False
        return True

    def read(self, text: str) -> Any:
        """The value that a text stands for; PadError says what it should be."""
        value = self._read(text)
        if value is None or not self.fits(value):
            raise PadError(f"{self.wanted}, not {shortened(repr(text), _QUOTED)}")
        return value

    def _read(self, text: str) -> Any:
        if self.is_list:
            parts = [part for part in text.split(",") if part.strip()]
            return tuple(self.item._read(part) for part in parts) or None
        if self.bare is Path:
            return Path(text) if text.strip() and "\0" not in text else None
        if self.bare in (int, float):
            text = text.strip()
            pattern = r"[+-]?[0-9]+" if self.bare is int else r"[+-]?[0-9.]+([eE][+-]?[0-9]+)?"
            if len(text) > _LONGEST_NUMBER or not re.fullmatch(pattern, text):
                return None
            try:
                return self.bare(text)
            except ValueError:  # 1.2.3
                return None
        return text

    def written(self, value: Any) -> str:
        """The text that ``read`` makes the value of."""
        return ",".join(map(str, value)) if self.is_list else str(value)

    @property
    def option(self) -> str:
        """The option that sets it: '--batch-size'."""
        return f"--{self.name.replace('_', '-')}"


def fields_of(kind: Any) -> dict[str, Field]:
    """The fields of a dataclass by name, in their order."""
    return _fields_of(kind)


@cache
def _fields_of(kind: Any) -> dict[str, Field]:
    hints = get_type_hints(kind, include_extras=True)
    return {
        field.name: Field(
            field.name,
            hints[field.name],
            field.default
            if field.default_factory is dataclasses.MISSING
            else field.default_factory(),
        )
        for field in dataclasses.fields(kind)
    }


def check_fields(whole: Any, subject: str = "", names: Iterable[str] | None = None) -> None:
    """PadError where a field of a dataclass is not as it is declared.

    Numbers of NumPy become Python's, frozen or not.

    subject: what the sentence begins with; names: of the fields to check, by default all.
    """
    fields = fields_of(type(whole))
    for name in fields if names is None else names:
        value = getattr(whole, name)
        if type(value).__module__ == "numpy" and isinstance(value, Real):
            value = int(value) if isinstance(value, Integral) else float(value)
            object.__setattr__(whole, name, value)
        if not fields[name].fits(value):
            raise PadError(f"{subject}{name} is {fields[name].wanted}, not {value!r}.")


def as_options(
    whole: Any, always: Iterable[str] = (), instead: Mapping[str, list[str]] | None = None
) -> list[str]:
    """What has to be typed to have a dataclass with these values.

    Fields of the default value are left out, but for those named in ``always``.

    instead: what is typed for a field that is no option of its own.
    """
    typed: list[str] = []
    for field in fields_of(type(whole)).values():
        value = getattr(whole, field.name)
        if instead and field.name in instead:
            typed += instead[field.name]
        elif value != field.default or field.name in always:
            typed += [field.option] if field.bare is bool else [field.option, field.written(value)]
    return typed
