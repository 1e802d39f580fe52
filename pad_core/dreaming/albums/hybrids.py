"""Hybrids: a dream of every pair of classes, or the most hybrid ones of two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.albums.album import Album, Kind, Setting, Settings
from pad_core.dreaming.albums.bands import SEED, SPLIT, Band, N, album, parse_places
from pad_core.dreaming.hybrids import Found, Hybrids, matrix, search
from pad_core.dreaming.reader import Reader
from pad_core.errors import PadError
from pad_core.model.condition import Mixture

_CLASSES = range(100_000)
MOST_STEPS = 200  # of a search: 12,800 dreams

SETTINGS = {
    "split": SPLIT,
    "seed": SEED,
    "kin": Setting("matrix", ("matrix", "search"), "all pairs of classes, or a search in one"),
    "one": Setting(3, _CLASSES, "the first class, from 0, of a search"),
    "other": Setting(5, _CLASSES, "the second class"),
    "tries": Setting(20, range(1, MOST_STEPS + 1), "steps of the search, of 64 dreams each"),
    "lam": Setting(0.5, (0.0, 1.0), "λ, the first memory's share"),
    "lam_prime": Setting(1.0, (0.0, 1.0), "λ′, the memories' share against noise"),
    "noise_level": Setting(1.0, (0.0, 10.0), "σ of the noise"),
    "both": Setting("", parse_places, "dreams that people call hybrid, from 1: '1,4,7'"),
}


def reader_of(network: PadNetwork) -> Reader:
    """What judges hybrids; PadError for a network without classes."""
    if len(network.class_names) < 2:
        raise PadError("This network's images have no classes, so that nothing can be of two.")
    return Reader.fit(network)


def matrix_bands(reader: Reader, settings: Settings) -> list[Band]:
    """A band for each class as the first of the pair, a dream for each as the second."""
    network = reader.network
    found = matrix(
        reader, network.memories[settings["split"]], _mixture(reader, settings), settings["seed"]
    )
    n, names = len(network.class_names), network.class_names
    values = found.hybridness.reshape(n, n).tolist()
    return [
        Band(
            f"class-{row}",
            name,
            "",
            found.images[row * n : (row + 1) * n],
            [f"{value:.2f}" if column != row else "" for column, value in enumerate(values[row])],
            names if row == 0 else (),  # of the columns
            [value if column != row else 0.0 for column, value in enumerate(values[row])],
        )
        for row, name in enumerate(names)
    ]


def looking(reader: Reader, settings: Settings) -> Iterator[Found]:
    """The steps of a search, ``tries`` of them.

    Raises:
        PadError: a class that there isn't, the same twice, or one without memories.
    """
    names = reader.network.class_names
    pair = settings["one"], settings["other"]
    for label in pair:
        if label >= len(names):
            raise PadError(f"There is no class {label}: there are {len(names)}, from 0.")
    memories = reader.network.memories[settings["split"]]
    steps = search(reader, memories, pair, N, _mixture(reader, settings), settings["seed"])
    return islice(steps, settings["tries"])


def found_bands(reader: Reader, found: Found, settings: Settings) -> list[Band]:
    """The most hybrid dreams, between the memories that they are of."""
    network, best = reader.network, found.best
    latents = network.memories[settings["split"]].latents
    one, other = (network.class_names[settings[name]] for name in ("one", "other"))
    return [
        Band("first", "First memory", one, network.generate(latents[best.first])),
        Band(
            "hybrids",
            "Most hybrid",
            f"of {found.tried} dreams",
            best.images,
            [f"{value:.2f}" for value in best.hybridness.tolist()],
            _shares(best),
            best.hybridness.tolist(),
        ),
        Band("second", "Second memory", other, network.generate(latents[best.second])),
    ]


def agreement(found: Hybrids, both: Sequence[int]) -> str:
    """What people's choice and the probe have in common, as a sentence; '' without a choice.

    Args:
        both: places, from 1, of the dreams that people call hybrid.
    """
    values = found.hybridness.tolist()
    chosen = [value for place, value in enumerate(values, start=1) if place in both]
    others = [value for place, value in enumerate(values, start=1) if place not in both]
    if not chosen:
        return ""
    told = f"You call {len(chosen)} of {len(values)} hybrid; the probe gives them "
    told += f"{sum(chosen) / len(chosen):.2f} on average"
    return f"{told}, the others {sum(others) / len(others):.2f}." if others else f"{told}."


def make(networks: Sequence[PadNetwork], settings: Settings) -> Album:
    """The album of one network."""
    reader = reader_of(networks[0])
    if settings["kin"] == "matrix":
        return album(matrix_bands(reader, settings))
    *_, last = looking(reader, settings)
    both = parse_places(settings["both"])
    facts = {
        "tried": last.tried,
        "hybridness": [round(value, 4) for value in last.best.hybridness.tolist()],
        "first": last.best.first.tolist(),
        "second": last.best.second.tolist(),
        "called_hybrid": list(both),
        "agreement": agreement(last.best, both),
    }
    return album(found_bands(reader, last, settings), facts)


def _mixture(reader: Reader, settings: Settings) -> Mixture:
    mixing = reader.network.condition.mixing
    return Mixture(settings["lam"], settings["lam_prime"], settings["noise_level"], mixing)


def _shares(found: Hybrids) -> list[str]:
    """Both classes' probabilities, in percent."""
    shares = found.probabilities.gather(1, found.classes)
    return [f"{100 * a:.0f} + {100 * b:.0f} %" for a, b in shares.tolist()]


KIND = Kind("dreams of two classes", SETTINGS, make, many=False)
