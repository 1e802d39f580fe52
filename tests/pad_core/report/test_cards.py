import re
import shlex
from dataclasses import replace

import pytest

from pad_core.checkpoint.file import load_header, update_metrics
from pad_core.cli.main import main, parse
from pad_core.model.condition import PAD, find_condition
from pad_core.report.cards import cards, remake_command
from pad_core.report.catalogue import Catalogue, Entry, find
from pad_core.report.claims import beside_paper
from pad_core.training.request import TrainingRequest


@pytest.fixture
def folder(exported, tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.safetensors").write_bytes(exported.read_bytes())
    update_metrics(
        tmp_path / "a.safetensors",
        {
            "dataset": "small", "condition": "pad", "seed": 3, "epoch": 0,
            "linear_separability": 51.236, "linear_separability_sd": 0.5, "on": "real images",
            "converged_separability": 55.5, "occlusion": {"30": 44.444, "50": 33.3},
            "intra_inter_ratio": 0.9, "clean_occluded_ratio": 0.1234, "n_train": 256, "n_test": 100,
            "occlusion_n": 100, "protocol": {"readout_seeds": 4},
            "baselines": {"untrained": {"linear_separability": 30.0}},
        },
    )  # fmt: skip
    return tmp_path


def test_a_page_of_cards_says_what_the_headers_say(folder):
    page = cards(find([folder])[0])
    row = next(line for line in page.splitlines() if line.startswith("| `a.safetensors`"))
    numbers = [cell.strip() for cell in row.split("|")][4:-1]
    assert numbers == ["3", "0", "51.24", "55.50", "44.44", "33.30", "0.900", "0.123"]
    assert "| `b.safetensors` " in page
    assert "An untrained network: 30.00 % by the paper's protocol, – % converged" in page
    assert "not yet (`python -m pad_core evaluate" in page


def test_the_remaking_command_is_one_that_the_program_takes(exported):
    header = replace(load_header(exported), epoch=20)
    assert remake_command(header, "a b") is None  # nothing is known of how it was trained
    header.recipe.update(
        dataset="fashion-mini", epochs=20, precision="fp32", batch_size=32, adam_coasts=True
    )
    train, export = remake_command(header, "a b").split(" && ")
    options = parse(shlex.split(train)[3:])
    assert options.request() == TrainingRequest(
        "fashion-mini", PAD, 20, 3, batch_size=32, adam_coasts=True, precision="fp32"
    )
    assert parse(shlex.split(export)[3:]).source == options.run
    assert "--device" not in train
    header.recipe.update(device="cuda (NVIDIA H200)")
    assert "--device cuda" in remake_command(header, "a b")
    own = replace(header, condition=find_condition("pad", {"lam": "0.3"}))
    assert "--condition pad --set lam=0.3" in remake_command(own, "a b")
    header.recipe.update(learning_rate="high")  # it was written by something else
    assert remake_command(header, "a b") is None


def test_a_card_says_what_stands_between_its_numbers_and_the_papers(exported):
    header = load_header(exported)
    for name, n_train, epoch, said in (
        ("svhn-small", 4_434, 150, "73,257 images of SVHN: 150 epochs of 4,434 here show as"),
        ("svhn-small", 4_434, 150, "many images as 9.1 epochs there"),
        ("cifar10-jpeg", 50_000, 20, "The paper trains 50 epochs, not these 20."),
        ("fashion-mnist", 60_000, 50, "The paper has no such data set."),
    ):
        dataset = header.dataset | {"name": name, "n_train": n_train}
        assert said in beside_paper(replace(header, dataset=dataset, epoch=epoch))
    dataset = header.dataset | {"name": "cifar10", "n_train": 50_000}
    assert beside_paper(replace(header, dataset=dataset, epoch=50)) == ""


def test_the_command_writes_the_page_and_names_what_it_cannot_read(folder, capsys):
    assert main(["cards", str(folder)]) == 0
    assert "`a.safetensors`" in (folder / "README.md").read_text()
    (folder / "c.safetensors").write_bytes(b"no checkpoint")
    assert main(["cards", str(folder)]) == 1
    shown = capsys.readouterr()
    assert "c.safetensors" in shown.err
    assert shown.out.endswith("2 networks\n")
    (folder / "a.safetensors").unlink()
    assert main(["cards", str(folder)]) == 1
    assert capsys.readouterr().out.endswith("1 network\n")
    assert main(["cards", str(folder / "none")]) == 2


@pytest.mark.parametrize("precision", [None, "fp32"])
def test_texts_from_files_are_inert_in_the_page(folder, exported, precision):
    hostile = "<script>x</script> [a](http://b) `c` **d** | e &lt; ![f](g) www.h.example # $i$"
    header = replace(load_header(exported), epoch=20)
    header.recipe.update(
        dataset=hostile, epochs=20, precision=precision or hostile, batch_size=64, device=hostile,
        torch=hostile,
    )  # fmt: skip
    dataset = header.dataset | {"name": hostile, "note": hostile}
    entry = Entry(folder / "a`b`|<i>.safetensors", replace(header, dataset=dataset))
    entry.path.write_bytes(exported.read_bytes())
    page = cards(Catalogue([entry]))
    outside = re.sub(
        r"(?s)(`+)(.+?)(?<!`)\1(?!`)", "", re.sub(r"\\`", "", page.split("| file |")[1])
    )
    assert "<" not in outside
    assert not re.search(r"(?<!\\)([`\[\]]|://)|www\.|\*\*d", outside)
    row = next(line for line in page.splitlines() if "safetensors" in line and line[0] == "|")
    head = next(line for line in page.splitlines() if line.startswith("| file |"))
    assert len(re.findall(r"(?<!\\)\|", row)) == head.count("|")
    command = remake_command(entry.header, entry.path.stem)
    assert command in page if precision else command is None
