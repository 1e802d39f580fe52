"""Files that nobody meant to show lie among the checkpoints: pages say so, and show the others."""

import json
import os
import struct
from pathlib import Path

import pytest

from explorer.library import networks
from pad_core.checkpoint.file import load_header, save
from pad_core.cli.main import main
from pad_core.system.tensors import read_tensors, write_tensors
from tests.explorer.pages import checkpoint_bytes, drawn, page_of, repository

GOOD = "checkpoints/good.safetensors"
PAGES = ("dream", "wall", "map", "probe", "curves", "storyboard", "train")


@pytest.fixture
def root(tmp_path, monkeypatch):
    return repository(tmp_path, monkeypatch, {GOOD: "pad"})


def rewritten(root, name, **changes):
    """The good checkpoint with other fields in its header."""
    tensors, header = read_tensors(root / GOOD)
    path = root / "checkpoints" / name
    write_tensors(path, tensors, {})
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    layout = json.loads(raw[8 : 8 + length])
    del layout["__metadata__"]["pad_sha256"]
    layout["__metadata__"]["pad"] = json.dumps(header | changes)  # with surrogates as \\ud800
    text = json.dumps(layout).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + raw[8 + length :])
    return path


def shows(view, **query):
    at = page_of(view, 120, checkpoint=GOOD, **query).run()
    assert not at.exception, at.exception
    return at


@pytest.mark.skipif(os.name != "posix", reason="names are Unicode elsewhere")
@pytest.mark.parametrize("view", PAGES)
def test_a_name_that_is_not_utf_8_takes_down_no_page(root, view):
    folder = os.fsencode(root / "checkpoints")
    for name, content in ((b"\xff\xfe", checkpoint_bytes("pad", 0)), (b"\xfe", b"junk")):
        Path(os.fsdecode(folder + b"/" + name + b".safetensors")).write_bytes(content)
    runs = Path(os.fsdecode(os.fsencode(root) + b"/runs/\xff"))
    runs.mkdir(parents=True)
    (runs / "run.json").write_text("{}")
    (runs / "latest.safetensors").write_bytes(checkpoint_bytes("pad", 0))
    Path(os.fsdecode(os.fsencode(root) + b"/data/\xff/train")).mkdir(parents=True)
    shows(view)
    listing = networks.list_checkpoints("", None)
    assert list(listing.headers) == [GOOD]
    assert len(listing.problems) == 3
    assert all("has a name that can't be shown; rename it" in p for p in listing.problems)
    "".join(listing.problems).encode()


@pytest.mark.parametrize("view", PAGES)
def test_texts_in_a_header_can_be_shown(root, view):
    names = [f"\ud800 {i}\x1b" for i in range(10)]
    _, header = read_tensors(root / GOOD)
    path = rewritten(
        root, "odd.safetensors", class_names=names, dataset=header["dataset"] | {"name": "\udfff"}
    )
    at = page_of(view, 120, checkpoint="checkpoints/odd.safetensors").run()
    assert not at.exception, at.exception
    assert load_header(path).class_names[0] == "� 0�"


def test_the_commands_print_and_write_such_texts(root, capfd, tmp_path):
    folder = root / "checkpoints"
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.safetensors"))
    _, header = read_tensors(root / GOOD)
    dataset = header["dataset"] | {"name": "\ud800x"}
    rewritten(root, "odd.safetensors", dataset=dataset).rename(odd)
    for command in (["info", odd], ["info", "--json", odd], ["cards", folder]):
        assert main([str(part) for part in command]) == 0
    out = tmp_path / "page.html"
    assert main(["reproduce", "fig4", "--checkpoints", str(folder), "--out", str(out)]) == 0
    said = capfd.readouterr()
    assert "��.safetensors" in said.out
    assert "�x" in (folder / "README.md").read_text()


@pytest.mark.skipif(os.name != "posix", reason="there are no such files elsewhere")
@pytest.mark.timeout(60)
def test_pipes_and_devices_hang_no_page(root):
    folder = root / "checkpoints"
    os.mkfifo(folder / "pipe.safetensors")
    (folder / "endless.safetensors").symlink_to("/dev/zero")
    run = root / "runs/hangs"
    run.mkdir(parents=True)
    for name in ("order.json", "run.json", "progress.json", "history.jsonl", "train.log"):
        os.mkfifo(run / name)
    shows("train")
    problems = networks.list_checkpoints("", None).problems
    assert sorted(p.split(": ")[1] for p in problems) == [
        "it is a device; give a file.",
        "it is a pipe; give a file.",
    ]


def test_what_was_refused_is_not_read_again(root, monkeypatch):
    (root / "checkpoints/bad.safetensors").write_bytes(b"no checkpoint at all")
    dropped = networks.Upload("dropped.safetensors", b"neither is this")
    read = []
    for name in ("load", "load_header"):
        real = getattr(networks.checkpoint, name)
        monkeypatch.setattr(
            networks.checkpoint, name, lambda path, real=real: read.append(path) or real(path)
        )
    first = networks.list_checkpoints("", dropped)
    assert len(first.problems) == 2
    assert any(p.startswith("dropped.safetensors is not") for p in first.problems)
    n = len(read)
    assert networks.list_checkpoints("", dropped) == first
    assert len(read) == n


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_what_could_not_be_read_is_tried_again(root):
    path = root / "checkpoints/locked.safetensors"
    path.write_bytes(checkpoint_bytes("pad", 0))
    path.chmod(0)
    assert "Permission denied" in networks.list_checkpoints("", None).problems[0]
    path.chmod(0o600)
    assert not networks.list_checkpoints("", None).problems


@pytest.mark.parametrize("view", PAGES)
@pytest.mark.parametrize("splits", [(), ("train",)])
def test_a_checkpoint_without_memories_gets_a_sentence(root, view, splits):
    network = networks.checkpoint.load(root / GOOD)
    kept = {split: network.memories[split] for split in splits}
    path = root / "checkpoints/bare.safetensors"
    save(path, network.networks, network.header, kept, bits=8)
    at = page_of(view, 120, checkpoint="checkpoints/bare.safetensors").run()
    assert not at.exception, at.exception
    if view in ("dream", "storyboard"):
        assert "stores 0 test memories" in at.error[0].value
        assert not drawn(at) or "pad-tile" not in drawn(at)[-1].proto.body
