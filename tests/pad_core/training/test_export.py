"""From a run to a file that ships, and from the published code's layout to ours."""

from dataclasses import replace

import pytest
import torch

import pad_core
from pad_core.checkpoint.training_config import Recipe
from pad_core.cli.main import main
from pad_core.errors import PadError
from pad_core.model.condition import PAD
from pad_core.model.networks import build_networks
from pad_core.training.export import (
    TOLERANCE_POINTS,
    export_file,
    export_run,
    import_published,
    read_recipe,
)
from pad_core.training.loop import train

RECIPE = Recipe("fashion-mini", replace(PAD, phases=("wake",)), epochs=1, batch_size=16)


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    train(folder, RECIPE, tiny)
    return folder


def test_a_run_becomes_a_checkpoint_with_its_rounding_measured(run, tiny, tmp_path):
    out = tmp_path / "network.safetensors"
    assert read_recipe(run) == RECIPE
    written = export_run(run, out, tiny)
    network = pad_core.load(out)
    assert network.header == written
    assert network.header.epoch == 1
    assert network.history[0]["epoch"] == 1
    assert network.header.recipe["batch_size"] == 16
    export = network.header.export
    cost = export["converged_separability_full_precision"] - export["converged_separability"]
    assert export["rounding_cost_points"] == pytest.approx(cost)
    assert export["bits"] == 8 if abs(cost) <= TOLERANCE_POINTS else 16
    memory = network.memories["test"]
    found = network.encode(tiny.test.images[memory.indices])
    assert (found - memory.latents).abs().max() <= memory.latents.abs().max() / 127


def test_bits_can_be_chosen(run, tiny, tmp_path):
    sizes = {}
    for bits in (8, 16):
        out = tmp_path / f"{bits}.safetensors"
        assert export_run(run, out, tiny, bits).export["bits"] == bits
        sizes[bits] = out.stat().st_size
    assert sizes[16] > 1.8 * sizes[8]


def test_a_kept_epoch_becomes_a_compact_checkpoint(run, tiny, tmp_path):
    out = tmp_path / "early.safetensors"
    written = export_file(run / "latest.safetensors", out, tiny, bits=8)
    early, kept = pad_core.load(out), pad_core.load(run / "latest.safetensors")
    assert (written.epoch, written.condition) == (kept.header.epoch, kept.condition)
    assert written.export["bits"] == 8
    assert out.stat().st_size < 0.6 * kept.path.stat().st_size
    step = kept.networks.encoder.conv2.weight.abs().amax() / 127
    error = early.networks.encoder.conv2.weight - kept.networks.encoder.conv2.weight
    assert error.abs().max() <= 0.51 * step


@pytest.mark.parametrize("bits", [8, 16])
def test_an_exported_file_is_not_exported_again_as_if_it_had_full_precision(
    run, tiny, tmp_path, capsys, bits
):
    out, again = tmp_path / "out.safetensors", tmp_path / "again.safetensors"
    export_run(run, out, tiny, bits)
    assert main(["export", str(out), "--out", str(again)]) == 2
    assert "is an export already" in capsys.readouterr().err
    with pytest.raises(PadError, match="export its run folder"):
        export_file(out, again, tiny)
    assert not again.exists()


def test_a_checkpoint_has_no_ending_of_another_format(run, tmp_path, capsys):
    out = tmp_path / "x.pth"
    for source in (run, run / "latest.safetensors"):
        assert main(["export", str(source), "--out", str(out)]) == 2
        assert "ends in .safetensors, not" in capsys.readouterr().err
    assert not out.exists()


def test_what_is_no_finished_run_is_refused(tiny, tmp_path):
    with pytest.raises(PadError, match="not a run folder"):
        export_run(tmp_path, tmp_path / "x", tiny)
    train(tmp_path / "run", RECIPE, tiny, should_stop=lambda: True)
    with pytest.raises(PadError, match="has not finished an epoch"):
        export_run(tmp_path / "run", tmp_path / "x", tiny)
    train(tmp_path / "run", replace(RECIPE, epochs=2), tiny, resume=True)
    train(tmp_path / "run", replace(RECIPE, epochs=3), tiny, resume=True, should_stop=lambda: True)
    with pytest.raises(PadError, match=r"stopped within epoch 3.*latest.safetensors"):
        export_run(tmp_path / "run", tmp_path / "x", tiny)


def test_a_runs_own_state_is_never_overwritten(tiny, tmp_path):
    folder = tmp_path / "run"
    train(folder, replace(RECIPE, epochs=1), tiny)
    state = folder / "state.safetensors"
    before = state.read_bytes()
    with pytest.raises(PadError, match="is the run itself"):
        export_run(folder, folder / ".." / "run" / state.name, tiny)
    with pytest.raises(PadError, match="is the run itself"):
        export_file(folder / "latest.safetensors", state, tiny)
    assert state.read_bytes() == before


def published(networks, prefix=""):
    """The same weights in the layout of the authors' files: layers in sequences of one."""
    entries = {}
    for key, network in (("discriminator", networks.encoder), ("generator", networks.generator)):
        entries[key] = {
            f"{prefix}{name.replace('.', '.0.')}": value
            for name, value in network.state_dict().items()
        }
    return entries | {"d_losses": [0.7, 0.6]}


@pytest.mark.parametrize("prefix", ["", "module."])
def test_published_networks_can_be_imported(tiny, tmp_path, prefix):
    networks = build_networks(11)
    torch.save(published(networks, prefix), tmp_path / "trained.pth")
    out = tmp_path / "ours.safetensors"
    import_published(tmp_path / "trained.pth", out, PAD, tiny, seed=2, epoch=50, bits=16)
    network = pad_core.load(out)
    assert (network.header.seed, network.header.epoch) == (2, 50)
    images = tiny.test.images[:4]
    expected = networks.encoder.latents(images.float() / 127.5 - 1)
    torch.testing.assert_close(network.encode(images), expected, rtol=1e-2, atol=1e-4)
    z = torch.randn((2, 256), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network.generate(z), networks.generator(z), rtol=1e-2, atol=1e-3)


class Malicious:
    def __reduce__(self):
        return (print, ("a pickle has run code",))


def test_what_cannot_be_imported_is_refused(tiny, tmp_path, capsys):
    path, out = tmp_path / "trained.pth", tmp_path / "ours.safetensors"

    def refused(content, message):
        if content is not None:
            torch.save(content, path)
        with pytest.raises(PadError, match=message):
            import_published(path, out, PAD, tiny, seed=0, epoch=1)
        assert not out.exists()

    refused(None, "There is no file")
    path.write_text("not a torch file")
    refused(None, "holds more than weights, or is damaged")
    refused({"generator": Malicious()}, "could run code")
    path.rename(tmp_path / "x.safetensors")  # the name says nothing
    with pytest.raises(PadError, match="could run code"):
        import_published(tmp_path / "x.safetensors", out, PAD, tiny, seed=0, epoch=1)
    assert "has run code" not in capsys.readouterr().out
    refused([1, 2], "no entry 'discriminator'")
    good = published(build_networks(0))
    refused({"generator": good["generator"]}, "no entry 'discriminator'")
    torch.save(good, path)
    path.write_bytes(path.read_bytes()[:-1000])
    refused(None, "holds more than weights, or is damaged")
    lacking = published(build_networks(0))
    del lacking["generator"]["tconv2.0.bias"]
    refused(lacking, r"generator lacks 'tconv2.0.bias' of shape \(128,\)")
    wide = published(build_networks(0))
    wide["discriminator"]["conv1.0.weight"] = torch.zeros(64, 1, 4, 4)
    refused(wide, "generator lacks 'tconv4.0.weight' of shape \\(64, 1, 4, 4\\)")
    broken = published(build_networks(0))
    broken["discriminator"]["conv1.0.bias"][3] = float("nan")
    refused(broken, "'conv1.0.bias' has values that are not finite")
    more = published(build_networks(0))
    more["generator"]["extra.0.weight"] = torch.zeros(1)
    refused(more, "unknown entry 'extra.0.weight'")
    sparse = published(build_networks(0))
    sparse["generator"]["tconv1.0.weight"] = sparse["generator"]["tconv1.0.weight"].to_sparse()
    refused(sparse, "lacks 'tconv1.0.weight'")
    whole = published(build_networks(0))
    whole["generator"]["tconv1.0.weight"] = whole["generator"]["tconv1.0.weight"].long()
    refused(whole, "lacks 'tconv1.0.weight'")
    path.unlink()
    path.mkdir()
    refused(None, "Cannot read .*trained.pth")


def test_a_published_network_called_safetensors_can_be_imported(tiny, tmp_path):
    path = tmp_path / "trained.safetensors"
    torch.save(published(build_networks(11)), path)
    before = path.read_bytes()
    with pytest.raises(PadError, match="would be overwritten; give another file with --out"):
        import_published(path, tmp_path / "." / path.name, PAD, tiny, seed=0, epoch=1)
    assert path.read_bytes() == before
    for what, wrong in (("epochs", {"epoch": -1}), ("seed", {"seed": -1})):
        with pytest.raises(PadError, match=what):
            import_published(path, tmp_path / "x", PAD, tiny, **({"seed": 0, "epoch": 1} | wrong))
    import_published(path, tmp_path / "ours.safetensors", PAD, tiny, seed=0, epoch=1, bits=16)
    assert pad_core.load(tmp_path / "ours.safetensors").header.epoch == 1
