"""Runs: the same seed gives the same run, whatever interrupts it."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from filelock import FileLock

import pad_core
from pad_core.checkpoint.training_config import Recipe
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS, PAD
from pad_core.system.hardware import choose_device
from pad_core.system.tensors import read_tensors
from pad_core.training.cycle import Trainer
from pad_core.training.loop import train

RECIPE = Recipe("fashion-mini", PAD, epochs=2, batch_size=16)


def weights(folder):
    tensors = read_tensors(folder / "state.safetensors")[0]
    return {k: v for k, v in tensors.items() if k.startswith(("encoder", "generator"))}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def whole(tiny, tmp_path_factory):
    """A run of two epochs in one go."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    train(folder, RECIPE, tiny, keep_epochs=[1])
    return folder


def test_a_run_leaves_what_it_promises(whole, tiny):
    assert json.loads((whole / "run.json").read_text()) == RECIPE.to_dict()
    lines = (whole / "history.jsonl").read_text().splitlines()
    history = [json.loads(line) for line in lines]
    assert [entry["epoch"] for entry in history] == [1, 2]
    assert set(history[0]["losses"]) == {"image", "kl", "external", "nrem", "internal"}
    assert history[1]["losses"]["image"] < history[0]["losses"]["image"]
    progress = json.loads((whole / "progress.json").read_text())
    assert (progress["epoch"], progress["step"], progress["steps"]) == (2, 4, 4)
    latest, first = (pad_core.load(whole / f"{n}.safetensors") for n in ("latest", "epoch-0001"))
    assert (latest.header.epoch, first.header.epoch) == (2, 1)
    assert latest.history == history
    assert len(latest.memories["train"]) == 64
    expected = weights(whole)["encoder.conv2.weight"]
    found = latest.networks.encoder.conv2.weight
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-3)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_run_and_another_seed_another(whole, tiny, tmp_path):
    train(tmp_path / "again", RECIPE, tiny)
    assert same(weights(tmp_path / "again"), weights(whole))
    train(tmp_path / "other", replace(RECIPE, seed=1), tiny)
    assert not same(weights(tmp_path / "other"), weights(whole))


def test_a_stop_within_an_epoch_changes_nothing(whole, tiny, tmp_path):
    folder, batches = tmp_path / "run", 0
    for stop_after in (3, 2):  # in the first epoch, then in the second

        def should_stop(limit=stop_after):
            nonlocal batches
            batches += 1
            return batches % limit == 0

        run = train(folder, RECIPE, tiny, resume=True, should_stop=should_stop)
        assert run.step > 0
        batches = 0
    run = train(folder, RECIPE, tiny, resume=True)
    assert run.epoch == 2
    assert same(weights(folder), weights(whole))
    found, expected = (
        [json.loads(line)["losses"] for line in (f / "history.jsonl").read_text().splitlines()]
        for f in (folder, whole)
    )
    assert found == expected


def test_more_epochs_can_be_added_later(whole, tiny, tmp_path):
    train(tmp_path / "run", replace(RECIPE, epochs=1), tiny)
    train(tmp_path / "run", RECIPE, tiny, resume=True)
    assert same(weights(tmp_path / "run"), weights(whole))


@pytest.mark.slow
def test_kill_9_and_resume_equals_one_go(image_folder, tmp_path):
    """2 + 2 epochs with a kill in between give the weights of 4 in one go, bit for bit."""
    command = [
        sys.executable, "-m", "pad_core", "train", "--dataset", f"folder:{image_folder}",
        "--batch-size", "8", "--precision", "fp32", "--device", "cpu", "--epochs", "4",
    ]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1"}

    def start(folder, *more):
        return subprocess.Popen(
            [*command, "--run", str(folder), *more], env=environment, stdout=subprocess.PIPE
        )

    killed = start(tmp_path / "killed")
    history = tmp_path / "killed" / "history.jsonl"
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if history.exists() and len(history.read_text().splitlines()) >= 2:
            break
        assert killed.poll() is None, killed.stdout.read()
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    header = read_tensors(tmp_path / "killed" / "state.safetensors")[1]
    assert 2 <= header["epoch"] < 4

    resumed, whole = start(tmp_path / "killed", "--resume"), start(tmp_path / "whole")
    for process in (resumed, whole):
        process.communicate(timeout=300)
        assert process.returncode == 0
    assert same(weights(tmp_path / "killed"), weights(tmp_path / "whole"))


@pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS)
def test_every_condition_lives_its_own_losses(condition, random):
    trainer = Trainer(replace(RECIPE, condition=condition))
    before = {n: m.conv1.weight.clone() for n, m in [("encoder", trainer.networks.encoder)]}
    images = torch.rand((8, 3, 32, 32), generator=random) * 2 - 1
    for _ in range(2):
        losses = trainer.cycle(images)
    expected = {"image", "kl"}
    expected |= {"nrem"} if "nrem" in condition.phases else set()
    expected |= {"external", "internal"} if "rem" in condition.phases else set()
    expected |= {"contrast"} if condition.contrast != "none" else set()
    assert set(losses) == expected
    assert all(torch.isfinite(loss) for loss in losses.values())
    assert not torch.equal(before["encoder"], trainer.networks.encoder.conv1.weight)


def test_a_cycle_is_algorithm_1(random):
    """One cycle against the same updates written out with plain tensors and optimisers."""
    trainer, twin = Trainer(RECIPE), Trainer(RECIPE)
    images = torch.rand((8, 3, 32, 32), generator=random) * 2 - 1
    trainer.cycle(images)

    from pad_core.model.occlusion import draw_nrem_mask

    (encoder, generator), adam = twin.networks, twin.optimisers
    z, logits = encoder(images)
    l_img = (images - generator(z)).square().mean()
    l_kl = (0.5 * (z.mean(0) ** 2 + z.var(0) - 1 - z.var(0).log())).mean()
    l_real = -logits.sigmoid().log().mean()
    (l_img + l_kl + l_real).backward()
    for optimiser in adam.values():
        optimiser.step()
        optimiser.zero_grad()
    z = z.detach()
    mask = draw_nrem_mask(twin.streams["nrem mask"])
    dream = generator(z).detach() * mask
    (z - encoder(dream)[0]).square().mean().backward()
    adam["encoder"].step()
    for optimiser in adam.values():
        optimiser.zero_grad()
    noise = torch.randn(z.shape, generator=twin.streams["rem noise"])
    fooled = encoder(generator(0.5 * z + 0.5 * noise))[1]
    l_rem = -(1 - fooled.sigmoid()).log().mean()
    e_params = [p for n, p in encoder.named_parameters() if not n.startswith("conv4")]
    g_params = list(generator.parameters())
    gradients = torch.autograd.grad(l_rem, e_params + g_params)
    for p, g in zip(e_params + g_params, gradients, strict=True):
        p.grad = g if any(p is q for q in e_params) else -g
    for optimiser in adam.values():
        optimiser.step()
    for found, expected in zip(trainer.networks, twin.networks, strict=True):
        for name, weight in expected.named_parameters():
            # Adam's first steps have size ~lr whatever the gradient's: allow a tenth of it.
            difference = (dict(found.named_parameters())[name] - weight).abs()
            assert (difference < 2e-5).float().mean() > 0.995, name


def test_bfloat16_follows_float32(random):
    images = torch.rand((8, 3, 32, 32), generator=random) * 2 - 1
    exact, fast = (Trainer(replace(RECIPE, precision=p)) for p in ("fp32", "bf16"))
    for _ in range(3):
        a, b = exact.cycle(images), fast.cycle(images)
    for name in a:
        assert abs(a[name] - b[name]) < 0.03 * abs(a[name]) + 0.005, name


def test_probing_while_training(tiny, tmp_path):
    entries = []
    recipe = replace(RECIPE, epochs=3, condition=CONDITIONS["wake_only"])
    train(tmp_path / "run", recipe, tiny, probe_every=2, on_epoch=entries.append)
    assert [("linear_separability" in e, "converged_separability" in e) for e in entries] == [
        (True, True)
    ] * 3
    assert all(5 < entry["linear_separability"] < 100 for entry in entries)


class TestRefusals:
    def test_a_folder_with_a_run(self, whole, tiny):
        with pytest.raises(PadError, match="already holds a run.*--resume"):
            train(whole, RECIPE, tiny)

    def test_another_recipe(self, whole, tiny):
        changed = replace(RECIPE, seed=9, condition=CONDITIONS["wo_rem"])
        with pytest.raises(
            PadError, match="differently.*seed was 0, now 9.*condition.name was 'pad'"
        ):
            train(whole, changed, tiny, resume=True)

    def test_a_folder_in_use(self, tiny, tmp_path):
        with (
            FileLock(tmp_path / ".lock"),
            pytest.raises(PadError, match="Another process is training"),
        ):
            train(tmp_path, RECIPE, tiny)

    def test_a_folder_that_is_a_file(self, tiny, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(PadError, match="Cannot use the folder"):
            train(tmp_path / "file", RECIPE, tiny)

    def test_too_few_images(self, tiny, tmp_path):
        with pytest.raises(PadError, match="64 training images, fewer than one"):
            train(tmp_path / "run", replace(RECIPE, batch_size=65), tiny)
        assert not (tmp_path / "run").exists()

    def test_a_state_of_something_else(self, exported, tiny, tmp_path):
        (tmp_path / "state.safetensors").write_bytes(exported.read_bytes())
        with pytest.raises(PadError, match="not a state that this version"):
            train(tmp_path, RECIPE, tiny, resume=True)

    def test_losses_that_diverge(self, tiny, tmp_path):
        recipe = replace(RECIPE, condition=replace(PAD, noise_level=1e38), epochs=1)
        with pytest.raises(
            PadError, match="losses of epoch 1 are not finite.*lower learning rates"
        ):
            train(tmp_path / "run", recipe, tiny)

    @pytest.mark.parametrize(
        "change",
        [{"epochs": 0}, {"batch_size": 1}, {"seed": -1}, {"learning_rate": 0.0}, {"epochs": 1.5}],
    )
    def test_impossible_recipes(self, change):
        with pytest.raises(PadError, match=next(iter(change))):
            replace(RECIPE, **change)

    def test_devices(self):
        if not torch.backends.mps.is_available():
            with pytest.raises(PadError, match="'mps' is not available"):
                choose_device("mps")
        for name in ("quantum", "meta", "mps:0", "cuda:x", ""):
            with pytest.raises(PadError, match="auto, cpu, mps, cuda or cuda:N"):
                choose_device(name)
        absent = "no CUDA here" if not torch.cuda.is_available() else "not available"
        with pytest.raises(PadError, match=absent):
            choose_device("cuda:99")
        assert choose_device("cpu").type == "cpu"
