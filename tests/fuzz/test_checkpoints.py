"""Whatever a checkpoint's bytes are, it is loaded and can be shown, or refused in one sentence."""

import json
import struct

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pad_core.checkpoint.file import load, load_header
from pad_core.cli.display import checkpoint_summary
from pad_core.errors import PadError
from pad_core.report.cards import cards
from pad_core.report.catalogue import Catalogue, Entry
from pad_core.report.summary import tables
from pad_core.report.tables import measures
from pad_core.system.tensors import read_header
from tests.fuzz.strategies import damaged, damaged_json, edits, is_shown
from tests.pad_core.checkpoint.record_examples import example


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "a.safetensors"


@pytest.fixture(scope="module")
def good(exported):
    """A checkpoint's header, layout of tensors, and the tensors' bytes."""
    content = exported.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    layout = json.loads(content[8 : 8 + length])
    header = json.loads(layout.pop("__metadata__")["pad"]) | {"metrics": example()}
    return header, layout, content[8 + length :]


def written(path, header, layout, tensors):
    """Write a file without the hash of all, which would hide what else is checked."""
    text = json.dumps({"__metadata__": {"pad": json.dumps(header)}, **layout}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + tensors)


def is_refused(read, path):
    """Whether a file is refused, in a sentence that can be shown; what it is if it isn't."""
    try:
        return None, read(path)
    except PadError as error:
        assert is_shown(str(error))
        assert len(str(error)) <= 1200
        return str(error), None


@given(data=st.data())
def test_damaged_bytes(path, exported, data):
    content = exported.read_bytes()
    path.write_bytes(damaged(content, data.draw(edits(len(content), near=8_000))))
    is_refused(load_header, path)
    refused, network = is_refused(load, path)
    if path.read_bytes() != content and not refused:
        # What the hash doesn't cover is spelling: the same header and tensors.
        assert network.header == load(exported).header


@given(data=st.data())
def test_damaged_headers(path, good, data):
    header, layout, tensors = good
    written(path, data.draw(damaged_json(header)), layout, tensors)
    refused, found = is_refused(load_header, path)
    if refused:
        return
    assert is_shown(found.name)
    refused, network = is_refused(load, path)
    if not refused:
        assert all(map(is_shown, checkpoint_summary(network).split("\n")))
    catalogue = Catalogue([Entry(path, found)])
    page = cards(catalogue)
    page.encode()
    assert "<script" not in page
    if (evaluation := catalogue.entries[0].evaluation) is not None:
        assert tables([evaluation])
        assert all(table.rows for table in measures(catalogue, catalogue.datasets[0]))


@given(data=st.data())
def test_damaged_layouts(path, good, data):
    header, layout, tensors = good
    changed = data.draw(damaged_json(layout))
    written(path, header, changed if isinstance(changed, dict) else {}, tensors)
    refused, network = is_refused(load, path)
    if not refused:
        for memories in network.memories.values():
            assert len(memories.latents) == len(memories.labels) == len(memories.indices)
            assert bool(torch.isfinite(memories.latents).all())


@given(content=st.binary(max_size=200))
def test_any_bytes(path, content):
    path.write_bytes(content)
    assert is_refused(read_header, path)[0]
    path.write_bytes(struct.pack("<Q", max(len(content) - 8, 0)) + b"{" + content)
    assert is_refused(read_header, path)[0]
