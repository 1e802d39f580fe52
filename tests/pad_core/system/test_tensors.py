import json
import struct
import time

import pytest
import torch

from pad_core.errors import PadError
from pad_core.system import tensors


def test_tensors_and_header_survive(tmp_path):
    path = tmp_path / "deep" / "a.safetensors"
    written = {"a": torch.arange(6).reshape(2, 3), "b": torch.ones(2, 2).T}
    tensors.write_tensors(path, written, {"λ": 0.5})
    found, header = tensors.read_tensors(path)
    assert header == {"λ": 0.5} == tensors.read_header(path)
    assert all(torch.equal(found[name], written[name]) for name in written)


def test_the_hash_of_tensors_ignores_headers_and_sees_every_value():
    a = {"x": torch.zeros(3), "y": torch.ones(2)}
    same = {"y": torch.ones(2), "x": torch.zeros(3)}
    assert tensors.tensors_sha256(a) == tensors.tensors_sha256(same)
    changed = [
        {"x": torch.zeros(3), "y": torch.tensor([1.0, 2.0])},
        {"x": torch.zeros(3, dtype=torch.int32), "y": torch.ones(2)},
        {"x": torch.zeros(1, 3), "y": torch.ones(2)},
        {"z": torch.zeros(3), "y": torch.ones(2)},
    ]
    assert len({tensors.tensors_sha256(t) for t in [a, *changed]}) == 5


def write_raw(path, header):
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    return path


@pytest.mark.timeout(20)
def test_a_header_that_is_much_json_is_refused_unread(tmp_path):
    much = json.dumps({"__metadata__": {"pad": "[" + "[]," * 16_000_000 + "[]]"}}).encode()
    path = write_raw(tmp_path / "much.safetensors", much)
    started = time.process_time()
    with pytest.raises(PadError, match="its header has 48 MB; 4 MB are the most"):
        tensors.read_header(path)
    assert time.process_time() - started < 0.5


def test_a_file_that_says_it_is_endless_is_refused(tmp_path):
    n = 10**12
    entry = {"dtype": "U8", "shape": [n], "data_offsets": [0, n]}
    header = json.dumps({"a": entry, "__metadata__": {"pad": "{}"}}).encode()
    path = write_raw(tmp_path / "endless.safetensors", header)
    with path.open("ab") as file:
        file.truncate(8 + len(header) + n)
    with pytest.raises(PadError, match="1,000,000.0 MB; 2,000.0 MB are the most"):
        tensors.read_tensors(path)
