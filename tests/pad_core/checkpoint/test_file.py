import json
import pickle
import re
import shlex
import struct
import unicodedata
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

import pad_core
from pad_core.checkpoint import file as checkpoint
from pad_core.cli.display import checkpoint_summary
from pad_core.data.load import load_dataset
from pad_core.errors import PadError
from pad_core.model.condition import PAD
from pad_core.model.networks import build_networks
from pad_core.system.tensors import read_tensors, write_tensors


def test_a_checkpoint_stands_by_itself(exported, small):
    network = pad_core.load(exported)
    assert network.condition == PAD
    assert network.class_names == small.class_names
    assert network.name == "small · pad · seed 3 · epoch 0"
    assert network.history == [{"epoch": 1, "losses": {"image": 0.5}}]
    assert len(network.memories["train"]) == 256
    assert len(network.memories["test"]) == 100
    latents = network.memories["test"].latents[:4]
    dreams = network.generate(latents)
    assert dreams.shape == (4, 3, 32, 32)
    assert network.encode(dreams).shape == (4, 256)
    realness = network.realness(dreams)
    assert realness.shape == (4,)
    assert ((realness > 0) & (realness < 1)).all()


def test_memories_are_the_encoded_images(exported, small):
    network = pad_core.load(exported)
    memory = network.memories["test"]
    images = small.test.images[memory.indices]
    assert torch.equal(memory.labels, small.test.labels[memory.indices])
    error = (network.encode(images) - memory.latents).abs().max()
    assert error < 0.02 * memory.latents.abs().max()


def test_memory_i_is_the_same_image_in_every_network(small):
    a, b = (checkpoint.choose_memories(small, build_networks(s).encoder) for s in (0, 1))
    assert torch.equal(a["train"].indices, b["train"].indices)
    assert not torch.equal(a["train"].latents, b["train"].latents)


def test_rounding_is_within_half_a_step_and_as_announced(exported):
    networks = build_networks(3)
    loaded = pad_core.load(exported).networks
    rounded = checkpoint.rounded(networks, 8)
    for original, expected, found in zip(networks, rounded, loaded, strict=True):
        for name, weight in original.state_dict().items():
            assert torch.equal(expected.state_dict()[name], found.state_dict()[name])
            if name.endswith("weight"):
                axis = 1 if name.startswith("tconv") else 0
                others = [i for i in range(4) if i != axis]
                step = weight.abs().amax(dim=others, keepdim=True) / 127
                error = (found.state_dict()[name] - weight).abs()
                assert (error <= 0.501 * step).all(), name
                assert error.max() > 0
            else:
                assert torch.equal(found.state_dict()[name], weight)


def test_sixteen_bits_are_closer_than_eight():
    networks = build_networks(0)

    def error(bits):
        w = checkpoint.rounded(networks, bits).encoder.conv3.weight
        return (w - networks.encoder.conv3.weight).abs().max()

    assert error(16) < error(8) / 10


def test_a_full_checkpoint_at_8_bits_is_at_most_5_mb(tmp_path):
    full = load_dataset("fashion-mini")
    networks = build_networks(0)
    header = checkpoint.Header(PAD, checkpoint.dataset_record(full), full.class_names, 0, 0)
    path = tmp_path / "full.safetensors"
    memories = checkpoint.choose_memories(full, networks.encoder)
    assert (len(memories["train"]), len(memories["test"])) == (2000, 1000)
    checkpoint.save(path, networks, header, memories, bits=8)
    assert path.stat().st_size <= 5_000_000


def test_recording_metrics_leaves_the_tensors_alone(exported, tmp_path):
    path = tmp_path / "copy.safetensors"
    path.write_bytes(exported.read_bytes())
    checkpoint.update_metrics(path, {"linear_separability": 51.2})
    checkpoint.update_metrics(path, {"more": 1})
    before, after = read_tensors(exported)[0], read_tensors(path)[0]
    assert all(torch.equal(before[name], after[name]) for name in before)
    header = checkpoint.load_header(path)
    assert header.metrics == {"linear_separability": 51.2, "more": 1}
    assert header.weights_sha256 == checkpoint.load_header(exported).weights_sha256


def test_values_for_networks_are_checked(exported):
    network = pad_core.load(exported)
    with pytest.raises(PadError, match=r"Latents must have shape \(B, 256\)"):
        network.generate(torch.zeros(3, 10))
    with pytest.raises(PadError, match="Images must have shape"):
        network.encode(torch.zeros(3, 28, 28))


class TestDamagedFiles:
    """Each gets one sentence that names the file."""

    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "x.safetensors"

    def refused(self, path, message):
        with pytest.raises(PadError, match=message) as caught:
            pad_core.load(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)

    def rewrite(self, exported, path, **changes):
        tensors, header = read_tensors(exported)
        write_tensors(path, tensors | changes.pop("tensors", {}), header | changes)

    def test_missing(self, path):
        self.refused(path, "No such file")

    def test_a_folder(self, tmp_path):
        self.refused(tmp_path, "it is a folder")

    @pytest.mark.parametrize("share", [0.0, 1e-6, 0.001, 0.5, 0.99])
    def test_truncated(self, exported, path, share):
        whole = exported.read_bytes()
        path.write_bytes(whole[: int(len(whole) * share)])
        self.refused(path, "truncated|not a safetensors file")

    def test_random_bytes(self, path):
        path.write_bytes(bytes(range(256)) * 40)
        self.refused(path, "not a safetensors file")

    def test_a_pickle_is_not_opened(self, path):
        path.write_bytes(pickle.dumps({"a": 1}))
        self.refused(path, "is a PyTorch pickle")
        torch.save({"generator": {}}, path)
        self.refused(path, "is a PyTorch pickle.*pad_core import")
        spaced = path.rename(path.with_name("a b.pth"))
        self.refused(spaced, f"python -m pad_core import {shlex.quote(str(spaced))}$")

    def test_a_safetensors_file_of_another_program(self, path):
        save_file({"w": torch.ones(2)}, path)
        self.refused(path, "of another program")
        save_file({"w": torch.ones(2)}, path, metadata={"pad": "[]"})
        self.refused(path, "of another program")

    def test_the_state_of_a_run(self, path):
        write_tensors(path, {"w": torch.ones(2)}, {"format": "pad-run", "format_version": 1})
        self.refused(path, "not an exported PAD checkpoint.*export")

    def test_a_newer_version(self, exported, path):
        self.rewrite(exported, path, format_version=99)
        self.refused(path, "format version 99.*update")

    def test_a_header_with_a_hole(self, exported, path):
        self.rewrite(exported, path, history="none")
        self.refused(path, "damaged header: 'history' is malformed: expected a list, got text.$")
        tensors, header = read_tensors(exported)
        del header["epoch"]
        write_tensors(path, tensors, header)
        self.refused(path, "damaged header: 'epoch' is missing.$")
        self.rewrite(exported, path, condition={"name": "pad", "lamda": 1})
        self.refused(path, "damaged header.*'lamda'")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("dataset", {}),
            ("dataset", {"name": "", "n_train": 1, "n_test": 1}),
            ("dataset", {"name": 3, "n_train": 1, "n_test": 1}),
            ("dataset", {"name": "x", "n_train": None, "n_test": 1}),
            ("dataset", {"name": "x", "n_train": 10**300, "n_test": 1}),
            ("dataset", {"name": "x", "n_train": 1, "n_test": 1, "note": 3}),
            ("class_names", []),
            ("class_names", ["a", 2]),
            ("seed", -1),
            ("seed", True),
            ("epoch", -1),
            ("epoch", 1.5),
            ("recipe", {"epochs": 3}),
            ("history", ["x"]),
            ("history", [{"epoch": 1}]),
            ("history", [{"epoch": 1, "losses": {"image": "low"}}]),
            ("history", [{"epoch": 1, "losses": {}, "linear_separability": "high"}]),
            ("metrics", {"linear_separability": "high"}),
            ("metrics", {"linear_separability": 10**400}),
            ("metrics", {"occlusion": [1]}),
            ("metrics", {"baselines": {"pixels": 3}}),
            ("metrics", {"on": None}),
            ("export", {"rounding_cost_points": "none"}),
            ("weights_sha256", None),
            ("condition", {"name": "x", "base": ["pad"]}),
            ("condition", {"name": "x", "lam": 10**400}),
            ("condition", "pad"),
        ],
    )
    def test_a_header_of_other_types(self, exported, path, field, value):
        self.rewrite(exported, path, **{field: value})
        self.refused(path, "damaged header")

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "1" * 400])
    def test_numbers_that_are_none(self, exported, path, number):
        self.rewrite(exported, path, metrics={"mine": 123456789})
        patched = self.patched(path, "123456789", number)
        path.write_bytes(patched)
        self.refused(path, "damaged header.*not finite or too large")

    def test_a_header_that_is_nested_deeply(self, exported, path):
        for depth in (50, 100_000):
            self.rewrite(exported, path, metrics={"mine": 123456789})
            path.write_bytes(self.patched(path, "123456789", "[" * depth + "]" * depth))
            self.refused(path, "nested more than|no PAD header|no safetensors")

    @staticmethod
    def patched(path, old, new):
        """The file's bytes with another text in its header, and without the hash of all."""
        content = path.read_bytes()
        (length,) = struct.unpack("<Q", content[:8])
        raw = content[8 : 8 + length].replace(old.encode(), new.encode())
        raw = re.sub(rb'"pad_sha256":"\w+",|,"pad_sha256":"\w+"', b"", raw)
        return struct.pack("<Q", len(raw)) + raw + content[8 + length :]

    @pytest.mark.parametrize("version", [True, "1", None, 1.0])
    def test_a_version_that_is_no_number(self, exported, path, version):
        self.rewrite(exported, path, format_version=version)
        self.refused(path, "not an exported PAD checkpoint")

    def test_what_a_terminal_would_obey(self, exported, path):
        evil = "\x1b]0;owned\x07\x9b31m"
        names = [f"{evil}{i}" for i in range(10)]
        self.rewrite(
            exported, path, class_names=names, recipe={evil: evil},
            dataset={"name": evil, "spec": "", "note": evil, "n_train": 1, "n_test": 1},
        )  # fmt: skip
        network = pad_core.load(path)
        told = checkpoint_summary(network) + json.dumps(
            network.header.to_dict(), ensure_ascii=False
        )
        assert not {c for c in told if unicodedata.category(c) == "Cc"} - {"\n"}

    def test_weights_that_are_not_finite(self, exported, path):
        bias = torch.full((64,), float("nan"))
        self.rewrite(exported, path, tensors={"encoder.conv1.bias": bias})
        self.refused(path, "'encoder.conv1.bias' has values that are not finite")

    def test_weights_that_have_changed(self, exported, path):
        bias = read_tensors(exported)[0]["encoder.conv1.bias"]
        self.rewrite(exported, path, tensors={"encoder.conv1.bias": bias + 0.01})
        self.refused(path, "is damaged: its weights have changed since it was written")

    def test_wrong_shapes(self, exported, path):
        self.rewrite(exported, path, tensors={"encoder.conv1.bias": torch.zeros(63)})
        self.refused(path, r"'encoder.conv1.bias' has shape \(63,\), expected \(64,\)")

    def test_wrong_types(self, exported, path):
        bias = torch.zeros(64, dtype=torch.int32)
        self.rewrite(exported, path, tensors={"encoder.conv1.bias": bias})
        self.refused(path, "'encoder.conv1.bias' holds int32, which is neither")

    def test_missing_scales(self, exported, path):
        tensors, header = read_tensors(exported)
        del tensors["encoder.conv2.weight.scale"]
        write_tensors(path, tensors, header)
        self.refused(path, "scales of tensor 'encoder.conv2.weight'")

    def test_a_missing_tensor(self, exported, path):
        tensors, header = read_tensors(exported)
        del tensors["generator.tconv4.bias"]
        write_tensors(path, tensors, header)
        self.refused(path, "lacks tensor 'generator.tconv4.bias'")

    def test_an_unknown_tensor(self, exported, path):
        self.rewrite(exported, path, tensors={"decoder.w": torch.zeros(2)})
        self.refused(path, "doesn't know: 'decoder.w'")

    def test_memories_that_do_not_fit(self, exported, path):
        latents = torch.zeros((256, 100), dtype=torch.int32)
        self.rewrite(exported, path, tensors={"memories.test.latents.weight": latents})
        self.refused(path, "test memories have wrong shapes")
        labels = torch.zeros(99, dtype=torch.int16)
        self.rewrite(exported, path, tensors={"memories.test.labels": labels})
        self.refused(path, "test memories have wrong shapes")
        labels = torch.full((100,), 10, dtype=torch.int16)
        self.rewrite(exported, path, tensors={"memories.test.labels": labels})
        self.refused(path, "label without a class name")

    def test_offsets_that_lie(self, exported, path):
        content = exported.read_bytes()
        (length,) = struct.unpack("<Q", content[:8])
        layout = json.loads(content[8 : 8 + length])
        for offsets in ([4, 2], ["a", "b"], [0, 10**400], [0, float("inf")]):
            layout["encoder.conv1.bias"]["data_offsets"] = offsets
            raw = json.dumps(layout, ensure_ascii=False).encode()
            path.write_bytes(struct.pack("<Q", len(raw)) + raw + content[8 + length :])
            self.refused(path, "damaged|truncated|not a safetensors file")


def without_hash(path):
    """The file as versions before the hash of all wrote it."""
    content = TestDamagedFiles.patched(path, "\0", "\0")
    assert len(content) < path.stat().st_size
    return content


def test_a_file_without_a_hash_of_all_still_loads(exported, tmp_path):
    path = tmp_path / "old.safetensors"
    path.write_bytes(without_hash(exported))
    assert torch.equal(
        pad_core.load(path).memories["test"].latents,
        pad_core.load(exported).memories["test"].latents,
    )


@pytest.mark.parametrize("part", ["header", "encoder.conv2.weight", "memories.train.latents.weight",
                                  "memories.test.labels", "memories.test.indices"])  # fmt: skip
def test_a_bit_that_flips_is_noticed(exported, tmp_path, part):
    content = bytearray(exported.read_bytes())
    (length,) = struct.unpack("<Q", content[:8])
    layout = json.loads(content[8 : 8 + length])
    if part == "header":
        places = [content.index(b"losses") + 3, content.index(b"fashion-mini") + 2]
    else:
        start, end = layout[part]["data_offsets"]
        places = [8 + length + place for place in (start, (start + end) // 2, end - 1)]
    path = tmp_path / "flipped.safetensors"
    for place in places:
        for bit in (0, 3):
            flipped = bytearray(content)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            with pytest.raises(PadError, match="is damaged|damaged header|no PAD header"):
                pad_core.load(path)


def test_a_header_can_be_read_without_the_tensors(exported, tmp_path):
    header = checkpoint.load_header(exported)
    assert header.seed == 3
    assert replace(header, seed=4).to_dict()["seed"] == 4
    assert load_file(exported)["encoder.conv1.weight"].dtype == torch.int8
