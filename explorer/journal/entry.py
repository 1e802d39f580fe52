"""A kept dream: all that it takes to make it again, as data that outlives the program."""

from __future__ import annotations

import base64
import platform
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from importlib.metadata import version
from typing import Annotated, Any

import msgspec
import numpy as np
import PIL
import torch
from msgspec import Meta

import pad_core
from explorer.dreaming.dreams import N_DREAMS, Pictures, Recalled, recall
from explorer.dreaming.memories import shown_split
from explorer.session.choices import (
    BY_SEED,
    PHOTOGRAPHS,
    PICTURE,
    Choices,
    Dream,
    from_query,
    parameters,
    to_query,
)
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import picture_grid, png_bytes
from pad_core.data.imagesets import read_picture
from pad_core.errors import PadError, printable
from pad_core.report.palette import style
from pad_core.system.declared import Count, Identifier, check
from pad_core.system.files import plain
from pad_core.system.tensors import tensors_sha256

_PAIR = ("first", "second")
MAX_TITLE, MAX_NOTE = 120, 2000
_YEARS = range(1970, 9999)  # whatever a computer's zone, all of them can be told as a date

_Name = Annotated[str, Meta(max_length=5000)]  # paths have 4,096 characters at most
_Picture = Annotated[str, Meta(max_length=20_000)]  # base 64: 32×32 pixels have 4,200 characters
_Classes = Annotated[tuple[_Name, ...], Meta(min_length=1, max_length=N_DREAMS)]


@dataclass(frozen=True)
class Source:
    """The network that a dream came from.

    checkpoint: its key in the explorer; sha256: of the file; weights_sha256, memories_sha256:
    of what is in it, which stay the same when measures are recorded in the file.
    """

    checkpoint: _Name
    sha256: _Name
    weights_sha256: _Name
    memories_sha256: _Name
    name: _Name
    dataset: _Name
    condition: _Name
    seed: Count
    epoch: Count

    @classmethod
    def of(cls, network: PadNetwork, key: str) -> Source:
        """What to remember of a network that goes by ``key``."""
        header = network.header
        return cls(
            key,
            network.sha256,
            header.weights_sha256,
            memories_sha256(network),
            header.name,
            header.dataset_name,
            header.condition.name,
            header.seed,
            header.epoch,
        )

    def is_in(self, network: PadNetwork) -> bool:
        """Whether the network dreams the same: the same file, or the same weights and memories."""
        return network.sha256 == self.sha256 or (
            network.header.weights_sha256 == self.weights_sha256
            and memories_sha256(network) == self.memories_sha256
        )


@dataclass(frozen=True)
class Kept:
    """A dream in the journal.

    id: told from all others by it; time: when it was kept, ISO 8601 in UTC; title, note: the
    viewer's; choices: of the dream, as an address has them; pictures: that the viewer uploaded as
    memory 'first' or 'second', as PNG in base 64; classes, previous_classes: names of its
    memories' classes; versions: of what it was seen with.
    """

    id: Identifier
    time: str
    title: Annotated[str, Meta(max_length=MAX_TITLE)]
    note: Annotated[str, Meta(max_length=MAX_NOTE)]
    source: Source
    choices: Mapping[str, str]
    pictures: Mapping[str, _Picture]
    classes: _Classes
    previous_classes: _Classes
    versions: Mapping[str, str]

    @classmethod
    def now(
        cls,
        network: PadNetwork,
        choices: Choices,
        title: str = "",
        note: str = "",
        uploaded: Pictures | None = None,
    ) -> Kept:
        """Keep what a network dreams at these choices; PadError where it can't dream them.

        Args:
            uploaded: the viewer's own pictures, of which those in the dream are kept.
        """
        dream = choices.dream
        missing = [n for n in _PAIR if getattr(dream, n) == PICTURE and n not in (uploaded or {})]
        shown: dict[str, Any] = dict.fromkeys(missing, BY_SEED)
        split = shown_split(network, dream.split)
        dream = replace(dream, split=split, **shown)
        used = {n: (uploaded or {})[n] for n in _PAIR if getattr(dream, n) == PICTURE}
        recalled = recall(network, dream, used)
        return cls(
            uuid.uuid4().hex,
            datetime.now(UTC).isoformat(timespec="seconds"),
            _line(title),
            _lines(note),
            Source.of(network, choices.networks.checkpoint),
            _texts(dream),
            {name: _as_text(picture) for name, picture in used.items()},
            recalled.classes,
            recalled.previous_classes,
            versions(),
        )

    def retitled(self, title: str, note: str) -> Kept:
        """The same dream under another title and with another note."""
        return replace(self, title=_line(title), note=_lines(note))

    @cached_property
    def dream(self) -> Dream:
        """The dream's choices."""
        return from_query(Dream, dict(self.choices))

    @property
    def uploaded(self) -> dict[str, torch.Tensor]:
        """The viewer's own pictures in the dream, uint8 (3, 32, 32); PadError where damaged."""
        return {name: _as_picture(text) for name, text in self.pictures.items()}

    def recall(self, network: PadNetwork) -> Recalled:
        """The dream's memories, in its network."""
        return recall(network, self.dream, self.uploaded)

    @property
    def changes(self) -> dict[str, Any]:
        """The dream's choices by field, to be chosen again."""
        return parameters(self.dream)

    @property
    def heading(self) -> str:
        """Its title, or the network's name while it has none."""
        return self.title or self.source.name

    @property
    def moment(self) -> datetime:
        """When it was kept, by the clock of this computer."""
        return datetime.fromisoformat(self.time).astimezone()

    @property
    def date(self) -> str:
        """When it was kept, for people."""
        return f"{self.moment.day} {self.moment:%B %Y, %H:%M}"

    @property
    def facts(self) -> tuple[str, str, str]:
        """What it was made of, for people: its network, its choices, and when."""
        dream, source = self.dream, self.source
        network = (
            f"{style(source.condition).label} · {source.dataset} · seed {source.seed} · "
            f"epoch {source.epoch}"
        )
        memories = dream.split if dream.split == PHOTOGRAPHS else f"{dream.split} memories"
        dials = (
            f"λ {dream.lam:g} · λ′ {dream.lam_prime:g} · σ {dream.noise_level:g} · "
            f"Ω {dream.intensity:g} of {dream.size_px} px · {memories}, "
            f"seed {dream.seed}"
        )
        return network, dials, self.date

    def to_dict(self) -> dict[str, Any]:
        """As it stands in files: texts, numbers, lists and dictionaries."""
        return msgspec.to_builtins(self)

    @classmethod
    def from_dict(cls, given: Any) -> Kept:
        """Check what a file says; PadError names what is wrong with it.

        A dream that passes can be shown: its texts are printable and not endless, its time is a
        date, its classes are as many as its pictures.
        """
        try:
            kept: Kept = check("", _printable(given), cls)
            kept._check()
        except PadError as error:
            raise PadError(f"A kept dream is damaged: {error}") from None
        understood = _texts(kept.dream)
        for name, value in kept.choices.items():
            if understood.get(name) != value:
                raise PadError(
                    f"A kept dream has {name[:40]} = {value[:40]!r}, which this version of the "
                    "explorer doesn't know; a newer one may."
                )
        return kept

    def _check(self) -> None:
        """What the types of single fields can't say."""
        first, second = len(self.classes), len(self.previous_classes)
        if first != second:
            raise PadError(f"it has {first} and {second} classes, where as many of each belong.")
        try:
            known = datetime.fromisoformat(self.time).astimezone(UTC).year in _YEARS
        except (ValueError, OverflowError, OSError):
            known = False
        if not known:
            raise PadError(f"its time is {self.time[:40]!r}.")
        if set(self.uploaded) != {n for n in _PAIR if getattr(self.dream, n) == PICTURE}:
            raise PadError("its pictures are not those of its memories.")


def _texts(dream: Dream) -> dict[str, str]:
    """The choices that a dream depends on, as an address has them."""
    return {name: str(text) for name, text in to_query(dream).items()}


@cache
def versions() -> dict[str, str]:
    """What the values of a dream's pixels can depend on, beside its network and choices."""
    return {
        "pad-dream-explorer": pad_core.__version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "scikit-learn": version("scikit-learn"),
        "pillow": PIL.__version__,
        "cpu": f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
    }


def memories_sha256(network: PadNetwork) -> str:
    """SHA-256 of all that the hippocampus of a checkpoint holds."""
    if network.sha256 not in _MEMORIES:
        _MEMORIES[network.sha256] = tensors_sha256(
            {
                f"{split}.{field.name}": getattr(memories, field.name)
                for split, memories in network.memories.items()
                for field in fields(memories)
            }
        )
    return _MEMORIES[network.sha256]


_MEMORIES: dict[str, str] = {}  # by the file's SHA-256: a few milliseconds each


def _as_text(picture: torch.Tensor) -> str:
    return base64.b64encode(png_bytes(picture_grid(picture[None], 1))).decode()


def _as_picture(text: str) -> torch.Tensor:
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error is one; letters beyond ASCII give another
        raise PadError("its picture is not in base 64.") from None
    return read_picture("its picture", content)


def _line(text: str) -> str:
    return printable(" ".join(text.split()))[:MAX_TITLE]


def _lines(text: str) -> str:
    return printable(text.strip(), keep=_IN_NOTES)[:MAX_NOTE]


_IN_NOTES = "\n\r\t"


def _printable(given: Any) -> Any:
    """What a file says with texts that can be shown; a note keeps its lines."""
    note = given.get("note") if isinstance(given, dict) else None
    given = plain(given)
    return given | {"note": printable(note, keep=_IN_NOTES)} if isinstance(note, str) else given
