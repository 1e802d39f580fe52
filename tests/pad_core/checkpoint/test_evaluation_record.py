"""The declaration of an evaluation, and that everything that shows or checks one follows it."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

import pad_core
from pad_core.checkpoint import file as checkpoint
from pad_core.checkpoint.evaluation_record import FIELDS, NEEDED, ROWS
from pad_core.cli.display import checkpoint_summary
from pad_core.errors import PadError
from pad_core.report.cards import cards
from pad_core.report.catalogue import find
from pad_core.report.summary import tables
from pad_core.report.tables import measures
from pad_core.system.tensors import read_tensors, write_tensors
from tests.pad_core.checkpoint.record_examples import example


@pytest.fixture
def path(exported, tmp_path):
    """A checkpoint with a value in every field of its evaluation."""
    network = pad_core.load(exported)
    path = tmp_path / "catalogue" / "measured.safetensors"
    checkpoint.save(path, network.networks, network.header, network.memories, bits=8)
    checkpoint.update_metrics(path, example())
    return path


def rewrite(path, **metrics):
    tensors, header = read_tensors(path)
    write_tensors(path, tensors, header | {"metrics": header["metrics"] | metrics})


def test_what_is_recorded_is_read_without_loss_also_what_is_not_known(path):
    rewrite(path, tomorrow={"new": [1, "x", None]})
    assert checkpoint.load_header(path).metrics == example() | {"tomorrow": {"new": [1, "x", None]}}
    checkpoint.update_metrics(path, {"seed": 3})
    assert "tomorrow" in checkpoint.load_header(path).metrics


def test_every_field_says_what_it_is():
    assert all(meaning and not meaning.endswith(".") for meaning in FIELDS.values())
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert {row.path[0] for row in ROWS} <= set(FIELDS)
    assert {"dataset", "condition", "seed", "epoch"} <= NEEDED <= set(FIELDS)


@pytest.mark.parametrize("name", list(FIELDS))
def test_a_field_of_another_type_is_refused_by_name(path, name):
    rewrite(path, **{name: [{"": "no"}]})
    with pytest.raises(PadError, match=rf"'metrics\.{name}(\[\d+\])?' is malformed: expected"):
        checkpoint.load_header(path)


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_without_what_places_a_number_there_is_no_evaluation(path, name):
    (entry,) = find([path])[0].entries
    assert entry.evaluation == example()
    metrics = {key: value for key, value in example().items() if key != name}
    assert replace(entry, header=replace(entry.header, metrics=metrics)).evaluation is None


def test_every_row_reaches_the_command_line_the_report_and_the_cards(path):
    catalogue, _ = find([path])
    told = checkpoint_summary(pad_core.load(path))
    screen = Console(file=io.StringIO(), width=200)
    for table in tables([example()]):
        screen.print(table)
    told_of = measures(catalogue, catalogue.datasets[0])
    report = {row[0]: row[1] for table in told_of for row in table.rows}
    assert len(report) == sum(len(table.rows) for table in told_of)
    page = cards(catalogue)
    for number, row in enumerate(ROWS, start=11):
        name, shown = row.name.format("seven"), f"{number:.{row.digits}f}"
        assert f"{name:<44} {shown}" in told
        assert any(name in x and shown in x for x in screen.file.getvalue().splitlines())
        assert report[name.strip()] == shown
        assert not row.card or (row.card in page and shown in page)
