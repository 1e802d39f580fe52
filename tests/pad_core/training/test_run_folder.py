"""States of runs: other devices, other data, older versions, damage."""

import json
import math
import shutil
import struct
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save

import pad_core
from pad_core.checkpoint.schema import fingerprint
from pad_core.checkpoint.training_config import Recipe
from pad_core.data.imagesets import ImageSet
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS
from pad_core.system.tensors import read_tensors, write_tensors
from pad_core.training.export import export_file, export_run
from pad_core.training.loop import train
from pad_core.training.run_folder import read_state_header

RECIPE = Recipe("fashion-mini", CONDITIONS["rem_before_nrem"], epochs=1, batch_size=32)


@pytest.fixture(scope="module")
def finished(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    train(folder, RECIPE, tiny)
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def rewrite(folder, change):
    """Change the tensors and the header of a state in place."""
    path = folder / "state.safetensors"
    tensors, header = read_tensors(path)
    change(tensors, header)
    write_tensors(path, tensors, header)


def made_on_cuda(tensors, header):
    header["device"] = "cuda (NVIDIA H200)"
    for name in tensors:
        if name.startswith("stream."):
            tensors[name] = torch.zeros(16, dtype=torch.uint8)


def older(tensors, header):
    del header["data"]


def reversed_images(dataset):
    images, labels = dataset.train.images, dataset.train.labels
    return replace(dataset, train=ImageSet(images.flip(0), labels.flip(0)))


def resume(folder, dataset, epochs=2):
    return train(folder, replace(RECIPE, epochs=epochs), dataset, resume=True)


def test_a_run_made_on_cuda_can_be_exported_on_a_cpu(folder, tiny, tmp_path):
    rewrite(folder, made_on_cuda)
    export_run(folder, tmp_path / "out.safetensors", tiny, bits=16)
    expected = read_tensors(folder / "state.safetensors")[0]["encoder.conv3.weight"]
    found = pad_core.load(tmp_path / "out.safetensors").networks.encoder.conv3.weight
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-3)


def test_a_run_made_on_cuda_is_not_resumed_on_a_cpu(folder, tiny):
    rewrite(folder, made_on_cuda)
    with pytest.raises(
        PadError, match="was trained on cuda and can't continue on cpu.*--device cuda"
    ):
        resume(folder, tiny)


def test_random_streams_of_another_device_are_no_crash(folder, tiny):
    rewrite(folder, lambda tensors, header: made_on_cuda(tensors, {}))
    with pytest.raises(PadError, match="state.safetensors is damaged: .*random streams"):
        resume(folder, tiny)


def test_other_data_are_refused(folder, tiny):
    state = read_state_header(folder)
    assert state.data["sha256"] == fingerprint(tiny) != fingerprint(reversed_images(tiny))
    fewer = replace(tiny, train=tiny.train.first(50))
    named = replace(tiny, class_names=(*tiny.class_names[:-1], "boots"))
    for other, message in (
        (fewer, r"another number of training images \(then 64\)"),
        (named, "another list of classes"),
        (reversed_images(tiny), "another choice or order of images"),
    ):
        with pytest.raises(PadError, match=message):
            resume(folder, other)
        with pytest.raises(PadError, match=message):
            export_run(folder, folder / "out", other)


def test_states_of_earlier_versions_go_on_and_can_be_exported(folder, tiny, tmp_path):
    rewrite(folder, older)
    renamed = replace(tiny, name="moved", spec="parquet:elsewhere")
    header = export_run(folder, tmp_path / "out.safetensors", renamed, bits=16)
    # The epoch's file beside the state says what the data were called.
    assert (header.dataset["name"], header.dataset["spec"]) == ("small", "parquet:elsewhere")
    with pytest.raises(PadError, match="another list of classes"):
        export_run(folder, tmp_path / "x", replace(tiny, class_names=("a",) * 10))
    assert resume(folder, tiny).epoch == 2
    assert read_state_header(folder).data["sha256"] == fingerprint(tiny)


def test_a_kept_epoch_keeps_the_name_of_its_data(folder, tiny, tmp_path):
    renamed = replace(tiny, name="moved")
    written = export_file(folder / "latest.safetensors", tmp_path / "out", renamed, bits=16)
    assert written.dataset["name"] == "small"
    with pytest.raises(PadError, match="another list of classes"):
        export_file(folder / "latest.safetensors", tmp_path / "x",
                    replace(tiny, class_names=("a",) * 10))  # fmt: skip


def test_fewer_epochs_than_there_are_change_nothing(folder, tiny):
    resume(folder, tiny)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert resume(folder, tiny, epochs=1).epoch == 2
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert json.loads((folder / "run.json").read_text())["epochs"] == 2


def test_losses_keep_their_order_when_a_run_goes_on(finished, tiny, tmp_path):
    train(tmp_path / "run", RECIPE, tiny, should_stop=lambda: True)
    train(tmp_path / "run", RECIPE, tiny, resume=True)
    orders = [
        list(read_state_header(folder).history[0]["losses"])
        for folder in (finished, tmp_path / "run")
    ]
    assert orders[0] == orders[1] == ["image", "kl", "external", "nrem", "internal"]


def test_a_run_that_diverges_keeps_its_last_good_state(folder, tiny):
    def huge(value, name="generator.tconv4.weight"):
        return lambda tensors, header: tensors[name].fill_(value)

    rewrite(folder, huge(math.nan))
    before = (folder / "state.safetensors").read_bytes()
    for stop in (lambda: False, lambda: True):
        with pytest.raises(PadError, match="not finite.*another run folder.*lower learning rates"):
            train(folder, replace(RECIPE, epochs=2), tiny, resume=True, should_stop=stop)
        assert (folder / "state.safetensors").read_bytes() == before
    # Within float32 but beyond the float16 of the epoch's file.
    rewrite(folder, huge(1e-3))
    rewrite(folder, huge(1e5, "encoder.dis.weight"))
    before = (folder / "state.safetensors").read_bytes()
    with pytest.raises(PadError, match=r"encoder.dis.weight has values beyond ±65,504"):
        resume(folder, tiny)
    assert (folder / "state.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors, header: tensors.pop("encoder.conv1.bias"),
        lambda tensors, header: tensors.pop("adam.encoder.conv1.bias.exp_avg"),
        lambda tensors, header: tensors.update({"encoder.conv1.bias": torch.zeros(3)}),
        lambda tensors, header: tensors.update(hippocampus=torch.zeros(3, 2)),
        lambda tensors, header: tensors.update({"sum.image": torch.zeros(3)}),
        lambda tensors, header: header.pop("recipe"),
        lambda tensors, header: header["recipe"].pop("epochs"),
        lambda tensors, header: header["recipe"].update(momentum=0.9),
        lambda tensors, header: header["recipe"].update(learning_rate="fast"),
        lambda tensors, header: header["recipe"].update(condition=[]),
        lambda tensors, header: header["recipe"].update(precision="fp8"),
        lambda tensors, header: header.pop("epoch"),
        lambda tensors, header: header.update(epoch=-1),
        lambda tensors, header: header.update(step="1"),
        lambda tensors, header: header.update(seconds=None),
        lambda tensors, header: header.update(device=3),
        lambda tensors, header: header.update(history=[{"epoch": 1}]),
        lambda tensors, header: header.update(data="cifar10"),
        lambda tensors, header: header.update(step=99),
        lambda tensors, header: header.update(format_version=2),
        lambda tensors, header: header.update(format_version=True),
    ],
)
def test_damaged_states_are_refused_in_words(folder, tiny, change):
    rewrite(folder, change)
    with pytest.raises(PadError, match="state.safetensors (is|has)") as caught:
        resume(folder, tiny)
    assert "\n" not in str(caught.value)


def test_a_state_whose_bits_have_flipped_is_not_trained_on(folder, tiny):
    path = folder / "state.safetensors"
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    layout = json.loads(content[8 : 8 + length])
    for name in ("adam.encoder.conv1.0.weight.exp_avg", "hippocampus", "stream.rem noise"):
        name = next(known for known in layout if known.startswith(name[:12]))
        flipped = bytearray(content)
        flipped[8 + length + layout[name]["data_offsets"][0]] ^= 1
        path.write_bytes(flipped)
        with pytest.raises(PadError, match="state.safetensors is damaged, by the disk or by hand"):
            resume(folder, tiny)


def test_a_state_without_a_hash_still_goes_on(folder, tiny):
    path = folder / "state.safetensors"
    tensors, header = read_tensors(path)
    path.write_bytes(save(tensors, {"pad": json.dumps(header)}))
    assert resume(folder, tiny, epochs=3).epoch == 3


def test_a_checkpoint_of_very_many_epochs_stays_readable(folder, tiny, monkeypatch):
    state = read_state_header(folder)
    history = [{"epoch": i + 1, "losses": {"image": 0.1}} for i in range(12_345)]
    header = replace(state, history=history, epoch=12_345).header(tiny)
    epochs = [entry["epoch"] for entry in header.history]
    assert len(epochs) <= 5_000
    assert epochs[-1] == 12_345
    assert epochs == sorted(epochs)
    assert replace(state, history=history[:5_000]).header(tiny).history == history[:5_000]
