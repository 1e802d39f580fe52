"""What the viewer chose, to and from the page's address."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple, TypeVar

from explorer.session import map_address
from pad_core.checkpoint.file import SPLITS
from pad_core.dreaming.albums.bands import parse_places
from pad_core.dreaming.albums.night import parse_marks
from pad_core.dreaming.canvas import SIDES_PX
from pad_core.dreaming.goals import Goal
from pad_core.dreaming.hopfield import CUES
from pad_core.dreaming.lesions import DAMAGES, LESIONS
from pad_core.dreaming.lucid import MOST_STEPS, parse_course
from pad_core.errors import PadError, shortened
from pad_core.model.networks import LATENT_SIZE
from pad_core.model.occlusion import MAX_SIZE_PX, MIN_SIZE_PX
from pad_core.report.items import ITEMS
from pad_core.system.randomness import MAX_SEED

Group = TypeVar("Group")
BY_SEED, PICTURE = -1, -2  # in place of a memory's place
MAX_PLACE = 10_000_000
PHOTOGRAPHS = "photographs"  # that ship with the code, in place of a checkpoint's split
CLOUDS = ("test", "train", "stored", "images")  # images whose latents the map shows
AXES = ("pca", "classes", "probe", "pair", "tsne")  # what its axes are
COLOURS = ("class", "d", "error", "nearest", "probe")  # what the map's points are coloured by
N_STOPS = 7  # of the path through the pages
N_STEPS = 9  # of the storyboard, at most
N_VIEWS = 200  # of a talk, at most
PROBE_PARTS = ("record", "live", "confusion", "learning")
SIGHTS = ("night", "plane", "wall")  # eight memories' night; λ against λ′; many dreams


class Limits(NamedTuple):
    """The lowest and highest value of a number, and its rounding step."""

    low: float
    high: float
    step: float

    def read(self, text: str) -> float | None:
        """The number in a text; None if there is none or it is out of range."""
        try:
            number = float(text)
        except ValueError:
            return None
        if not self.low <= number <= self.high:  # NaN is refused here, too
            return None
        if isinstance(self.step, int):
            return int(number) if number == math.floor(number) else None
        return round(number, 2)

    def nearest(self, number: float) -> float:
        """The allowed value nearest to a typed number."""
        inside = min(max(number, self.low), self.high)
        return round(inside) if isinstance(self.step, int) else round(inside, 2)


def _number(default: float, low: float, high: float, step: float, terse: bool = False) -> Any:
    return field(default=default, metadata={"limits": Limits(low, high, step), "terse": terse})


def _option(
    default: str, options: tuple[str, ...], terse: bool = False, parameter: str = ""
) -> Any:
    about = {"options": options, "terse": terse, "parameter": parameter}
    return field(default=default, metadata=about)


def _checked(check: Callable[[str], object]) -> Any:
    return field(default="", metadata={"check": check})


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    """Whether a text is one that ``parse`` reads."""

    def check(text: str) -> bool:
        try:
            parse(text)
        except PadError:
            return False
        return True

    return check


# The groups. A field's name is its parameter's in the address, unless it says another one.


@dataclass(frozen=True)
class Networks:
    """Which networks are looked at.

    checkpoint: key of a checkpoint (see ``library.networks``), empty before one is chosen.
    folder: a further folder to look for checkpoints in, or empty.
    compared: keys of the networks side by side, empty for the usual ones of the chosen
    network's data set.
    """

    checkpoint: str = ""
    folder: str = ""
    compared: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dream:
    """What a dream depends on beside its network; the defaults are the paper's where it has any.

    A journal keeps all of this, and nothing else, of what a viewer chose.

    split: of the memories, or PHOTOGRAPHS. seed: of memories, masks and noise.
    first, second: places of memories A and B among the split's, BY_SEED, or PICTURE for a
    picture that the viewer uploaded.
    intensity, size_px: occlusion in NREM. lam, lam_prime, noise_level: λ, λ′ and σ in REM.
    """

    split: str = _option("test", (*SPLITS, PHOTOGRAPHS))
    seed: int = _number(0, 0, MAX_SEED, 1)
    first: int = _number(BY_SEED, PICTURE, MAX_PLACE, 1, terse=True)
    second: int = _number(BY_SEED, PICTURE, MAX_PLACE, 1, terse=True)
    intensity: float = _number(0.3, 0.0, 1.0, 0.01)
    size_px: int = _number(4, MIN_SIZE_PX, MAX_SIZE_PX, 1)
    lam: float = _number(0.5, 0.0, 1.0, 0.01)
    lam_prime: float = _number(0.5, 0.0, 1.0, 0.01)
    noise_level: float = _number(1.0, 0.0, 10.0, 0.01)

    @property
    def stored(self) -> Dream:
        """The same, of memories that a checkpoint stores: the seed's, in place of photographs."""
        if self.split != PHOTOGRAPHS:
            return self
        first, second = min(self.first, BY_SEED), min(self.second, BY_SEED)  # PICTURE is below it
        return replace(self, split="test", first=first, second=second)


@dataclass(frozen=True)
class MapChoices:
    """What the latent map shows.

    cloud: of CLOUDS. colour: of COLOURS. onto: of AXES; left, right: the classes at the ends of the
    first one. dims: of the map, '2' or '3'. beside: key of the second network on it, or empty.
    axes: of that one, turned onto the first's or its own. joined: '1' to
    show occluded latents, too. picked: place in the cloud of the clicked point, or −1. spot: a
    clicked empty place, 'network:x:y' or 'network:x:y:z', or empty. view: the map's window, or
    empty for all points. drawn: the outlines of its selection, or empty. hidden: hidden classes, or
    empty (see ``map_address`` for the form of these three).
    """

    cloud: str = _option("test", CLOUDS, terse=True)
    colour: str = _option("class", COLOURS, terse=True)
    onto: str = _option("pca", AXES, terse=True)
    left: int = _number(0, 0, map_address.MAX_CLASSES - 1, 1, terse=True)
    right: int = _number(1, 0, map_address.MAX_CLASSES - 1, 1, terse=True)
    dims: str = _option("2", ("2", "3"), terse=True)
    beside: str = ""
    axes: str = _option("aligned", ("aligned", "own"), terse=True)
    joined: str = _option("", ("", "1"))
    picked: int = _number(-1, -1, MAX_PLACE, 1, terse=True)
    spot: str = ""
    view: str = _checked(map_address.is_window)
    drawn: str = _checked(map_address.are_outlines)
    hidden: str = _checked(map_address.is_hidden)


@dataclass(frozen=True)
class WallChoices:
    """What the ablation wall shows.

    pictures: which. against: key of the network that the others are compared with, or empty.
    amplified: the factor of the differences.
    """

    pictures: str = _option("recalled", ("recalled", "nrem", "rem"), terse=True, parameter="wall")
    against: str = ""
    amplified: int = _number(2, 1, 16, 1, terse=True)


@dataclass(frozen=True)
class CurvesChoices:
    """What the Curves page shows.

    part: of the page. figure: of the paper. log: '1' for logarithmic losses.
    stage: epoch at which dreams are shown, 0 for the chosen network's own. abreast: what is
    shown of all epochs side by side, or empty for one epoch at a time. likeness: how networks are
    compared, and layer: by which of the encoder's layers.
    """

    part: str = _option(
        "paper", ("paper", "measures", "losses", "epochs", "alike"), terse=True, parameter="curves"
    )
    figure: str = _option("table1", tuple(ITEMS), terse=True)
    log: str = _option("", ("", "1"))
    stage: int = _number(0, 0, 100_000, 1, terse=True)
    abreast: str = _option("", ("", "memories", "recovered", "rem"))
    likeness: str = _option("cka", ("cka", "rsa"), terse=True)
    layer: str = _option("z", ("z", "conv3", "conv2", "conv1"), terse=True, parameter="of_layer")


@dataclass(frozen=True)
class ProbeChoices:
    """What the Probe page shows.

    part: of the page: what is recorded, or measured while the viewer watches. measure: of linear
    separability. pixel_noise: standard deviation of noise on test images.
    """

    part: str = _option("record", PROBE_PARTS, terse=True, parameter="probe")
    measure: str = _option("converged", ("converged", "paper"), terse=True)
    pixel_noise: float = _number(0.0, 0.0, 1.0, 0.01, terse=True)


@dataclass(frozen=True)
class LabChoices:
    """What the Lab page shows, and what dreams are steered toward there.

    lab: its sight; an unknown one opens the first. toward: a goal (``Goal.parse``). steps: of an
    ascent. prior: weight of staying near the prior. course: the legs of the lucid dream so far
    (``parse_course``). at: the step that is looked at, -1 for the newest.
    """

    lab: str = _checked(re.compile("[a-z]{1,20}").fullmatch)
    toward: str = _checked(_parses(Goal.parse))
    steps: int = _number(60, 1, 200, 1, terse=True)
    prior: float = _number(0.3, 0.0, 10.0, 0.01, terse=True)
    course: str = _checked(_parses(parse_course))
    at: int = _number(-1, -1, MOST_STEPS, 1, terse=True)


@dataclass(frozen=True)
class DeepChoices:
    """How deep dreams are made on the Lab page.

    through: in pixels, or through the generator. begin: with what. side: of the canvas in pixels.
    """

    through: str = _option("pixels", ("pixels", "generator"), terse=True)
    begin: str = _option("noise", ("noise", "memory", "photograph"), terse=True)
    side: str = _option("32", tuple(map(str, SIDES_PX)), terse=True)


@dataclass(frozen=True)
class UnitChoices:
    """Which unit of z the Lab page shows, and how far it is driven in a dream, in SD."""

    unit: int = _number(0, 0, LATENT_SIZE - 1, 1, terse=True)
    driven: float = _number(4.0, -6.0, 6.0, 0.1, terse=True)


@dataclass(frozen=True)
class MetamerChoices:
    """What metamers of the Lab page begin with: noise, or other pictures."""

    disguise: str = _option("noise", ("noise", "others"), terse=True)


@dataclass(frozen=True)
class SleepChoices:
    """What the Lab's sights of sleep show.

    cue, lost, beta: what a memory is recalled by, how much of it is lost, and β.
    lesion, hurt: of d; damage, harm, over: of the hippocampus, and the class over-represented.
    kin, one, other, tries, both: hybrids of all classes or of two, steps of the search, and the
    dreams that the viewer calls hybrid (``parse_places``).
    dreams, forget: of a night; realness, novelty, coherence, salience: weights of its filter;
    marked: what is emotional (``parse_marks``).
    asleep: which dreams the development shows.
    """

    cue: str = _option("noisy", CUES, terse=True)
    lost: float = _number(0.6, 0.0, 1.0, 0.01, terse=True)
    beta: int = _number(40, 1, 200, 1, terse=True)
    lesion: str = _option("invert", LESIONS, terse=True)
    hurt: float = _number(0.5, 0.0, 1.0, 0.01, terse=True)
    damage: str = _option("pairings", DAMAGES, terse=True)
    harm: float = _number(0.5, 0.0, 1.0, 0.01, terse=True)
    over: int = _number(0, 0, 99_999, 1, terse=True)
    kin: str = _option("matrix", ("matrix", "search"), terse=True)
    one: int = _number(3, 0, 99_999, 1, terse=True)
    other: int = _number(5, 0, 99_999, 1, terse=True)
    tries: int = _number(20, 1, 200, 1, terse=True)
    both: str = _checked(_parses(parse_places))
    dreams: int = _number(300, 50, 1000, 50, terse=True)
    forget: float = _number(0.95, 0.0, 0.99, 0.01, terse=True)
    realness: float = _number(1.0, -2.0, 2.0, 0.1, terse=True)
    novelty: float = _number(1.0, -2.0, 2.0, 0.1, terse=True)
    coherence: float = _number(1.0, -2.0, 2.0, 0.1, terse=True)
    salience: float = _number(1.0, -2.0, 2.0, 0.1, terse=True)
    marked: str = _checked(_parses(parse_marks))
    asleep: str = _option("rem", ("rem", "nrem", "recalled"), terse=True)


@dataclass(frozen=True)
class PageChoices:
    """How pages are shown.

    path: the stop of the path through the pages where the viewer stands, from 1; 0 beside it.
    present: 'sight' for a talk; '1' in addresses of earlier versions, which presented of the Dream
    page the plane alone. slide: the view of the saved talk that is presented, from 1; 0 beside it.
    sight: of the Dream page. step: of the storyboard, from 1.
    """

    path: int = _number(0, 0, N_STOPS, 1, terse=True)
    present: str = _option("", ("", "1", "sight"))
    slide: int = _number(0, 0, N_VIEWS, 1, terse=True)
    sight: str = _option("night", SIGHTS, terse=True)
    step: int = _number(1, 1, N_STEPS, 1, terse=True)


@dataclass(frozen=True)
class Choices:
    """All that the pages depend on, in groups by what depends on them.

    Addresses and ``choose`` know each field by one name, whatever group it is in.
    """

    networks: Networks = field(default_factory=Networks)
    dream: Dream = field(default_factory=Dream)
    page: PageChoices = field(default_factory=PageChoices)
    map: MapChoices = field(default_factory=MapChoices)
    wall: WallChoices = field(default_factory=WallChoices)
    curves: CurvesChoices = field(default_factory=CurvesChoices)
    probe: ProbeChoices = field(default_factory=ProbeChoices)
    lab: LabChoices = field(default_factory=LabChoices)
    deep: DeepChoices = field(default_factory=DeepChoices)
    units: UnitChoices = field(default_factory=UnitChoices)
    metamers: MetamerChoices = field(default_factory=MetamerChoices)
    sleep: SleepChoices = field(default_factory=SleepChoices)

    @classmethod
    def at_first(cls) -> Choices:
        """What a viewer sees who comes without an address.

        These are photographs, if any ship, REM's wall, and probes by the paper's protocol.
        """
        return cls.of(split=PHOTOGRAPHS, wall="rem", measure="paper")

    @classmethod
    def of(cls, **values: Any) -> Choices:
        """The defaults, with these parameters changed."""
        return cls().changed(**values)

    def changed(self, **values: Any) -> Choices:
        """A copy with these parameters changed; KeyError for an unknown one."""
        groups: dict[str, dict[str, Any]] = {}
        for parameter, value in values.items():
            group, name = _PLACES[parameter]
            groups.setdefault(group, {})[name] = value
        changed = {group: replace(getattr(self, group), **new) for group, new in groups.items()}
        return replace(self, **changed)

    def value(self, parameter: str) -> Any:
        """The chosen value of a parameter."""
        group, name = _PLACES[parameter]
        return getattr(getattr(self, group), name)

    def to_query(self) -> dict[str, str | list[str]]:
        """The parameters of an address that restores exactly these choices.

        It contains the sliders' defaults, because another version may have others; a terse field
        is left out while it has its default.
        """
        query: dict[str, str | list[str]] = {}
        for group in fields(self):
            query |= to_query(getattr(self, group.name))
        return query

    @classmethod
    def from_query(cls, query: Mapping[str, str | list[str]]) -> Choices:
        """Read an address; a missing or invalid parameter gets its default.

        Args:
            query: each parameter's value or values; of several, the last counts if one is wanted.
        """
        return cls(**{g.name: from_query(type(getattr(cls(), g.name)), query) for g in fields(cls)})


def parameters(group: Any) -> dict[str, Any]:
    """The values of a group by parameter name."""
    return {_parameter(known): getattr(group, known.name) for known in fields(group)}


def to_query(group: Any) -> dict[str, str | list[str]]:
    """The part of an address that restores a group; see ``Choices.to_query``."""
    query = {}
    for known in fields(group):
        value = getattr(group, known.name)
        usual = known.metadata.get("terse") and value == known.default
        if value not in ("", ()) and not usual:
            query[_parameter(known)] = _text(value)
    return query


def from_query(kind: type[Group], query: Mapping[str, str | list[str]]) -> Group:
    """Read a group from an address; see ``Choices.from_query``."""
    chosen = {}
    for known in fields(kind):  # type: ignore[arg-type]
        given = query.get(_parameter(known), [])
        if texts := [given] if isinstance(given, str) else given:
            value = _read(known.metadata, known.default, texts)
            if value is not None:
                chosen[known.name] = value
    return kind(**chosen)


def misread(query: Mapping[str, str | list[str]]) -> list[str]:
    """What an address gets wrong, a clause for each parameter: 'dims=9 is none of 2, 3'."""
    wrong = []
    for _, known in _FIELDS:
        given, metadata = query.get(_parameter(known), []), known.metadata
        texts = [given] if isinstance(given, str) else given
        if texts and _read(metadata, known.default, texts) is None:
            wrong.append(f"{_parameter(known)}={shortened(texts[-1], 40)} {_why(metadata)}")
    return wrong


def _why(metadata: Mapping[str, Any]) -> str:
    """Why a text can't be the value of such a parameter."""
    if "limits" in metadata:
        low, high, step = metadata["limits"]
        return f"is no {'whole ' * isinstance(step, int)}number from {low:g} to {high:.12g}"
    if "options" in metadata:
        return f"is none of {', '.join(filter(None, metadata['options']))}"
    return "can't be read"


def _parameter(known: Any) -> str:
    """A field's name in addresses."""
    return str(known.metadata.get("parameter") or known.name)


_FIELDS = [
    (group.name, known)
    for group in fields(Choices)
    for known in fields(getattr(Choices(), group.name))
]
_PLACES = {_parameter(known): (group, known.name) for group, known in _FIELDS}
PARAMETERS = tuple(_PLACES)
LIMITS: dict[str, Limits] = {
    _parameter(known): known.metadata["limits"]
    for _, known in _FIELDS
    if "limits" in known.metadata
}


def _read(metadata: Mapping[str, Any], default: Any, texts: list[str]) -> Any:
    """The value of one parameter, or None if it is invalid."""
    if isinstance(default, tuple):
        return tuple(dict.fromkeys(texts))
    if "limits" in metadata:
        return metadata["limits"].read(texts[-1])
    if "options" in metadata:
        return texts[-1] if texts[-1] in metadata["options"] else None
    if "check" in metadata:
        return texts[-1] if metadata["check"](texts[-1]) else None
    return texts[-1]


def _text(value: str | float | tuple[str, ...]) -> str | list[str]:
    if isinstance(value, tuple):
        return list(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
