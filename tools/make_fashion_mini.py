"""Make the data set fashion-mini from Debian's package dataset-fashion-mnist.

It writes fashion-mini-{train,test}.png to pad_core/data/fashion_mini: sheets of 28×28 grey images,
50 a row, the i-th of class i mod 10. The same seed gives the same pixels.
"""

import gzip
from pathlib import Path

import numpy as np
from PIL import Image

SOURCE = Path("/usr/share/datasets/fashion-mnist")
TARGET = Path(__file__).parent.parent / "pad_core" / "data" / "fashion_mini"
SEED = 2017
COLUMNS = 50


def values(name: str, header: int) -> np.ndarray:
    data = gzip.decompress((SOURCE / f"{name}-ubyte.gz").read_bytes())
    return np.frombuffer(data, np.uint8, offset=header)


def main() -> None:
    random = np.random.RandomState(SEED)  # the generator whose stream numpy never changes
    for stem, split, per_class in (("train", "train", 500), ("t10k", "test", 100)):
        images = values(f"{stem}-images-idx3", 16).reshape(-1, 28, 28)
        labels = values(f"{stem}-labels-idx1", 8)
        chosen = [
            random.choice(np.flatnonzero(labels == label), per_class, replace=False)
            for label in range(10)
        ]
        tiles = images[np.stack(chosen, axis=1).ravel()]
        sheet = tiles.reshape(-1, COLUMNS, 28, 28).transpose(0, 2, 1, 3).reshape(-1, COLUMNS * 28)
        Image.fromarray(sheet).save(TARGET / f"fashion-mini-{split}.png", optimize=True)


if __name__ == "__main__":
    main()
