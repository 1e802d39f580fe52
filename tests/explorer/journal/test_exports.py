"""Files that leave the explorer: what is in them, and that they can be made again."""

import csv
import io
import json
import re
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
import zlib
from dataclasses import replace

import numpy as np
import pandas
import pytest
import torch
from PIL import Image, PngImagePlugin

from explorer.__main__ import main
from explorer.dreaming import dreams
from explorer.dreaming.walks import frames
from explorer.journal import archive, rebuild
from explorer.journal.entry import Kept
from explorer.journal.exports import Export, make, read_manifest
from explorer.session.choices import BY_SEED, PICTURE, Choices
from pad_core.checkpoint import file as checkpoint
from pad_core.data.images import picture_grid
from pad_core.dreaming.reader import Reader
from pad_core.errors import PadError
from tests.explorer.pages import write_checkpoint
from tests.helpers import FULL, ROOT

CHOICES = Choices.of(seed=5, lam=0.75, lam_prime=0.75, intensity=0.5, size_px=2, split="train")
MANY = [
    ("picture", {"scale": 2, "gap_px": 0}),
    ("walk", {"along": "lam", "steps": 5, "scale": 1}),
    ("walk", {"along": "lam_prime", "steps": 3, "scale": 2}),
    ("walk", {"along": "pc2", "steps": 3, "scale": 1}),
    ("table", {}),
]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)  # as the explorer and its command do


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    write_checkpoint(folder / "a.safetensors")
    write_checkpoint(folder / "b.safetensors", "wo_memory_mix", seed=1)
    (folder / "broken.safetensors").write_bytes(b"no network")
    return folder


@pytest.fixture(scope="module")
def network(folder):
    return checkpoint.load(folder / "a.safetensors")


@pytest.fixture(scope="module")
def kept(network):
    return Kept.now(network, CHOICES, "Über dreams / 1", "a note")


@pytest.fixture(scope="module")
def zipped(kept, folder):
    other = Kept.now(checkpoint.load(folder / "b.safetensors"), Choices.of(), "", "")
    lost = replace(kept, id="lost", source=replace(kept.source, weights_sha256="", sha256=""))
    exports = [Export.of(kind, kept, **settings) for kind, settings in MANY]
    exports.append(Export.of("picture", other))
    return archive.pack([kept, other, lost], exports, rebuild.finder([folder]))


def opened(content):
    return Image.open(io.BytesIO(content))


def test_a_picture_shows_each_pixel_of_the_page_as_a_square(network, kept):
    image = np.asarray(opened(make(Export.of("picture", kept, scale=3, gap_px=0), network)))
    recalled = dreams.recall(network, CHOICES.dream)
    shown = [
        recalled.picture,
        dreams.perturb(network, recalled, CHOICES.dream).picture,
        dreams.mix(network, recalled, CHOICES.dream).picture,
    ]
    assert np.array_equal(image, np.concatenate(shown).repeat(3, 0).repeat(3, 1))


def test_a_file_says_how_it_was_made(network, kept):
    manifest = json.loads(
        opened(make(Export.of("picture", kept), network)).text["pad-dream-explorer"]
    )
    dream = manifest["dream"]
    assert dream["source"]["sha256"] == network.sha256
    assert (dream["source"]["epoch"], dream["source"]["seed"]) == (1, 0)
    assert dream["choices"] == {
        "split": "train", "seed": "5", "intensity": "0.5", "size_px": "2",
        "lam": "0.75", "lam_prime": "0.75", "noise_level": "1",
    }  # fmt: skip
    assert manifest["versions"]["torch"] == torch.__version__
    assert manifest["command"] == (
        "python -m explorer rebuild ber-dreams-1-picture.png --out again-ber-dreams-1-picture.png"
    )


def test_a_walk_goes_there_and_back_through_the_kept_dream(network, kept):
    recalled = dreams.recall(network, CHOICES.dream)
    steps = list(frames(network, recalled, CHOICES.dream, "lam", 5))
    kept_dream = dreams.mix(network, recalled, CHOICES.dream).picture[-32:]
    # λ = 1, 0.75, 0.5, 0.25, 0: the kept one is the second.
    assert np.array_equal(picture_grid(steps[1], 8), kept_dream)
    assert not torch.equal(steps[0], steps[4])
    gif = opened(make(Export.of("walk", kept, along="lam", steps=5, scale=1), network))
    assert gif.n_frames == 8
    shown = []
    for i in range(8):
        gif.seek(i)
        shown.append(np.asarray(gif.convert("RGB")).astype(int))
    assert all(np.array_equal(shown[4 - i], shown[4 + i]) for i in range(1, 4))
    for i, step in enumerate(shown[:5]):  # 256 colours stand for many: the nearest dream is its own
        dreamt = [picture_grid(images, 4, gap_px=1, background=255) for images in steps]
        errors = [np.abs(step[: len(dream)] - dream).mean() for dream in dreamt]
        assert int(np.argmin(errors)) == i


def test_a_walk_along_a_component_passes_the_dream_and_moves_that_component_only(network):
    recalled = dreams.recall(network, CHOICES.dream)
    start, here, end = frames(network, recalled, CHOICES.dream, "pc1", 3)
    assert np.array_equal(
        picture_grid(here, 8), dreams.mix(network, recalled, CHOICES.dream).picture[-32:]
    )
    assert not torch.equal(start, end)
    assert not torch.equal(end, list(frames(network, recalled, CHOICES.dream, "pc2", 3))[2])


def test_a_table_has_latents_and_scores_of_every_picture(network, kept):
    content = make(Export.of("table", kept), network).decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert list(rows[0])[-1] == "provenance"
    assert json.loads(rows[0]["provenance"])["kind"] == "table"
    assert {row["provenance"] for row in rows[1:]} == {""}
    assert [row["picture"] for row in rows[::8]] == [
        "memory", "second memory", "recovered", "REM dream",
    ]  # fmt: skip
    memory, dream = rows[0], rows[24]
    stored = network.memories["train"]
    place = stored.indices.tolist().index(int(memory["index"]))
    assert float(memory["z_255"]) == pytest.approx(stored.latents[place, 255].item(), rel=1e-6)
    assert network.class_names[int(memory["label"])] == memory["class"] == kept.classes[0]
    latent = torch.tensor([[float(dream[f"z_{i}"]) for i in range(256)]])
    readings = Reader.fit(network).read(network.generate(latent))
    assert float(dream["realness"]) == pytest.approx(readings.realness[0], abs=1e-4)
    assert float(dream["nearest_memory_distance"]) == pytest.approx(readings.distance[0], rel=1e-3)
    assert dream["read_as"] == readings.top(network.class_names)[0][0]


def test_an_uploaded_picture_is_kept_and_dreamt_of_again(tmp_path, folder, network):
    uploaded = {"second": torch.arange(3072).reshape(3, 32, 32).to(torch.uint8)}
    choices = CHOICES.changed(first=4, second=PICTURE)
    kept = Kept.now(network, choices, uploaded=uploaded | {"first": uploaded["second"]})
    assert torch.equal(kept.uploaded["second"], uploaded["second"])
    assert set(kept.pictures) == {"second"}
    assert kept.previous_classes[0] == "your picture"
    export = Export.of("picture", kept, scale=1, gap_px=0)
    shown = np.asarray(opened(make(export, network)))
    expected = dreams.mix(
        network, dreams.recall(network, choices.dream, uploaded), choices.dream
    ).picture
    assert np.array_equal(shown[-64:], expected)
    (tmp_path / "a.csv").write_bytes(make(Export.of("table", kept), network))
    assert rebuild.rebuild(tmp_path / "a.csv", tmp_path / "b.csv", [folder])[0] == rebuild.SAME
    rows = (tmp_path / "a.csv").read_text().splitlines()
    assert rows[9].startswith("second memory,1,,,,")


def test_a_table_opens_as_any_other_and_one_of_earlier_versions_is_made_again(
    tmp_path, folder, network, kept
):
    now = Export.of("table", kept)
    content = make(now, network)
    frame = pandas.read_csv(io.BytesIO(content))
    assert frame.shape == (32, 266)
    assert frame["z_255"].dtype == float
    former = replace(now, settings={})  # its manifest was a comment in the first line
    (tmp_path / "a.csv").write_bytes(make(former, network))
    comment, rest = (tmp_path / "a.csv").read_text().split("\n", 1)
    assert json.loads(comment[2:])["settings"] == {}
    old = pandas.read_csv(io.StringIO(rest))
    assert old.equals(frame.drop(columns="provenance"))
    assert rebuild.rebuild(tmp_path / "a.csv", tmp_path / "b.csv", [folder])[0] == rebuild.SAME


def test_a_picture_that_was_never_uploaded_is_the_seed_s_choice(network):
    kept = Kept.now(network, CHOICES.changed(first=PICTURE))
    assert kept.dream.first == BY_SEED
    assert not kept.pictures
    manifest = Export.of("picture", kept).manifest()
    manifest["dream"]["choices"]["first"] = str(PICTURE)
    with pytest.raises(PadError, match="its pictures are not those"):
        Export.from_manifest(manifest)
    for text in ("no picture", "絵", "�iVBORw0KGgo="):
        manifest["dream"]["pictures"] = {"first": text}
        with pytest.raises(PadError, match="kept dream is damaged: its picture is not in base 64"):
            Export.from_manifest(manifest)


@pytest.mark.parametrize("export", MANY, ids=lambda e: e[1].get("along", e[0]))
def test_each_file_makes_itself_again(tmp_path, folder, network, kept, export):
    made = Export.of(export[0], kept, **export[1])
    file = tmp_path / made.file_name
    file.write_bytes(make(made, network))
    status, sentence = rebuild.rebuild(file, tmp_path / "again", [folder])
    assert status == rebuild.SAME
    assert "the same as in" in sentence
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


@pytest.mark.slow
def test_another_process_makes_the_same_bytes_of_every_kind(tmp_path, folder, zipped):
    file = tmp_path / archive.NAME
    file.write_bytes(zipped)
    arguments = ["rebuild", file, "--out", tmp_path / "again.zip", "--checkpoint", folder]
    command = [sys.executable, "-m", "explorer", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "the same as in" in done.stdout
    assert (tmp_path / "again.zip").read_bytes() == zipped


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_an_output_that_is_full_takes_one_line(tmp_path, folder, network, kept):
    file = tmp_path / "a.png"
    file.write_bytes(make(Export.of("picture", kept), network))
    command = [
        sys.executable, "-m", "explorer", "rebuild", file, "--out", tmp_path / "again",
        "--checkpoint", folder,
    ]  # fmt: skip
    with FULL.open("w") as full:
        done = subprocess.run(
            command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("explorer: Cannot write the output: No space left")
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


def test_an_archive_holds_all_files_and_its_manifest_makes_it_again(tmp_path, folder, zipped):
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive_:
        assert archive_.testzip() is None
        names = archive_.namelist()
        manifest = archive_.read("manifest.json")
        assert {name.rsplit(".")[-1] for name in names} == {"txt", "json", "png", "gif", "csv"}
        assert len(names) == 2 + 6
        picture = archive_.read("001-ber-dreams-1/ber-dreams-1-picture.png")
        assert "rebuild dream-journal.zip" in archive_.read("README.txt").decode()
    assert read_manifest(picture)["kind"] == "picture"
    kept = archive.dreams_of(json.loads(manifest))
    assert [k.title for k in kept] == ["Über dreams / 1", "", "Über dreams / 1"]
    (tmp_path / "manifest.json").write_bytes(manifest)
    found = rebuild.rebuild(tmp_path / "manifest.json", tmp_path / "made.zip", [folder])
    assert found[0] == rebuild.SAME
    assert (tmp_path / "made.zip").read_bytes() == zipped


def test_a_changed_picture_is_noticed(tmp_path, folder, network, kept, capsys):
    file = tmp_path / "a.png"
    content = make(Export.of("picture", kept), network)
    image = opened(content)
    info = make_info(image)
    image.putpixel((0, 0), (1, 2, 3))
    image.save(file, pnginfo=info)
    status = main(
        ["rebuild", str(file), "--out", str(tmp_path / "b.png"), "--checkpoint", str(folder)]
    )
    assert status == 1
    assert "not the same as in" in capsys.readouterr().out
    assert (tmp_path / "b.png").read_bytes() == content


def make_info(image):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("pad-dream-explorer", image.text["pad-dream-explorer"])
    return info


def test_other_versions_are_named(tmp_path, folder, network, kept):
    export = replace(
        Export.of("picture", kept), versions=Export.of("table", kept).versions | {"torch": "1.0"}
    )
    file = tmp_path / "a.png"
    file.write_bytes(make(export, network)[:-12] + b"\0" * 12)  # another end of the file
    status, sentence = rebuild.rebuild(file, tmp_path / "b.png", [folder])
    assert status == rebuild.DIFFERENT
    assert f"torch 1.0, here {torch.__version__}" in sentence


def test_a_network_that_is_not_here_is_named(tmp_path, network, kept, capsys):
    file = tmp_path / "a.png"
    file.write_bytes(make(Export.of("picture", kept), network))
    arguments = [
        "rebuild",
        str(file),
        "--out",
        str(tmp_path / "b.png"),
        "--checkpoint",
        str(tmp_path),
    ]
    assert main(arguments) == 2
    assert f"sha256 {network.sha256[:12]}" in capsys.readouterr().err
    assert not (tmp_path / "b.png").exists()


def test_another_network_makes_no_file(kept, folder):
    with pytest.raises(PadError, match="is not the network of this dream"):
        make(Export.of("picture", kept), checkpoint.load(folder / "b.safetensors"))


def test_the_file_itself_is_never_overwritten(tmp_path, folder, network, kept):
    file = tmp_path / "a.png"
    file.write_bytes(make(Export.of("picture", kept), network))
    with pytest.raises(PadError, match="the file itself"):
        rebuild.rebuild(file, file, [folder])


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"{", b"# {", b"{}", b'{"format": "pad-dream-explorer"}', b"[" * 100_000,
     b"\x89PNG\r\n\x1a\n", b"GIF89a", (ROOT / "docs/dreams.png").read_bytes()],
)  # fmt: skip
def test_what_carries_no_manifest_gets_a_sentence(content):
    with pytest.raises(PadError):
        read_manifest(content)


@pytest.mark.parametrize("change", [
    {"scale": 17}, {"scale": 2.0}, {"scale": True}, {"scale": "2"}, {"scale": [2]},
    {"along": "pc9"}, {"steps": 10_000}, {"steps": 1}, {"step_ms": 85}, {"colour": 1},
])  # fmt: skip
def test_settings_out_of_range_are_refused(kept, change):
    manifest = Export.of("walk", kept).manifest()
    manifest["settings"] |= change
    with pytest.raises(PadError, match="manifest"):
        Export.from_manifest(manifest)


@pytest.mark.parametrize("kind", [[], {}, None, 1, "archive", "\x1b"])
def test_an_unknown_kind_is_refused(kept, kind):
    with pytest.raises(PadError, match="of an unknown kind"):
        Export.from_manifest(Export.of("picture", kept).manifest() | {"kind": kind})


def test_a_newer_format_asks_for_an_update(kept):
    with pytest.raises(PadError, match="update"):
        Export.from_manifest(Export.of("table", kept).manifest() | {"format_version": 2})


def test_a_damaged_zip_gets_a_sentence(zipped, tmp_path):
    for content in [zipped[:2000], zipped[:-40], b"PK\x03\x04"]:
        with pytest.raises(PadError, match="damaged"):
            archive.unpack(content)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as other:
        other.writestr("a.txt", "nothing")
    with pytest.raises(PadError, match="holds no"):
        archive.unpack((tmp_path / "x.zip").read_bytes())
    manifest = archive.unpack(zipped)
    with pytest.raises(PadError, match="none of its dreams"):
        archive.remake(manifest | {"dreams": []}, lambda source: None)


def png_header(side):
    """A picture that says it has so many pixels a side, and has none."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    whole = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + whole + b"\0\0\0\x01IDAT\0\0\0\0\0"


def bomb(text, **packing):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, **packing) as archive:
        archive.writestr("manifest.json", text)
    return file.getvalue()


MUCH = '{"format": "pad-dream-explorer", "format_version": 1, "dreams": [' + "[]," * 16_000_000
HOSTILE = {
    "png": (lambda: png_header(20_000), "more pixels than any"),
    "zip": (lambda: bomb(MUCH + "[]]}"), "manifest.json is too large"),
    "zip of text": (lambda: bomb(" " * 49_000_000), "manifest.json is too large"),
    "zip of brackets": (lambda: bomb(MUCH[:3_000_000], compresslevel=0), "larger than|damaged"),
    "zip of many": (lambda: b"PK\x03\x04" + b"PK\x01\x02" * 60_000, "more than 50,000 files"),
    "json": (lambda: MUCH.encode(), "manifest is damaged"),
    "csv": (lambda: b"# " + MUCH.encode(), "manifest is damaged"),
    "gif": (
        lambda: b"GIF89a\1\0\1\0\0\0\0!\xfe" + (b"\xff" + b"x" * 255) * 200_000,
        "neither PNG, GIF|no manifest",
    ),
    "version": (
        lambda: (
            b'{"format": "pad-dream-explorer", "format_version": "\\u001b[31mX\\n\\u0007\\ud800"}'
        ),
        "format version �",
    ),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_get_one_sentence_soon(name, tmp_path, capfd):
    make_it, complaint = HOSTILE[name]
    source = tmp_path / "source"
    source.write_bytes(make_it())
    tracemalloc.start()
    started = time.process_time()
    try:
        assert main(["rebuild", str(source), "--out", str(tmp_path / "out")]) == 2
        assert time.process_time() - started < 3
        assert tracemalloc.get_traced_memory()[1] < 150e6
    finally:
        tracemalloc.stop()
    said = capfd.readouterr().err
    assert re.search(complaint, said)
    assert said.count("\n") == 1
    assert "\x1b" not in said


def test_versions_from_a_file_cannot_command_the_terminal(tmp_path, folder, network, kept, capfd):
    manifest = Export.of("picture", kept).manifest()
    manifest["versions"]["torch"] = "\x1b[2J\ud800"
    text = json.dumps(manifest)
    plain = Image.new("RGB", (4, 4))
    info = PngImagePlugin.PngInfo()
    info.add_text("pad-dream-explorer", text)
    plain.save(tmp_path / "a.png", pnginfo=info)
    arguments = ["--out", str(tmp_path / "b.png"), "--checkpoint", str(folder)]
    assert main(["rebuild", str(tmp_path / "a.png"), *arguments]) == 1
    said = capfd.readouterr().out
    assert "torch �[2J�, here" in said
    assert "\x1b" not in said


def test_a_note_of_several_lines_is_made_again_byte_for_byte(tmp_path, folder, network, kept):
    export = Export.of("picture", kept.retitled("a", "one\n\ttwo"))
    content = make(export, network)
    assert make(Export.from_manifest(read_manifest(content)), network) == content


def test_an_archive_that_could_not_be_opened_is_not_made(kept, monkeypatch):
    monkeypatch.setattr(archive, "_MAX_MANIFEST_BYTES", 1000)
    with pytest.raises(PadError, match="1 dreams with 0 files are more than one archive holds"):
        archive.pack([kept], [], lambda source: None)
