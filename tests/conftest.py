"""What several tests need: a small data set, and a network exported from it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace

# Threads that wait for one another make small tensors slow on a busy machine; the processes
# that tests start inherit this.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path

import pytest
import torch

import pad_core
from pad_core.checkpoint import file as checkpoint
from pad_core.data.images import picture_grid, png_bytes
from pad_core.data.load import DataSet, load_dataset
from pad_core.model.condition import PAD
from pad_core.model.networks import build_networks


@pytest.fixture(autouse=True)
def same_main() -> Iterator[None]:
    """Streamlit's AppTest leaves its page as ``__main__``, which a spawned process runs again."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def small() -> DataSet:
    """256 training and 100 test images of the embedded set."""
    full = load_dataset("fashion-mini")
    return DataSet(
        name="small",
        spec="fashion-mini",
        train=full.train.first(256),
        test=full.test.first(100),
        class_names=full.class_names,
        note="a part of fashion-mini",
    )


@pytest.fixture(scope="session")
def tiny(small: DataSet) -> DataSet:
    """64 and 40 of these images: an epoch of them takes a second."""
    return replace(small, train=small.train.first(64), test=small.test.first(40))


@pytest.fixture(scope="session")
def image_folder(tiny: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny data set as a folder of PNG files, for commands that load their data."""
    root = tmp_path_factory.mktemp("images")
    for split in ("train", "test"):
        images = getattr(tiny, split)
        for i, (image, label) in enumerate(zip(images.images, images.labels, strict=True)):
            path = root / split / tiny.class_names[label].replace("/", "-") / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png_bytes(picture_grid(image[None], columns=1)))
    return root


@pytest.fixture(scope="session")
def exported(small: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained network as a checkpoint at 8 bits."""
    networks = build_networks(3)
    header = checkpoint.Header(
        condition=PAD,
        dataset=checkpoint.dataset_record(small),
        class_names=small.class_names,
        seed=3,
        epoch=0,
        history=[{"epoch": 1, "losses": {"image": 0.5}}],
    )
    path = tmp_path_factory.mktemp("checkpoints") / "untrained.safetensors"
    memories = checkpoint.choose_memories(small, networks.encoder)
    checkpoint.save(path, networks, header, memories, bits=8)
    return path


@pytest.fixture(scope="session")
def network(exported: Path) -> pad_core.PadNetwork:
    """That network, loaded."""
    return pad_core.load(exported)


@pytest.fixture
def random() -> torch.Generator:
    return torch.Generator().manual_seed(0)
