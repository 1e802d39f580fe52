"""A dream night and the morning after: which dreams are kept, which forgotten, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.albums.album import Album, Kind, Setting, Settings
from pad_core.dreaming.albums.bands import SEED, SPLIT, Band, N, album
from pad_core.dreaming.goals import Goal
from pad_core.dreaming.night import (
    MEASURES,
    Dreams,
    Morning,
    Scores,
    Weights,
    diversity,
    dreaming,
    remember,
    score,
)
from pad_core.dreaming.reader import Reader

MOST_DREAMS = 1000
SHOWN = 2 * N  # of those kept


def parse_marks(text: str) -> tuple[Goal, ...]:
    """What is emotional, 'class:3;component:0', each once; PadError for another text."""
    return tuple(dict.fromkeys(Goal.parse(part) for part in text.split(";") if text))


_WEIGHT = (-2.0, 2.0)
SETTINGS = {
    "split": SPLIT,
    "seed": SEED,
    "dreams": Setting(300, range(50, MOST_DREAMS + 1), "how many REM dreams"),
    "forget": Setting(0.95, (0.0, 0.99), "share that is forgotten"),
    "realness": Setting(1.0, _WEIGHT, "weight of d"),
    "novelty": Setting(1.0, _WEIGHT, "weight of the distance from the nearest memory"),
    "coherence": Setting(1.0, _WEIGHT, "weight of the probe's confidence"),
    "salience": Setting(1.0, _WEIGHT, "weight of what is emotional"),
    "marked": Setting("", parse_marks, "what is emotional: class:K, unit:K or component:K, with ;"),
}


def nights(reader: Reader, settings: Settings) -> Iterator[Dreams]:
    """The night as it grows."""
    network = reader.network
    memories = network.memories[settings["split"]]
    mixture = network.condition.rem_mixture
    return dreaming(reader, memories, settings["dreams"], mixture, settings["seed"])


def morning(reader: Reader, dreams: Dreams, settings: Settings) -> tuple[Scores, Morning]:
    """Scores of dreams, and what the filter keeps of them."""
    scores = score(reader, dreams, parse_marks(settings["marked"]))
    weights = Weights(*(settings[name] for name in MEASURES))
    return scores, remember(scores, weights, settings["forget"])


def bands(reader: Reader, dreams: Dreams, scores: Scores, left: Morning) -> list[Band]:
    """The strongest of the kept dreams, and the weakest of those forgotten."""
    order = left.strength.argsort(descending=True, stable=True).tolist()
    kept = order[: len(left.kept)][:SHOWN]
    forgotten = order[len(left.kept) :][-N:][::-1]
    rows = [kept[:N], kept[N:]]
    told = [
        ("kept", "Remembered", f"{len(left.kept)} of {len(order)}, the strongest first"),
        ("kept-too", "", "and the next ones"),
        ("forgotten", "Forgotten", f"the weakest of {len(order) - len(left.kept)}"),
    ]
    return [
        _band(reader, dreams, scores, left, places, *words)
        for places, words in zip((*rows, forgotten), told, strict=True)
        if places
    ]


def summary(reader: Reader, dreams: Dreams, scores: Scores, left: Morning) -> str:
    """How the kept dreams differ from all of the night, as a sentence."""
    kept = left.kept
    if len(kept) < 2:
        return "One dream is left of the night."
    apart, apart_all = (
        diversity(some) / reader.spacing for some in (dreams.encoded[kept], dreams.encoded)
    )
    far = float(scores.novelty[kept].mean()), float(scores.novelty.mean())
    return (
        f"The kept dreams lie {apart:.2f} apart, all of the night {apart_all:.2f}; "
        f"{far[0]:.2f} from the nearest memory, all {far[1]:.2f} (in units of the distance from a "
        "memory to its nearest neighbour)."
    )


def make(networks: Sequence[PadNetwork], settings: Settings) -> Album:
    """The album of one network; its facts have every dream's scores."""
    reader = Reader.fit(networks[0])
    *_, dreams = nights(reader, settings)
    scores, left = morning(reader, dreams, settings)
    kept = left.kept.tolist()
    facts = {
        "kept": kept,
        "reasons": [left.reason(place) for place in kept],
        "summary": summary(reader, dreams, scores, left),
        "scores": {
            name: [round(value, 4) for value in getattr(scores, name).tolist()] for name in MEASURES
        },
    }
    return album(bands(reader, dreams, scores, left), facts)


def _band(
    reader: Reader,
    dreams: Dreams,
    scores: Scores,
    left: Morning,
    places: list[int],
    name: str,
    title: str,
    text: str,
) -> Band:
    trained = reader.network.condition.trains_discriminator
    captions = []
    for place in places:
        real = f"d {float(scores.realness[place]):.2f}" if trained else "d –"
        captions.append(f"{real}  δ {float(scores.novelty[place]):.2f}")
    notes = [left.reason(place) for place in places]
    lowest, highest = float(left.strength.min()), float(left.strength.max())
    span = max(highest - lowest, 1e-9)
    levels = [(float(left.strength[place]) - lowest) / span for place in places]
    return Band(name, title, text, dreams.images[places], captions, notes, levels)


KIND = Kind("a night of REM dreams, and which of them are remembered", SETTINGS, make, many=False)
