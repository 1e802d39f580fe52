"""A condition by what is typed: a name, a file, and fields set anew; and back into that."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pad_core.errors import PadError
from pad_core.model.condition.built_in import CONDITIONS, PAD, built_in
from pad_core.model.condition.declaration import Condition
from pad_core.system.fields import fields_of

_MOST_CHARACTERS = 80  # of a name


def find_condition(
    name_or_file: str | Path, overrides: Mapping[str, Any] | None = None
) -> Condition:
    """A built-in condition or one from a JSON file, with some fields set anew.

    Args:
        name_or_file: a built-in name, or the path of a ``.json`` file.
        overrides: field → value, or the value as JSON text ("0.8", "mixed", '["wake","rem"]'),
            another number (".8"), or names with commas between ("wake,rem"); the condition's name
            then says what was changed, unless it is overridden too. A field set to the value that
            it has is not changed.

    Raises:
        PadError: as ``Condition.from_dict``; or a built-in name for something else; or a field
            that was changed but has no effect.
    """
    if not isinstance(name_or_file, str | Path):
        raise PadError(f"A condition is found by its name or its file, not by {name_or_file!r}.")
    name_or_file = str(name_or_file)
    if name_or_file.endswith(".json"):
        from pad_core.system.files import MAX_JSON_BYTES, parse_json, read_bytes

        content = read_bytes(Path(name_or_file), MAX_JSON_BYTES)
        try:
            fields = parse_json(content)
        except PadError as error:
            raise PadError(f"The condition {name_or_file} can't be used: {error}") from None
        condition = Condition.from_dict(fields)
        base = built_in(fields.get("base") or PAD.name).to_dict()
        changed = [name for name, value in condition.to_dict().items() if value != base[name]]
    else:
        condition, changed = built_in(name_or_file), []
    if overrides:
        if "base" in overrides:
            raise PadError("base is a field of files alone: name the condition to change instead.")
        values = {field: _read(condition, field, text) for field, text in overrides.items()}
        before = condition.to_dict()
        asked = Condition.from_dict(before | values)
        after = asked.to_dict()
        new = {field: value for field, value in values.items() if after[field] != before[field]}
        if new and "name" not in values:
            changes = "+".join(f"{field}={_short(value)}" for field, value in new.items())
            name = _cut(re.sub(r"[^\w.+=-]", "-", f"{condition.name}+{changes}"))
            asked = replace(asked, name=name)
        condition = asked
        changed += new
    _check_meant(condition, changed)
    return condition


def as_arguments(condition: Condition) -> list[str]:
    """``--condition`` with a built-in name, and ``--set`` for each field that differs from it."""

    def changes(base: Condition) -> dict[str, str]:
        ours, theirs = condition.to_dict(), base.to_dict()
        return {k: as_text(v) for k, v in ours.items() if k != "name" and v != theirs[k]}

    named = CONDITIONS.get(condition.name)
    bases = [named] if named == condition else CONDITIONS.values()
    base = min(bases, key=lambda base: len(changes(base)))
    overrides = changes(base)
    if find_condition(base.name, overrides).name != condition.name:
        overrides["name"] = as_text(condition.name)
    sets = [text for field, value in overrides.items() for text in ("--set", f"{field}={value}")]
    return ["--condition", base.name, *sets]


def as_text(value: Any) -> str:
    """A value as ``--set`` reads it: text without quotes where nothing mistakes it for JSON."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            return value
    return json.dumps(value, ensure_ascii=False)


def _check_meant(condition: Condition, changed: Iterable[str]) -> None:
    """Names in results have to mean what they say, and changes have to change something."""
    if CONDITIONS.get(condition.name, condition) != condition:
        raise PadError(
            f"{condition.name!r} is the name of a built-in condition with other fields; give yours "
            "another 'name'."
        )
    for name in changed:
        if reason := condition.idle_fields.get(name):
            raise PadError(
                f"Condition {condition.name!r}: {name} has no effect, because {reason}; leave it "
                "out."
            )


def _read(condition: Condition, field: str, text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        declared = fields_of(Condition).get(field)
        if declared is not None and declared.bare in (int, float):  # .7 is no JSON
            with suppress(PadError):
                return declared.read(text)
        several = isinstance(getattr(condition, field, None), tuple)
        return [name.strip() for name in text.split(",")] if several else text


def _cut(name: str) -> str:
    """A name of 80 characters at most; a hash at its end keeps it distinct from others."""
    if len(name) <= _MOST_CHARACTERS:
        return name
    end = f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return name[: _MOST_CHARACTERS - len(end)] + end


def _short(value: Any) -> str:
    return "-".join(map(str, value)) if isinstance(value, list) else str(value)
