"""Every way to load a data set, from small files made here in its own format; no network."""

import gzip
import hashlib
import io
import json
import pickle
import struct
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from pad_core.data import builtin as published
from pad_core.data.imagesets import ImageSet, read_picture
from pad_core.data.load import BUILT_IN, is_local, load_dataset
from pad_core.errors import PadError

RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(published, "DEBIAN", Path("/nowhere"))


def pixels(*shape):
    return RANDOM.integers(0, 256, shape, dtype=np.uint8)


def failure(spec, root="nowhere"):
    with pytest.raises(PadError) as caught:
        load_dataset(spec, root)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 600
    return message


def channels_first(images):
    return torch.from_numpy(images).permute(0, 3, 1, 2)


# --- built in -----------------------------------------------------------------------------------


def test_fashion_mini_is_balanced_complete_and_quick():
    start = time.perf_counter()
    data = load_dataset("fashion-mini")
    assert time.perf_counter() - start < 2  # 0.2 s on an idle machine
    assert data.train.images.shape == (5000, 3, 32, 32) and data.test.images.shape[0] == 1000
    assert data.train.images.dtype == torch.uint8 and data.train.labels.dtype == torch.int64
    assert data.train.images.is_contiguous()
    assert data.train.labels.bincount().tolist() == [500] * 10
    assert data.test.labels.bincount().tolist() == [100] * 10
    assert data.class_names[1] == "Trouser" and data.class_names[9] == "Ankle boot"
    assert "Fashion-MNIST" in data.note and "5,000" in data.note
    every = torch.cat([data.train.images, data.test.images])
    assert len(torch.unique(every.flatten(1), dim=0)) > 5990  # no picture drawn twice
    assert every[:, :, :2].max() == 0 and every[..., -2:].max() == 0  # the black margin
    assert torch.equal(every[:, 0], every[:, 2])
    means = [data.train.images[data.train.labels == c].float().mean().item() for c in (5, 2)]
    assert means[0] < 40 < 60 < means[1]  # sandals leave most of the picture black, pullovers not
    files = (Path(published.__file__).parent / "fashion_mini").iterdir()
    assert sum(file.stat().st_size for file in files) < 4e6


def test_image_set_moves_and_shortens():
    images = ImageSet(torch.zeros(5, 3, 32, 32, dtype=torch.uint8), torch.arange(5))
    assert len(images) == 5 and len(images.first(2)) == 2 and len(images.first(9)) == 5
    assert images.first(2).labels.tolist() == [0, 1]
    moved = images.to("meta")
    assert moved.images.device.type == moved.labels.device.type == "meta"


def write_cifar10(root, monkeypatch):
    from torchvision.datasets import CIFAR10

    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    images = pixels(6, 20, 3, 32, 32)
    sums = {}
    for index, name in enumerate([f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]):
        batch = {"data": images[index].reshape(20, 3072), "labels": list(range(10)) * 2}
        (folder / name).write_bytes(pickle.dumps(batch))
        sums[name] = hashlib.md5((folder / name).read_bytes()).hexdigest()
    meta = pickle.dumps({"label_names": list("abcdefghij")})
    (folder / "batches.meta").write_bytes(meta)
    *train, test = map(list, sums.items())
    monkeypatch.setattr(CIFAR10, "train_list", train)
    monkeypatch.setattr(CIFAR10, "test_list", [test])
    md5 = hashlib.md5(meta).hexdigest()
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": md5})
    return torch.from_numpy(images)


def test_cifar10_is_bit_exact(tmp_path, monkeypatch):
    images = write_cifar10(tmp_path, monkeypatch)
    data = load_dataset("cifar10", tmp_path)
    assert torch.equal(data.train.images, images[:5].flatten(0, 1))
    assert torch.equal(data.test.images, images[5])
    assert data.train.images.is_contiguous() and data.test.labels.tolist() == list(range(10)) * 2
    assert data.name == data.spec == "cifar10" and data.class_names[3] == "cat"


def test_damaged_cifar10_says_so(tmp_path, monkeypatch):
    write_cifar10(tmp_path, monkeypatch)
    (tmp_path / "cifar-10-batches-py" / "data_batch_3").write_bytes(b"cut off")
    message = failure("cifar10", tmp_path)
    assert "damaged" in message and "remove it" in message and "fashion-mini" in message


def test_svhn_is_bit_exact_and_label_10_is_digit_0(tmp_path, monkeypatch):
    from scipy.io import savemat
    from torchvision.datasets import SVHN

    split_list, images = {}, {}
    for split in ("train", "test"):
        images[split] = pixels(32, 32, 3, 20)  # the order of axes in the published files
        path = tmp_path / f"{split}_32x32.mat"
        savemat(path, {"X": images[split], "y": np.tile(np.arange(1, 11), 2)[:, None]})
        md5 = hashlib.md5(path.read_bytes()).hexdigest()
        split_list[split] = ["http://nowhere.invalid", path.name, md5]
    monkeypatch.setattr(SVHN, "split_list", split_list)
    data = load_dataset("svhn", tmp_path)
    assert torch.equal(data.test.images, torch.from_numpy(images["test"]).permute(3, 2, 0, 1))
    assert data.train.images.is_contiguous() and data.train.labels.dtype == torch.int64
    assert data.train.labels[:10].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert data.class_names == tuple("0123456789") and "non-commercial" in data.note

    (tmp_path / "test_32x32.mat").write_bytes(b"cut off")
    assert "damaged" in failure("svhn", tmp_path)


def write_idx(folder, size=28, zipped=False):
    folder.mkdir(parents=True)
    images = {}
    for stem, split in (("train", "train"), ("t10k", "test")):
        images[split] = pixels(20, size, size)
        labels = bytes(list(range(10)) * 2)
        files = {
            "images-idx3": struct.pack(">4I", 0x803, 20, size, size) + images[split].tobytes(),
            "labels-idx1": struct.pack(">2I", 0x801, 20) + labels,
        }
        for kind, content in files.items():
            name = f"{stem}-{kind}-ubyte"
            if zipped:
                (folder / f"{name}.gz").write_bytes(gzip.compress(content))
            else:
                (folder / name).write_bytes(content)
    return images


def assert_padded(images, grey):
    assert images.shape == (len(grey), 3, 32, 32) and images.is_contiguous()
    for channel in range(3):
        assert torch.equal(images[:, channel, 2:30, 2:30], torch.from_numpy(grey))
    assert images.sum() == 3 * int(grey.sum())  # the margin is black


@pytest.mark.parametrize(
    ("spec", "folder"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")]
)
def test_mnist_layouts_keep_their_pixels(spec, folder, tmp_path):
    grey = write_idx(tmp_path / folder / "raw")
    data = load_dataset(spec, tmp_path)
    assert_padded(data.train.images, grey["train"])
    assert_padded(data.test.images, grey["test"])
    assert data.train.labels.tolist() == list(range(10)) * 2
    assert data.class_names[0] == {"mnist": "0", "fashion-mnist": "T-shirt/top"}[spec]


def test_truncated_mnist_says_so(tmp_path):
    write_idx(tmp_path / "MNIST" / "raw")
    path = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:999])
    assert "damaged" in failure("mnist", tmp_path)


def test_fashion_mnist_from_debian_unless_root_has_it(tmp_path, monkeypatch):
    debian = write_idx(tmp_path / "debian", zipped=True)
    monkeypatch.setattr(published, "DEBIAN", tmp_path / "debian")
    data = load_dataset("fashion-mnist", tmp_path / "data")
    assert_padded(data.test.images, debian["test"])
    assert data.name == "fashion-mnist" and data.class_names[8] == "Bag"
    own = write_idx(tmp_path / "data" / "FashionMNIST" / "raw")
    assert_padded(load_dataset("fashion-mnist", tmp_path / "data").test.images, own["test"])


@pytest.mark.parametrize("zipped", [False, True])
def test_idx(zipped, tmp_path):
    grey = write_idx(tmp_path / "my set", zipped=zipped)
    data = load_dataset(f"idx:{tmp_path}/my set")
    assert_padded(data.train.images, grey["train"])
    assert data.name == "my-set" and data.class_names == tuple("0123456789")


def test_idx_of_other_sizes(tmp_path):
    grey = write_idx(tmp_path / "same", size=32)["train"]
    same = load_dataset(f"idx:{tmp_path}/same").train.images
    assert torch.equal(same[:, 1], torch.from_numpy(grey))
    write_idx(tmp_path / "small", size=16)
    assert load_dataset(f"idx:{tmp_path}/small").train.images.shape == (20, 3, 32, 32)


def test_bad_idx_files(tmp_path):
    write_idx(tmp_path / "a", zipped=True)
    path = tmp_path / "a" / "t10k-images-idx3-ubyte.gz"
    good = path.read_bytes()
    swapped = (tmp_path / "a" / "t10k-labels-idx1-ubyte.gz").read_bytes()
    short = gzip.compress(gzip.decompress(good)[:-1])
    for bad in (good[:500], b"not gzip", b"", short, swapped):
        path.write_bytes(bad)
        assert "t10k-images" in failure(f"idx:{tmp_path}/a")
    for sizes, reason in (((0, 28, 28), "empty: 0 × 28 × 28"), ((20, 0, 0), "empty: 20 × 0 × 0")):
        path.write_bytes(gzip.compress(struct.pack(">4I", 0x803, *sizes)))
        assert reason in failure(f"idx:{tmp_path}/a")
    path.write_bytes(gzip.compress(struct.pack(">4I", 0xD03, 1, 1, 1) + bytes(4)))
    assert "type 0x0d, not 0x08" in failure(f"idx:{tmp_path}/a")
    path.unlink()
    assert "t10k-images-idx3-ubyte is missing" in failure(f"idx:{tmp_path}/a")


@pytest.mark.parametrize("spec", ["cifar10", "svhn", "mnist", "fashion-mnist"])
def test_no_network(spec, tmp_path):
    message = failure(spec, tmp_path / "data")
    assert "cannot be downloaded" in message and "no route to host" in message
    assert "--dataset fashion-mini" in message and "parquet:DIR" in message
    assert "cannot be downloaded" in failure(spec, tmp_path / "data")  # not 'damaged' afterwards


# --- parquet ------------------------------------------------------------------------------------


def encode(image, kind="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind)
    return buffer.getvalue()


def write_parquet(path, images, labels, image="img", label="label", names=None, kind="PNG"):
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded = [
        {"bytes": x if x is None or isinstance(x, bytes) else encode(x, kind), "path": None}
        for x in images
    ]
    struct_type = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    columns = {image: pa.array(encoded, struct_type), label: pa.array(labels)}
    table = pa.table(columns)
    if names:
        features = {label: {"names": names, "_type": "ClassLabel"}, image: {"_type": "Image"}}
        info = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": info})
    pq.write_table(table, path)


def test_parquet_shards_in_order_and_bit_exact(tmp_path):
    images = pixels(60, 32, 32, 3)
    labels = RANDOM.permutation(np.arange(60) % 3).tolist()
    folder = tmp_path / "pets" / "plain_text"
    names = ["cat", "dog", "eel"]
    write_parquet(folder / "train-00000-of-00002.parquet", images[:30], labels[:30], names=names)
    write_parquet(folder / "train-00001-of-00002.parquet", images[30:50], labels[30:50])
    write_parquet(folder / "test-00000-of-00001.parquet", images[50:], labels[50:])
    calls = []
    data = load_dataset(f"parquet:{tmp_path}/pets", progress=lambda *call: calls.append(call))
    assert torch.equal(data.train.images, channels_first(images[:50]))
    assert torch.equal(data.test.images, channels_first(images[50:]))
    assert data.train.labels.tolist() == labels[:50] and data.test.labels.tolist() == labels[50:]
    assert data.train.images.is_contiguous()
    assert data.class_names == ("cat", "dog", "eel")
    assert data.name == "pets" and data.spec == f"parquet:{tmp_path}/pets" and data.note == ""
    fractions = [fraction for _, fraction in calls]
    assert fractions == sorted(fractions) and fractions[0] == 0 and fractions[-1] == 1
    assert len(fractions) == 61


def test_progress_is_reported_by_the_percent(tmp_path):
    images = [encode(pixels(32, 32, 3))] * 1500
    write_parquet(tmp_path / "train-0.parquet", images, [0, 1, 2] * 500)
    calls = []
    load_dataset(f"parquet:{tmp_path}", progress=lambda *call: calls.append(call[1]))
    assert len(calls) == 101 and calls == sorted(calls) and calls[-1] == 1


@pytest.mark.parametrize("label", ["labels", "fine_label", "digit"])
def test_parquet_label_columns_and_grey_28(label, tmp_path):
    images = pixels(20, 28, 28)
    for split in ("train", "test"):
        write_parquet(tmp_path / f"{split}-0.parquet", images, [0, 1] * 10, "image", label)
    data = load_dataset(f"parquet:{tmp_path}")
    assert_padded(data.train.images, images)
    assert data.class_names == ("0", "1")


def test_parquet_cifar10_names_and_jpeg_note(tmp_path):
    folder = tmp_path / "cifar10-jpeg"
    images = pixels(20, 32, 32, 3)
    for split in ("train", "test"):
        path = folder / f"{split}-0.parquet"
        write_parquet(path, images, list(range(10)) * 2, kind="JPEG")
    data = load_dataset(f"parquet:{folder}")
    assert data.class_names[0] == "airplane" and "JPEG" in data.note and "quality 75" in data.note
    decoded = np.array(Image.open(io.BytesIO(encode(images[7], "JPEG"))))
    assert torch.equal(data.train.images[7], torch.from_numpy(decoded).permute(2, 0, 1))
    folder.rename(tmp_path / "other")
    assert load_dataset(f"parquet:{tmp_path}/other").class_names == tuple("0123456789")


def test_hold_out_is_stratified_disjoint_and_repeatable(tmp_path):
    images = pixels(72, 32, 32, 3)
    labels = [0] * 60 + [1] * 12
    write_parquet(tmp_path / "train-0.parquet", images, labels)
    data = load_dataset(f"parquet:{tmp_path}")
    assert data.test.labels.bincount().tolist() == [10, 2]
    assert data.train.labels.bincount().tolist() == [50, 10]
    both = torch.cat([data.train.images, data.test.images]).flatten(1)
    assert torch.equal(
        torch.unique(both, dim=0), torch.unique(channels_first(images).flatten(1), dim=0)
    )
    assert torch.equal(load_dataset(f"parquet:{tmp_path}").test.images, data.test.images)
    assert not torch.equal(data.test.images[:10], channels_first(images)[:10])  # drawn, not cut
    assert "No test split" in data.note and "12" in data.note


def test_bad_parquet(tmp_path):
    spec, path = f"parquet:{tmp_path}", tmp_path / "train-0.parquet"
    images = pixels(4, 32, 32, 3)
    assert "no parquet file" in failure(spec)

    def after(*arguments, **options):
        write_parquet(path, *arguments, **options)
        return failure(spec)

    pq.write_table(pa.table({"sound": [b"a", b"b"], "noise": [b"a", b"b"], "label": [0, 1]}), path)
    message = failure(spec)
    assert "no column img or image" in message and "sound (binary), noise (binary)" in message
    assert "1 train image(s) have no label (null or -1)" in after(images, [0, None, 1, 1])
    assert "1 train image(s) have no label (null or -1)" in after(images, [0, -1, 1, 1])
    assert "label 2, but its schema names" in after(images, [0, 1, 2, 2], names=["x", "y"])
    assert "label 0.5; labels are whole" in after(images, [0.5, 1, 1, 0.5])
    assert "no training images" in after([], pa.array([], pa.int64()))
    assert "'1' has 1" in after(images, [0, 0, 0, 1])
    message = after([*images[:2], b"noise", None], [0, 1, 0, 1])
    assert "2 of 4 pictures cannot be read" in message
    assert "row 2 of train-0.parquet (of no known format)" in message
    assert "row 3 of train-0.parquet (null)" in message
    path.write_bytes(b"PAR1 cut off")
    assert "cannot be read" in failure(spec)

    write_parquet(path, images, [0, 1, 0, 1])
    write_parquet(tmp_path / "test-0.parquet", images, [-1, -1, 0, 1])
    assert "2 test image(s) have no label (null or -1)" in failure(spec)
    write_parquet(tmp_path / "test-0.parquet", images, [0, 1, 2, 2])
    assert "class '2' is in test but not in train" in failure(spec)
    (tmp_path / "test-0.parquet").write_bytes(b"PAR1 cut off")
    message = failure(spec)
    assert f"the parquet file {tmp_path / 'test-0.parquet'} cannot be read" in message
    assert "\n" not in message


# --- folders ------------------------------------------------------------------------------------


def save(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(path)


def write_folder(folder, classes=("ant", "bee"), count=6, size=32):
    for name in classes:
        for index in range(count):
            save(folder / name / f"{index}.png", pixels(size, size, 3))


def test_folder_with_test_split_is_bit_exact_and_mixes_classes(tmp_path):
    write_folder(tmp_path / "train")
    write_folder(tmp_path / "val", count=2)
    (tmp_path / "train" / "ant" / "notes.txt").write_text("not a picture")
    (tmp_path / "train" / ".cache").mkdir()
    data = load_dataset(f"folder:{tmp_path}")
    assert data.class_names == ("ant", "bee") and len(data.test) == 4 and data.note == ""
    assert data.train.labels.tolist() == [0, 1] * 6
    stored = np.array(Image.open(tmp_path / "train" / "bee" / "2.png"))
    assert torch.equal(data.train.images[5], torch.from_numpy(stored).permute(2, 0, 1))


def test_folder_without_test_split(tmp_path):
    write_folder(tmp_path, classes=("ant", "bee", "cat"), count=12)
    fractions = []
    data = load_dataset(f"folder:{tmp_path}", progress=lambda _, done: fractions.append(done))
    assert data.test.labels.bincount().tolist() == [2, 2, 2] and len(data.train) == 30
    assert "No test split" in data.note
    assert fractions == sorted(fractions) and fractions[-1] == 1


def load_one(tmp_path, image, name="x.png"):
    """The image as load_dataset converts it, (32, 32, 3)."""
    write_folder(tmp_path / "train", count=1)
    write_folder(tmp_path / "test", count=1)
    (tmp_path / "train" / "ant" / "0.png").unlink()
    save(tmp_path / "train" / "ant" / name, image)
    return load_dataset(f"folder:{tmp_path}").train.images[0].permute(1, 2, 0).numpy()


def test_grey_palette_and_bilevel(tmp_path):
    grey = pixels(32, 32)
    for index, image in enumerate((grey, Image.fromarray(grey).convert("P"))):
        assert (load_one(tmp_path / str(index), image) == grey[..., None]).all()
    bilevel = grey > 127
    assert (load_one(tmp_path / "b", Image.fromarray(bilevel)) == 255 * bilevel[..., None]).all()


def test_16_bit_grey_keeps_its_range(tmp_path):
    grey = pixels(32, 32)
    for name in ("x.png", "x.tif"):
        image = Image.fromarray(grey.astype(np.uint16) * 257)
        assert (load_one(tmp_path / name, image, name) == grey[..., None]).all()


def test_transparency_is_laid_over_white(tmp_path):
    rgba = pixels(32, 32, 4)
    rgba[..., 3] = 255
    rgba[:8, :, 3] = 0
    shown = load_one(tmp_path / "a", rgba)
    assert (shown[:8] == 255).all() and (shown[8:] == rgba[8:, :, :3]).all()
    rgba[:8, :, :3], rgba[:8, :, 3] = 0, 51  # a fifth of black
    assert (load_one(tmp_path / "b", rgba)[:8] == 204).all()


def test_cmyk(tmp_path):
    image = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    shown = load_one(tmp_path, image, "x.tif")
    assert (shown == (255, 0, 0)).all()


def test_other_sizes_are_cropped_to_the_centre_and_antialiased(tmp_path):
    wide = np.zeros((64, 128, 3), np.uint8)
    wide[:, 32:96, 1] = 200  # the central square is green, the sides are black
    shown = load_one(tmp_path / "wide", wide)
    assert (shown == (0, 200, 0)).all()
    stripes = np.zeros((320, 320), np.uint8)
    stripes[:, ::2] = 255  # far too fine for 32 pixels: antialiasing turns them grey
    shown = load_one(tmp_path / "stripes", stripes)
    assert shown.min() > 115 and shown.max() < 140
    tiny = load_one(tmp_path / "tiny", np.full((3, 5, 3), 77, np.uint8))
    assert (tiny == 77).all()


def test_photographs_are_turned_upright(tmp_path):
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:32] = 255
    image = Image.fromarray(picture)
    exif = image.getexif()
    exif[0x0112] = 3  # upside down
    path = tmp_path / "train" / "ant" / "x.png"
    load_one(tmp_path, image)
    image.save(path, exif=exif)
    shown = load_dataset(f"folder:{tmp_path}").train.images[0]
    assert shown[:, :12].max() < 10 and shown[:, 20:].min() > 245


def test_bad_folders(tmp_path):
    spec = f"folder:{tmp_path / 'set'}"
    assert "there is no folder" in failure(spec)
    assert "there is no folder" in failure("folder:")
    (tmp_path / "set").mkdir()
    assert "set holds no picture" in failure(spec)
    write_folder(tmp_path / "set", classes=["ant"])
    (tmp_path / "set" / "bee").mkdir()
    assert "bee holds no picture" in failure(spec)
    for name in ("1.heic", "2.heic", "list.txt"):
        (tmp_path / "set" / "bee" / name).touch()
    assert "bee holds no picture that can be read, but 2 .heic files" in failure(spec)
    write_folder(tmp_path / "set", classes=["bee"])
    for name in ("2.png", "4.png"):
        path = tmp_path / "set" / "bee" / name
        path.write_bytes(path.read_bytes()[:200])
    message = failure(spec)
    assert "2 of 12 pictures cannot be read (damaged or cut off): bee/2.png, bee/4.png" in message


def test_folder_class_only_in_test(tmp_path):
    write_folder(tmp_path / "train")
    write_folder(tmp_path / "test", classes=("ant", "wasp"))
    assert "'wasp' is in test but not in train" in failure(f"folder:{tmp_path}")


# --- specs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "meant"),
    [
        ("cifar-10", "cifar10"),
        ("fashion_mini", "fashion-mini"),
        ("parquets:x", "parquet:DIR"),
        ("folder", "folder:DIR"),
        ("cifar10:x", None),
        ("", None),
    ],
)
def test_unknown_spec_lists_the_choices(spec, meant):
    message = failure(spec)
    assert all(choice in message for choice in (*BUILT_IN, "parquet:DIR", "folder:DIR"))
    assert meant is None or f"did you mean {meant}?" in message


def test_spec_is_stripped_and_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_folder(tmp_path / "insects")
    assert load_dataset(" folder:~/insects ").name == "insects"


def test_what_needs_no_download_is_known(tmp_path):
    assert is_local("fashion-mini", str(tmp_path))
    assert not is_local("cifar10", str(tmp_path))
    assert not is_local("parquet:/nowhere", str(tmp_path))
    assert not is_local("", str(tmp_path))
    (tmp_path / "cifar-10-batches-py").mkdir()
    (tmp_path / "cifar-10-batches-py" / "data_batch_1").touch()
    assert is_local("cifar10", str(tmp_path))


def test_a_single_picture_follows_the_rules_of_a_data_set():
    random = np.random.default_rng(0)
    exact = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert np.array_equal(read_picture("a", png(Image.fromarray(exact))).permute(1, 2, 0), exact)
    wide = Image.new("RGBA", (300, 100), (255, 0, 0, 0))  # transparent lies over white
    assert read_picture("b", png(wide)).unique().tolist() == [255]
    grey = read_picture("c", png(Image.new("L", (7, 9), 80)))
    assert grey.shape == (3, 32, 32)
    assert grey.unique().tolist() == [80]


def png(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_named(content):
    with pytest.raises(PadError, match="mine.png is no readable picture."):
        read_picture("mine.png", content)


def test_a_picture_that_would_fill_the_memory_is_refused():
    bomb = png(Image.new("1", (8000, 8000)))
    with pytest.raises(PadError, match="64 million pixels"):
        read_picture("bomb.png", bomb)


@pytest.mark.parametrize("spec", ["folder:~nobody-here/x", "folder:a\0b", f"idx:{'x' * 5000}"])
def test_a_folder_that_cannot_be_is_not_local(spec):
    assert not is_local(spec)
