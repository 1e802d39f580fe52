"""Files of the authors' published code, made here by a training script of the same form."""

from __future__ import annotations

import math
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

import pad_core
from pad_core.cli.main import main
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS, PAD
from pad_core.model.networks import build_networks
from pad_core.training import published_code
from pad_core.training.export import import_published


def block(layer, after):
    return nn.Sequential(layer, after)


class Discriminator(nn.Module):
    """The published encoder's layers under its names; biases that are not zero."""

    def __init__(self, nf=64, nz=256, channels=3):
        super().__init__()
        slope = nn.LeakyReLU(0.2)
        self.conv1 = block(nn.Conv2d(channels, nf, 4, 2, 1), slope)
        self.conv2 = block(nn.Conv2d(nf, 2 * nf, 4, 2, 1), slope)
        self.conv3 = block(nn.Conv2d(2 * nf, 4 * nf, 4, 2, 1), slope)
        self.conv4 = block(nn.Conv2d(4 * nf, nz, 4, 2, 0), nn.Flatten())
        self.dis = block(nn.Conv2d(4 * nf, 1, 4, 2, 0), nn.Flatten())

    def forward(self, images):
        features = self.conv3(self.conv2(self.conv1(images)))
        return self.conv4(features), torch.sigmoid(self.dis(features))[:, 0]


class Generator(nn.Module):
    """The published generator's layers under its names."""

    def __init__(self, nf=64, nz=256, channels=3):
        super().__init__()
        slope = nn.LeakyReLU(0.2)
        self.tconv1 = block(nn.ConvTranspose2d(nz, 4 * nf, 4, 1, 0), slope)
        self.tconv2 = block(nn.ConvTranspose2d(4 * nf, 2 * nf, 4, 2, 1), slope)
        self.tconv3 = block(nn.ConvTranspose2d(2 * nf, nf, 4, 2, 1), slope)
        self.tconv4 = block(nn.ConvTranspose2d(nf, channels, 4, 2, 1), nn.Tanh())

    def forward(self, latents):
        return self.tconv4(self.tconv3(self.tconv2(self.tconv1(latents[:, :, None, None]))))


def script(folder, epochs=3, parallel=False, legacy=False, **options):
    """Train for some epochs and save what the published script saves after each."""
    torch.manual_seed(7)
    encoder, generator = Discriminator(**options), Generator(**options)
    optimisers = [torch.optim.Adam(n.parameters(), 2e-3) for n in (generator, encoder)]
    wrap = nn.DataParallel if parallel else lambda network: network
    lists = {name: [] for name in published_code.LOSSES}
    for epoch in range(epochs):
        store = {name: [] for name in lists}
        for _ in range(2):
            images = torch.rand(8, options.get("channels", 3), 32, 32) * 2 - 1
            latents, realness = encoder(images)
            image = (generator(latents) - images).square().mean()
            external = -realness.log().mean()
            for optimiser in optimisers:
                optimiser.zero_grad()
            (image + external).backward()
            for optimiser in optimisers:
                optimiser.step()
            for name, value in (("d_losses", external.item() + 0.5), ("g_losses", -0.5),
                                ("r_losses_real", image.item()), ("r_losses_fake", 0.25),
                                ("kl_losses", 0.125)):  # fmt: skip
                store[name].append(value)
        for name in lists:
            lists[name].append(np.mean(store[name]))
        weights = {
            "generator": wrap(generator).state_dict(),
            "discriminator": wrap(encoder).state_dict(),
        }
        states = {"g_optim": optimisers[0].state_dict(), "d_optim": optimisers[1].state_dict()}
        torch.save(weights | states | lists, folder / "trained.pth",
                   _use_new_zipfile_serialization=not legacy)  # fmt: skip
        if epoch == 1:
            torch.save(weights, folder / "trained2.pth")
    return encoder.eval(), generator.eval(), lists


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"parallel": True},
        {"legacy": True},
        {"nz": 100},
        {"nf": 32},
        {"channels": 1},
        {"nf": 16, "nz": 64, "channels": 1, "parallel": True},
    ],
)
def test_what_the_script_writes_becomes_the_same_network(options, tiny, tmp_path):
    encoder, generator, lists = script(tmp_path, **options)
    out = tmp_path / "ours.safetensors"
    header = import_published(tmp_path / "trained.pth", out, PAD, tiny, seed=1, bits=16)
    assert header.epoch == 3
    network = pad_core.load(out)
    grey = tiny.test.images[:16].float() / 127.5 - 1  # equal channels
    nz, channels = options.get("nz", 256), options.get("channels", 3)
    with torch.inference_mode():
        latents, realness = encoder(grey[:, :channels])
        dreams = generator(latents)
    found = network.encode(grey)
    assert (found[:, :nz] - latents).abs().max() < 2e-3 * latents.abs().max()
    assert found[:, nz:].abs().max() == 0 if nz < 256 else True
    assert (network.generate(found) - dreams).abs().max() < 2e-3
    assert (network.realness(grey) - realness).abs().max() < 1e-3
    first = header.history[0]
    assert first["losses"]["image"] == pytest.approx(float(lists["r_losses_real"][0]), abs=1e-5)
    assert first["losses"]["internal"] == 0.5
    assert first["losses"]["external"] == pytest.approx(float(lists["d_losses"][0]) - 0.5, abs=1e-5)
    assert [line["epoch"] for line in header.history] == [1, 2, 3]


def test_weights_are_the_published_ones_to_the_bit(tmp_path):
    encoder, generator, _ = script(tmp_path, epochs=1)
    networks = build_networks(0)
    published_code.read(tmp_path / "trained.pth", networks)
    for theirs, ours in ((encoder, networks.encoder), (generator, networks.generator)):
        for name, value in theirs.state_dict().items():
            assert torch.equal(ours.state_dict()[name.replace(".0.", ".")], value)


def test_losses_are_those_that_the_condition_learns_from(tiny, tmp_path):
    script(tmp_path, epochs=2)
    path, out = tmp_path / "trained.pth", tmp_path / "ours.safetensors"
    condition = CONDITIONS["wo_rem"]
    header = import_published(path, out, condition, tiny, seed=0, bits=16)
    assert set(header.history[0]["losses"]) == {"image", "kl", "nrem"}
    content = torch.load(path, weights_only=False)
    content["kl_losses"][1] = math.inf  # as after a restart from a file without losses
    torch.save(content, path)
    header = import_published(path, out, PAD, tiny, seed=0, bits=16)
    assert "kl" not in header.history[1]["losses"]
    assert pad_core.load(out).history == header.history


def test_epochs_are_those_of_the_file_unless_told_otherwise(tiny, tmp_path):
    script(tmp_path, epochs=2)
    out = tmp_path / "ours.safetensors"

    def epoch(name, **given):
        path = tmp_path / name
        return import_published(path, out, PAD, tiny, seed=0, bits=16, **given).epoch

    assert epoch("trained.pth") == 2
    assert epoch("trained.pth", epoch=50) == 50
    assert pad_core.load(out).history == []  # of other epochs than that
    assert epoch("trained2.pth") == 2
    (tmp_path / "trained2.pth").rename(tmp_path / "weights.pth")
    with pytest.raises(PadError, match="does not say how many epochs it was trained; give --epoch"):
        epoch("weights.pth")
    assert epoch("weights.pth", epoch=7) == 7


def test_the_command_reads_it(tmp_path, capsys):
    script(tmp_path, epochs=2)
    out = tmp_path / "ours.safetensors"
    command = ["import", str(tmp_path / "trained.pth"), "--dataset", "fashion-mini",
               "--bits", "16", "--out", str(out)]  # fmt: skip
    assert main(command) == 0
    assert "at 16 bits" in capsys.readouterr().out
    assert pad_core.load(out).header.epoch == 2


@pytest.mark.parametrize("options", [{"nz": 300}, {"nf": 65}])
def test_larger_networks_are_refused(options, tmp_path):
    script(tmp_path, epochs=1, **options)
    with pytest.raises(PadError, match="networks of up to 64 and 256 can be imported"):
        published_code.read(tmp_path / "trained.pth", build_networks(0))


# --- What such a file may hold --------------------------------------------------------------------


class Call:
    """Pickles as a call of a function by name."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "value",
    [
        Call(print, "it has run"),
        Call(np.load, "x.npy"),
        np.array([1.0, 2.0]),
        np.array(["text"], dtype=object),
        np.datetime64("2024-01-01"),
        np.str_("text"),
        np.complex128(1j),
    ],
)
def test_nothing_but_numbers_is_opened(value, tmp_path, capsys):
    script(tmp_path, epochs=1)
    path = tmp_path / "trained.pth"
    content = torch.load(path, weights_only=False)
    content["d_losses"] = [value]
    torch.save(content, path)
    with pytest.raises(PadError, match="holds more than weights.* could run code"):
        published_code.read(path, build_networks(0))
    assert "it has run" not in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["<f8", ">f8", "<f4", "<f2", "<i8", ">i4"])
def test_numbers_of_numpys_types_are_read_exactly(kind, tmp_path):
    value = np.array([3], kind)[0] if "i" in kind else np.array([0.3], kind)[0]
    script(tmp_path, epochs=1)
    path = tmp_path / "trained.pth"
    content = torch.load(path, weights_only=False)
    content["kl_losses"] = [np.frombuffer(np.array(value, kind).tobytes(), kind)[0]]
    torch.save(content, path)
    read = published_code.read(path, build_networks(0))
    assert read.losses[0]["kl"] == float(value)


def test_names_of_older_numpy_are_known(tmp_path):
    """Files of 2022 name ``numpy.core``, today's ``numpy._core``."""
    script(tmp_path, epochs=1)
    path = tmp_path / "trained.pth"
    older = tmp_path / "older.pth"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(older, "w") as target:
        for item in source.infolist():
            data = source.read(item)
            if item.filename.endswith("data.pkl"):
                assert b"numpy._core.multiarray" in data
                data = data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
            target.writestr(item, data)
    for file in (path, older):
        assert published_code.read(file, build_networks(0)).epoch == 1


@pytest.mark.parametrize("state", [None, 5, (3, "|", None), ("x",) * 9])
def test_a_hostile_type_of_numbers_does_no_harm(state, tmp_path):
    kind = np.dtype("f8")
    made = pickle.loads(pickle.dumps(kind, 2))
    assert made == kind
    stands_in = published_code._NumberType("f8")
    stands_in.__setstate__(state)
    assert published_code._number(stands_in, b"\0" * 8) == 0.0
    with pytest.raises(pickle.UnpicklingError):
        published_code._number(stands_in, b"\0" * 9)
    with pytest.raises(pickle.UnpicklingError):
        published_code._number(kind, b"\0" * 8)


@pytest.mark.skipif(os.name != "posix", reason="there are no such files elsewhere")
@pytest.mark.timeout(30)
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "trained.pth")
    with pytest.raises(PadError, match="it is a pipe"):
        published_code.read(tmp_path / "trained.pth", build_networks(0))
