"""Metamers as an album: recalled memories, and each network's metamers of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from pad_core.checkpoint.file import SPLITS, PadNetwork
from pad_core.dreaming.albums.album import Album, Kind, Setting, Settings, rounded, tiles
from pad_core.dreaming.canvas import Canvas, Palette
from pad_core.dreaming.metamers import CONTRAST, judge, seek, unlike
from pad_core.dreaming.reader import Reader
from pad_core.model.dreams import pick_memories
from pad_core.system.randomness import MAX_SEED

_N = 8


def make(networks: Sequence[PadNetwork], settings: Settings) -> Album:
    """The first network's recollections, and a PNG of each network's metamers of them."""
    memories, seed = networks[0].memories[settings["split"]], settings["seed"]
    at = pick_memories(len(memories), _N, seed, "memories")
    shown = networks[0].generate(memories.latents[at]).clone()
    canvas = Canvas(Palette.of(shown))
    noise = settings["begin"] == "noise"
    start = canvas.noise(_N, CONTRAST, seed) if noise else canvas.parameters(shown.roll(1, 0))
    readers = [Reader.fit(network) for network in networks]
    pictures, facts = {"0-pictures.png": tiles(shown, _N)}, []
    for i, reader in enumerate(readers):
        steps = seek(reader, canvas, reader.network.encode(shown), start)
        *_, last = islice(steps, settings["steps"] + 1)
        made = last.seen.images
        pictures[f"{i + 1}-{reader.network.path.stem}.png"] = tiles(made, _N)
        judged = [rounded(judge(other, shown, made).distance) for other in readers]
        facts.append(
            {
                "network": reader.network.name,
                "unlike": rounded(unlike(shown, made)),
                "distance_to_each": judged,
            }
        )
    return Album(pictures, {"metamers": facts})


KIND = Kind(
    "other pictures of the same encoding, and how far from it they are to each network",
    {
        "begin": Setting("noise", ("noise", "others"), "with noise, or with other pictures"),
        "steps": Setting(100, range(1, 401), "of the search"),
        "split": Setting("test", SPLITS, "whose memories"),
        "seed": Setting(0, range(MAX_SEED + 1), "of the noise and the memories"),
    },
    make,
)
