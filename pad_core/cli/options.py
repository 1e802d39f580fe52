"""The parser of a command, derived from the dataclass of its options.

Each field becomes an option of its name. Its type says which values are valid; its description is
the help. ``tyro`` and ``cyclopts`` work in the same way, but neither supports an option without a
value (``--fid``), both accept ``--batch_size`` for ``--batch-size`` and print errors in boxes of
several lines, and they make ``--help`` 0.2 s and 0.3 s slower.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection
from dataclasses import MISSING
from typing import Any, TypeVar

from pad_core.errors import PadError
from pad_core.system.fields import Field, fields_of

_T = TypeVar("_T")


class Option:
    """An annotation: how a field is typed, if that does not follow from its type.

    flags: in place of ``--NAME``. positional: typed without a name. repeated: each use adds a
    value. alone: the value where none is typed; None where one has to be.
    """

    def __init__(
        self,
        *flags: str,
        metavar: str | None = None,
        positional: bool = False,
        repeated: bool = False,
        alone: str | None = None,
    ) -> None:
        self.flags, self.metavar, self.positional = flags, metavar, positional
        self.repeated, self.alone = repeated, alone


class Without:
    """An annotation of a group of options: its fields that become no options."""

    def __init__(self, *names: str) -> None:
        self.names = names


def add_options(
    parser: argparse.ArgumentParser, kind: Any, only: Collection[str] | None = None
) -> None:
    """Add the options of a dataclass, and of the groups in it.

    only: names of the fields that are asked for, by default all.
    """
    for name, field in fields_of(kind).items():
        if only is not None and name not in only:
            continue
        if field.is_group:
            add_options(parser, field.bare, _asked(field))
        else:
            option = field.note(Option) or Option()
            settings = _settings(field, option)
            if option.positional:
                parser.add_argument(name, **settings)
            else:
                parser.add_argument(*(option.flags or (field.option,)), dest=name, **settings)


def read_options(kind: type[_T], typed: argparse.Namespace) -> _T:
    """The options as they were typed; PadError where they contradict one another."""
    found = {}
    for name, field in fields_of(kind).items():
        if field.is_group:
            group = {part: getattr(typed, part) for part in _asked(field)}
            found[name] = field.bare(**group)
        else:
            value = getattr(typed, name)
            found[name] = tuple(value) if isinstance(value, list) else value
    return kind(**found)


def _asked(group: Field) -> list[str]:
    without = group.note(Without) or Without()
    return [name for name in fields_of(group.bare) if name not in without.names]


def _settings(field: Field, option: Option) -> dict[str, Any]:
    """An option's settings for argparse."""
    default = None if field.default is MISSING else field.default
    settings: dict[str, Any] = {"help": _help(field, default)}
    if field.bare is bool:
        return settings | {"action": "store_true"}
    several = field.is_list and field.item.bare is not int  # numbers have commas between
    usual = {int: "N"}.get(field.bare, "N,N" if field.is_list and not several else None)
    settings |= {"default": default, "metavar": option.metavar or usual}
    if field.choices:
        settings["choices"] = field.choices
    else:
        settings["type"] = _reader(field.item if several else field)
    if option.repeated:
        settings |= {"action": "append", "default": []}
    elif several:
        settings["nargs"] = "*" if option.positional and default is not None else "+"
    elif option.alone is not None:
        settings |= {"nargs": "?", "const": option.alone}
    elif option.positional and field.default is not MISSING:
        settings["nargs"] = "?"
    if field.default is MISSING and not option.positional:
        settings["required"] = True
    return settings


def _help(field: Field, default: Any) -> str:
    """An option's description, with its default if that helps."""
    said = field.description
    if default or type(default) in (int, float):  # no switches, which are off
        value = " ".join(map(str, default)) if isinstance(default, tuple) else default
        said = f"{said} (default: {value})".strip()
    return said.replace("%", "%%")  # which argparse would take for a place to fill


def _reader(field: Field) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return field.read(text)
        except PadError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read
