"""What cues remind an associative hippocampus of, and dreams of what it recalls."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.albums.album import Album, Kind, Setting, Settings
from pad_core.dreaming.albums.bands import SEED, SPLIT, Band, album, pairs
from pad_core.dreaming.hopfield import CUES, OCCLUSION_PX, Hopfield, Recall, cues
from pad_core.model.dreams import nrem_dreams, rem_dreams

_INTENSITY = 0.3  # share of squares that NREM's dreams lose
BETAS = (1.0, 200.0)

SETTINGS = {
    "split": SPLIT,
    "seed": SEED,
    "cue": Setting("noisy", CUES, "what is left of a memory"),
    "lost": Setting(0.6, (0.0, 1.0), "share of the memory that the cue lacks"),
    "beta": Setting(40.0, BETAS, "β, the inverse temperature"),
}


@torch.inference_mode()
def bands(network: PadNetwork, settings: Settings) -> list[Band]:
    """Memories, their cues, what these come to by updates, and dreams of that."""
    memories, names = network.memories[settings["split"]], network.class_names
    first, second = pairs(memories, settings["seed"])
    n, places = len(first), torch.cat([first, second])
    latents, seed = memories.latents[places], settings["seed"]
    cue = cues(network.networks, latents, settings["cue"], settings["lost"], seed)
    recalls = list(Hopfield.of(memories.latents, settings["beta"]).updates(cue))
    last = recalls[-1].latents
    nrem = nrem_dreams(network.networks, last[:n], _INTENSITY, OCCLUSION_PX, seed)
    rem = rem_dreams(network.networks, last[:n], last[n:], network.condition.rem_mixture, seed)
    own = [names[label] for label in memories.labels[first]]

    def recalled(recall: Recall, name: str, title: str, text: str) -> Band:
        strongest = recall.strongest[:n]
        right = ["its own" if a == b else "another" for a, b in zip(strongest, first, strict=True)]
        labels = [names[label] for label in memories.labels[strongest]]
        top = recall.weights[:n].amax(dim=1).tolist()
        captions = [f"{share:.0%} {label}" for share, label in zip(top, labels, strict=True)]
        mixed = [
            f"{whose} of {blend:.1f}" if blend >= 1.05 else whose
            for whose, blend in zip(right, recall.blended[:n].tolist(), strict=True)
        ]
        pictures = network.generate(recall.latents[:n])
        return Band(name, title, text, pictures, captions, mixed, top)

    judged = [f"d {d:.2f}" for d in rem.realness] if network.condition.trains_discriminator else ()
    count = len(recalls) - 1
    return [
        Band("memory", "Stored", "one of the memories", network.generate(latents[:n]), own),
        Band("cue", "Cue", "what is left of it", network.generate(cue[:n])),
        recalled(recalls[min(1, count)], "first", "First update", "the strongest memory’s share"),
        recalled(recalls[-1], "last", "At rest", f"after {count} updates"),
        Band("nrem", "NREM dream", "of what is recalled", nrem.occluded),
        Band("rem", "REM dream", "of two recalls and noise", rem.dreams, judged),
    ]


def make(networks: Sequence[PadNetwork], settings: Settings) -> Album:
    """The album of one network."""
    return album(bands(networks[0], settings))


KIND = Kind("what cues recall from an associative hippocampus", SETTINGS, make, many=False)
