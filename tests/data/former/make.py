"""Made the files beside it with the former version, commit 2169c07, in its folder:

    git worktree add ../former 2169c07 && cd ../former
    OMP_NUM_THREADS=1 python PATH/TO/tests/data/former/make.py

It imports that version's modules, which have other places today, and is kept to say what the
files are. One or two channels of each layer live and the others are zero, which they stay in
training, so that the archive is small.
"""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, ".")

import numpy as np
import torch
from explorer.choices import PICTURE, Choices
from explorer.compute.orders import Order
from explorer.exports import Export, make
from explorer.kept import Kept
from explorer.rebuild import finder
from pad_core.conditions import CONDITIONS
from pad_core.datasets import load_dataset
from pad_core.export import export_run
from pad_core.networks import build_networks
from pad_core.randomness import generator
from pad_core.recipe import Recipe
from PIL import Image

from explorer import archive, journal_file
from pad_core import checkpoint, trainer
from pad_core.training import train

OUT = Path(__file__).resolve().parent
LIVING = {
    "conv1": (3, 41), "conv2": (7, 100), "conv3": (255,),
    "tconv1": (12,), "tconv2": (5, 77), "tconv3": (9, 60),
}  # fmt: skip
CONDITION = CONDITIONS["rem_before_nrem"]
EVERY = {
    "checkpoint": "runs/ä b&c=d/latest.safetensors",
    "folder": "/data/my checkpoints",
    "split": "train",
    "seed": 2**32 - 1,
    "intensity": 0.07,
    "size_px": 8,
    "lam": 1.0,
    "lam_prime": 0.0,
    "noise_level": 1.25,
    "compared": ("a b.safetensors", "upload:c&d.safetensors"),
    "present": "1",
}
PAGES = {
    "": {"first": 17, "second": -2, "sight": "plane"},
    "wall": {"wall": "rem", "against": "c.safetensors", "amplified": 8},
    "map": {
        "cloud": "stored",
        "dims": "3",
        "beside": "runs/b.safetensors",
        "axes": "own",
        "joined": "1",
        "picked": 0,
        "spot": "0:-1.25:3:0.5",
        "view": "-1_-2_3_4.5_-0.5_0.35",
        "hidden": "0_12",
        "drawn": "in0_-0.5_0.35_1_2_3_4~out1.3.12_0_0_1_2_3_4_-5_6",
    },
    "probe": {"measure": "paper", "pixel_noise": 0.25},
    "curves": {"curves": "epochs", "figure": "fig6", "log": "1", "stage": 20, "abreast": "rem"},
    "train": {},
    "journal": {},
    "storyboard": {"step": 6},
    "about": {},
}


def pictures(folder: Path) -> None:
    """16 training and 8 test pictures of each of three classes."""
    random = np.random.default_rng(0)
    for split, n in (("train", 16), ("test", 8)):
        for label, name in enumerate(("dawn", "noon", "dusk")):
            for number in range(n):
                blocks = random.integers(0, 160, (4, 4, 3)).astype(np.uint8)
                blocks[..., label] += 80
                path = folder / split / name / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(blocks).resize((32, 32), Image.Resampling.NEAREST).save(path)


def sparse(seed: int):
    networks, random = build_networks(seed), generator(seed, "weights")
    with torch.no_grad():
        for network in networks:
            channels = list(range(256 if network is networks.generator else 3))
            for name, layer in network.named_children():
                n_out = len(layer.bias)
                out = list(LIVING.get(name, range(n_out)))
                into = list(LIVING["conv3"]) if name in ("conv4", "dis") else channels
                rows, columns = (into, out) if name.startswith("t") else (out, into)
                kept = torch.zeros_like(layer.weight)
                size = (len(rows), len(columns), 4, 4)
                drawn = torch.randn(size, generator=random)
                kept[torch.tensor(rows)[:, None], torch.tensor(columns)] = 0.3 * drawn
                layer.weight.copy_(kept)
                living = torch.zeros(n_out)
                living[out] = 1.0
                layer.bias.mul_(living)
                channels = out
    return networks


def main() -> None:
    torch.set_num_threads(1)
    root = Path(tempfile.mkdtemp())
    pictures(root / "pictures")
    data = load_dataset(f"folder:{root / 'pictures'}")
    trainer.build_networks = sparse
    recipe = Recipe("folder:pictures", CONDITION, epochs=2, seed=3, batch_size=16)
    run, done = root / "runs/stopped", root / "finished"
    cycles = iter(range(100))
    train(run, recipe, data, should_stop=lambda: next(cycles) == 3)
    order = Order("stopped", recipe.dataset, CONDITION, epochs=2, seed=3, batch_size=16)
    (run / "order.json").write_text(json.dumps(order.to_dict(), indent=2))
    shutil.copytree(run, done)
    train(done, recipe, data, resume=True)
    exported = root / "checkpoints/former.safetensors"
    exported.parent.mkdir()
    export_run(done, exported, data, bits=8)

    command = [sys.executable, "-m", "pad_core", "evaluate", exported, "--json",
               "--data", f"folder:{root / 'pictures'}"]  # fmt: skip
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (OUT / "evaluation.json").write_text(json.dumps(json.loads(said), indent=1) + "\n")

    with tarfile.open(OUT / "files.tar.xz", "w:xz", preset=9) as tar:
        for name in ("pictures", "runs", "checkpoints"):
            tar.add(root / name, name)
        for name in ("latest.safetensors", "history.jsonl"):
            tar.add(done / name, f"finished/{name}")

    network = checkpoint.load(exported)
    choices = Choices(checkpoint="checkpoints/former.safetensors", seed=5, lam=0.75, size_px=2)
    grey = torch.arange(3072).reshape(3, 32, 32).to(torch.uint8)
    first = Kept.now(network, choices, "Über dreams / 1", "a note\nof two lines")
    second = Kept.now(network, Choices(first=PICTURE, split="train"), uploaded={"first": grey})
    third = Kept.now(network, Choices(lam_prime=1.0), "To be deleted")
    path = OUT / "journal.jsonl"
    path.unlink(missing_ok=True)
    journal_file.write(path, [first, second, third])
    journal_file.write(path, [second.retitled("Named later", "")])
    journal_file.write(path, [third], deleted=True)
    (OUT / "journal.jsonl.lock").unlink(missing_ok=True)

    exports = [
        Export.of("picture", first, scale=1),
        Export.of("walk", first, along="lam", steps=3, scale=1),
        Export.of("table", first),
    ]
    for export in exports:
        (OUT / Path(export.file_name).with_stem(export.kind)).write_bytes(make(export, network))
    zipped = archive.pack(
        [first, second], [Export.of("picture", second, scale=1)], finder([exported])
    )
    (OUT / archive.NAME).write_bytes(zipped)

    addresses = [
        {"address": f"/{page}?{urlencode(chosen.to_query(), doseq=True)}", "choices": vars(chosen)}
        for page, changed in PAGES.items()
        for chosen in (Choices(**EVERY, **changed), Choices(checkpoint="a.safetensors", **changed))
    ]
    (OUT / "addresses.json").write_text(json.dumps(addresses, indent=1) + "\n")


if __name__ == "__main__":
    main()
