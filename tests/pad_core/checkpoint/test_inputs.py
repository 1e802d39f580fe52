"""What a person hands to a network or to a command, in the forms in which they have it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

import pad_core
from pad_core.data.images import to_unit
from pad_core.errors import PadError
from pad_core.model.condition import find_condition


@pytest.fixture(scope="module")
def network(exported):
    return pad_core.load(exported)


@pytest.fixture(scope="module")
def images(small):
    return small.test.images[:3]


def forms(images):
    array = images.numpy()
    last = array.transpose(0, 2, 3, 1)
    read_only = array.copy()
    read_only.flags.writeable = False
    return {
        "uint8 tensor": images,
        "float tensor": to_unit(images),
        "uint8 array": array,
        "read-only array": read_only,
        "array from the end": array[::-1][::-1],
        "float32 array": to_unit(images).numpy(),
        "float64 array": to_unit(images).numpy().astype(np.float64),
        "channels last": last,
        "float, channels last": to_unit(images).numpy().transpose(0, 2, 3, 1),
        "pictures": [Image.fromarray(picture) for picture in last],
        "grey pictures": tuple(Image.fromarray(picture[..., 0]) for picture in last),
    }


def test_images_are_taken_in_every_form(network, images):
    latents, realness = network.encode(images), network.realness(images)
    for form, given in forms(images).items():
        torch.testing.assert_close(network.encode(given), latents, msg=form)
        torch.testing.assert_close(network.realness(given), realness, msg=form)


def test_a_picture_of_any_size_is_one_image(network, images):
    picture = Image.fromarray(images[0].permute(1, 2, 0).numpy())
    torch.testing.assert_close(network.encode(picture), network.encode(images[:1]))
    assert network.encode(picture.resize((300, 200)).convert("RGBA")).shape == (1, 256)


def test_latents_are_taken_as_arrays(network, images):
    latents = network.encode(images)
    expected = network.generate(latents)
    for given in (latents.numpy(), latents.double(), latents.numpy().astype(np.float16)):
        torch.testing.assert_close(network.generate(given), expected, atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((2, 3, 28, 28), np.uint8), r"not \(2, 3, 28, 28\)"),
        (np.zeros((32, 32, 3), np.uint8), "add the batch axis"),
        (np.zeros((2, 3, 32, 32), np.int64), "must be uint8 or float"),
        (np.zeros((2, 3, 32, 32), np.uint16), "must be uint8 or float"),
        (np.full((2, 3, 32, 32), 0.5) * 255, "must lie in"),
        (np.full((2, 3, 32, 32), np.nan), "must lie in"),
        (np.array(["a", "b"]), "not as <U1"),
        (np.array([None]), "not as object"),
        ("picture.png", "not as <U11|not as str"),
        (["picture.png"], "Pillow pictures"),
        ([np.zeros((3, 32, 32))], "stack arrays"),
        ([Image.new("F", (32, 32))], "its pixels are floats"),
        ([], "must have shape"),
        (None, "not as"),
    ],
)
def test_what_is_no_image_is_said(given, said, network):
    for method in (network.encode, network.realness):
        with pytest.raises(PadError, match=said):
            method(given)


def test_what_is_no_latent_is_said(network):
    for given in (np.zeros((3, 10)), np.zeros(256), "z"):
        with pytest.raises(PadError):
            network.generate(given)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_condition_may_be_written_in_any_unicode(encoding, tmp_path):
    path = tmp_path / "träume.json"
    fields = {"name": "träume", "base": "pad", "lam_prime": 0.8}
    path.write_bytes(json.dumps(fields, ensure_ascii=False).encode(encoding))
    condition = find_condition(str(path))
    assert (condition.name, condition.lam_prime) == ("träume", 0.8)
    path.write_bytes('{"name": "träume"}'.encode("latin-1"))
    with pytest.raises(PadError, match="is not JSON"):
        find_condition(str(path))
