"""What a script may hand to the public functions: right in many forms, wrong in one sentence."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import pad_core
from pad_core import (
    CONDITIONS,
    Mixture,
    PadError,
    Recipe,
    evaluate,
    export_run,
    find_condition,
    fit_converged,
    load,
    load_dataset,
    nrem_dreams,
    picture_grid,
    png_bytes,
    rem_dreams,
    train,
)
from tests.helpers import ROOT

CHECKPOINT = ROOT / "checkpoints/cifar10-wo_memory_mix-seed0.safetensors"


@pytest.fixture(scope="module")
def network():
    return load(CHECKPOINT)


@pytest.fixture(scope="module")
def latents(network):
    return network.memories["test"].latents[:6]


def test_arrays_and_tensors_are_the_same(network, latents):
    networks, mixture = network.networks, Mixture(0.5, 0.5, 1.0)
    for other in (latents.numpy(), latents.double(), latents.numpy().astype(">f4")):
        assert torch.equal(network.generate(other), network.generate(latents))
        assert torch.equal(
            nrem_dreams(networks, other, np.float64(0.3), np.int64(4), np.int64(1)).occluded,
            nrem_dreams(networks, latents, 0.3, 4, 1).occluded,
        )
        assert torch.equal(
            rem_dreams(networks, other, other[::-1].copy() if isinstance(other, np.ndarray)
                       else other.flip(0), mixture, np.int64(2)).dreams,
            rem_dreams(networks, latents, latents.flip(0), mixture, 2).dreams,
        )  # fmt: skip


def test_channels_may_come_last(network, random):
    images = torch.randint(0, 256, (2, 3, 32, 32), generator=random, dtype=torch.uint8)
    last = images.permute(0, 2, 3, 1).contiguous()
    for other in (last, last.numpy(), images.numpy()):
        assert torch.equal(network.encode(other), network.encode(images))


def test_results_can_be_learnt_from(network, latents):
    seen = network.encode(network.generate(latents))
    seen -= seen.mean(dim=0)
    weight = torch.zeros(256, 10, requires_grad=True)
    (seen @ weight).sum().backward()
    dreams = rem_dreams(network.networks, latents, latents, network.condition.rem_mixture, 0)
    (dreams.latents @ weight).sum().backward()
    assert weight.grad is not None


def test_a_deep_picture_is_scaled_by_the_bits_in_use(network):
    ramp = np.linspace(0, 4095, 1024).astype(np.uint16).reshape(32, 32)
    eight = Image.fromarray((ramp.astype(int) * 255 // 4095).astype(np.uint8))
    difference = network.encode(Image.fromarray(ramp)) - network.encode(eight)
    assert float(difference.abs().max()) < 0.2
    assert float(network.encode(eight).abs().max()) > 1


def test_numbers_of_numpy_are_numbers():
    condition = replace(CONDITIONS["pad"], name="x", lam=np.linspace(0, 1, 3)[1],
                        memories=np.int64(3))  # fmt: skip
    assert condition == replace(CONDITIONS["pad"], name="x", lam=0.5, memories=3)
    assert type(condition.lam) is float
    assert type(condition.memories) is int
    assert Mixture(np.float32(0.5), 1, 0) == Mixture(0.5, 1.0, 0.0)


def test_probes_take_labels_of_any_whole_kind(latents):
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    probe = fit_converged(latents, labels, 3)
    for other in (labels.numpy(), labels.to(torch.uint8), labels.int()):
        same = fit_converged(latents.numpy().astype(np.float64), other, 3)
        assert torch.equal(same.weight, probe.weight)
        assert same.accuracy(latents.numpy(), other) == probe.accuracy(latents, labels) == 100


def test_what_they_are_is_told_in_a_line(network):
    assert repr(network) == f"<PadNetwork {network.name} from {CHECKPOINT}>"
    fashion = load_dataset("fashion-mini")
    assert repr(fashion) == "<DataSet fashion-mini: 5,000 + 1,000 images of 10 classes>"
    assert len({network, fashion}) == 2


def test_a_network_is_trained_exported_and_measured(image_folder, tmp_path):
    condition = find_condition("wake_only", {"weight_kl": 0.5, "name": "mine"})
    assert condition == find_condition("wake_only", {"weight_kl": "0.5", "name": "mine"})
    recipe = Recipe(f"folder:{image_folder}", condition, epochs=1, batch_size=16)
    entries = []
    train(f"{tmp_path}/run", recipe, on_epoch=entries.append)
    with pytest.raises(PadError, match=r"already holds a run; add --resume to go on \(resume=True"):
        train(tmp_path / "run", recipe)
    header = export_run(str(tmp_path / "run"), f"{tmp_path}/mine.safetensors", bits=8)
    trained = load(tmp_path / "mine.safetensors")
    assert trained.condition == header.condition == condition
    assert trained.history[0]["losses"] == entries[0]["losses"]
    found = evaluate(trained)  # without data, with its own memories
    assert found["on"] == "reconstructions"
    assert 0 < found["linear_separability"] <= 100


@pytest.mark.parametrize(
    "call",
    [
        lambda n, z: n.generate(z[0]),
        lambda n, z: n.generate(z[:, :100]),
        lambda n, z: n.generate(z / 0),
        lambda n, z: n.generate(z.int()),
        lambda n, z: n.generate(z.to(torch.complex64)),
        lambda n, z: n.generate(z.to_sparse()),
        lambda n, z: n.generate(z.to("meta")),
        lambda n, z: n.generate("latents"),
        lambda n, z: n.encode(torch.zeros(2, 32, 32, 4)),
        lambda n, z: n.encode(Image.new("RGB", (0, 0))),
        lambda n, z: n.encode([]),
        lambda n, z: nrem_dreams(n, z, 0.3, 4, 0),
        lambda n, z: nrem_dreams(n.networks, z[0], 0.3, 4, 0),
        lambda n, z: nrem_dreams(n.networks, z.tolist()[0], 0.3, 4, 0),
        lambda n, z: nrem_dreams(n.networks, z, "0.3", 4, 0),
        lambda n, z: nrem_dreams(n.networks, z, 0.3, 4.0, 0),
        lambda n, z: nrem_dreams(n.networks, z, 0.3, 4, -1),
        lambda n, z: nrem_dreams(n.networks, z, 0.3, 4, 0.5),
        lambda n, z: nrem_dreams(n.networks, z, 0.3, 4, 0, kinds=("nope",)),
        lambda n, z: nrem_dreams(n.networks, z, 0.3, 4, 0, kinds=()),
        lambda n, z: rem_dreams(n, z, z, n.condition.rem_mixture, 0),
        lambda n, z: rem_dreams(n.networks, z, z, n.condition, 0),
        lambda n, z: rem_dreams(n.networks, z, z, None, 0),
        lambda n, z: rem_dreams(n.networks, z[:1], z[:3], n.condition.rem_mixture, 0),
        lambda n, z: Mixture(2, 0.5, 1.0),
        lambda n, z: Mixture(float("nan"), 0.5, 1.0),
        lambda n, z: Mixture(0.5, 0.5, float("inf")),
        lambda n, z: Mixture(0.5, "a", 1.0),
        lambda n, z: Mixture(0.5, 0.5, 1.0, "foo"),
        lambda n, z: fit_converged(z, torch.zeros(6), 3),
        lambda n, z: fit_converged(z, torch.zeros(6, dtype=torch.bool), 3),
        lambda n, z: fit_converged(z, torch.zeros(6, 1).long(), 3),
        lambda n, z: fit_converged(z[:, :0], torch.zeros(6).long(), 3),
        lambda n, z: fit_converged(z, torch.zeros(6).long(), 3, max_iterations=0),
        lambda n, z: fit_converged(z, torch.zeros(6).long(), 3, tolerance=float("nan")),
        lambda n, z: fit_converged(z, torch.zeros(6).long(), 3).predict(z[:, :9]),
        lambda n, z: fit_converged(z, torch.zeros(6).long(), 3).accuracy(z, torch.zeros(6, 1)),
        lambda n, z: fit_converged(z, torch.zeros(6).long(), 3).accuracy(z, torch.zeros(1)),
        lambda n, z: fit_converged(z, torch.zeros(6).long(), 3).accuracy(z[:0], torch.zeros(0)),
        lambda n, z: picture_grid(n.generate(z)[0], 2),
        lambda n, z: picture_grid(n.generate(z)[:0], 2),
        lambda n, z: picture_grid(torch.zeros(1, 3, 4, 4).int(), 1),
        lambda n, z: picture_grid(n.generate(z), 0),
        lambda n, z: picture_grid(n.generate(z), 2.0),
        lambda n, z: picture_grid(n.generate(z), 2, gap_px=-40),
        lambda n, z: picture_grid(n.generate(z), 2, background=256),
        lambda n, z: png_bytes(np.zeros((4, 4, 3))),
        lambda n, z: png_bytes(np.zeros((4, 4), np.uint8)),
        lambda n, z: png_bytes(torch.zeros(4, 4, 3, dtype=torch.uint8)),
        lambda n, z: png_bytes(np.zeros((4, 4, 3), np.uint8), scale=0),
        lambda n, z: png_bytes(np.zeros((4, 4, 3), np.uint8), scale=10**5),
        lambda n, z: png_bytes(np.zeros((4, 4, 3), np.uint8), level=10),
        lambda n, z: find_condition(None),
        lambda n, z: find_condition("pat"),
        lambda n, z: find_condition("pad", {"lam": None}),
        lambda n, z: find_condition("pad", {"lam": torch.zeros(3)}),
        lambda n, z: find_condition("pad", {"lamb": 0.5}),
        lambda n, z: Recipe("fashion-mini", "pad"),
        lambda n, z: Recipe(None),
        lambda n, z: train("x", "pad"),
        lambda n, z: train(None, Recipe()),
        lambda n, z: train("x", Recipe("no-such-data")),
        lambda n, z: train("x", Recipe(), n),
        lambda n, z: train("x", Recipe(), device="gpu"),
        lambda n, z: train("x", Recipe(), keep_epochs=3),
        lambda n, z: train("x", Recipe(), probe_every="a"),
        lambda n, z: export_run("no such run", "x.safetensors"),
        lambda n, z: export_run("x", "x.safetensors", bits=4),
        lambda n, z: evaluate(CHECKPOINT),
        lambda n, z: evaluate(n, "cifar10"),
        lambda n, z: load(None),
        lambda n, z: load("~/there is none.safetensors"),
        lambda n, z: load(CHECKPOINT, "gpu"),
    ],
)
def test_what_is_wrong_is_told(network, latents, call):
    with pytest.raises(PadError) as told:
        call(network, latents)
    assert str(told.value).endswith((".", "?")), told.value


def test_a_record_is_read_without_the_network(network):
    header = pad_core.load_header(str(CHECKPOINT))
    assert header.metrics == network.metrics
    assert header.class_names == network.class_names
    with pytest.raises(PadError, match="not by 5"):
        pad_core.load_header(5)


def test_a_path_is_a_data_set(tmp_path):
    for name in ("dog", "cat"):
        (tmp_path / name).mkdir()
        for i in range(8):
            Image.new("RGB", (32, 32), (i * 20, 0, 0)).save(tmp_path / name / f"{i}.png")
    assert load_dataset(tmp_path).class_names == ("cat", "dog")


def test_all_public_names_are_there():
    assert all(hasattr(pad_core, name) for name in pad_core.__all__)
