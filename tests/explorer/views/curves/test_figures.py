"""The paper's figures on the Curves page."""

from dataclasses import replace

import pytest

from explorer.views.curves import epochs, figures
from pad_core.report.items import ITEMS
from pad_core.report.palette import style
from pad_core.report.tables import table_1
from tests.pad_core.report.test_page import evaluation


def catalogue_of(header, accuracy=58.0):
    metrics = evaluation("pad", 0, 20, accuracy, dataset="cifar10-jpeg")
    dataset = header.dataset | {"name": "cifar10-jpeg"}
    return epochs.catalogue({"a": replace(header, dataset=dataset, metrics=metrics, epoch=20)})


def test_the_table_has_the_papers_value_also_where_ours_is_missing(header):
    table = table_1(catalogue_of(header), "cifar10-jpeg", ITEMS["table1"].conditions)
    found = {row[0]: row[1:4] for row in table.rows}
    assert all(len(row) == len(table.names) for row in table.rows)
    assert found["PAD"] == ("58.00", "58.25 ± 0.70", "-0.25")
    assert found["w/o REM"] == ("missing", "46.00 ± 0.43", "–")
    figure = figures.paper_figure(ITEMS["table1"], catalogue_of(header), "cifar10-jpeg", False)
    ours, paper = figure.data
    assert list(ours.y) == [58.0, None, None, None, None]
    assert list(paper.y) == [58.25, 53.87, 46.00, 58.00, 42.25]
    assert "n = 1" in ours.x[0]
    assert "missing" in ours.x[1]
    lines = [line for label in ours.x for line in label.split("<br>")]
    assert max(map(len, lines)) <= 8  # 58 pixels each, on a telephone
    assert figure.layout.xaxis.tickangle == 0


def test_the_papers_figure_is_in_the_pages_colours_with_the_papers_values(header):
    catalogue = catalogue_of(header)
    light, dark = (
        figures.paper_figure(ITEMS["fig4"], catalogue, "cifar10-jpeg", shade)
        for shade in (False, True)
    )
    names = [trace.name for trace in light.data]
    assert "PAD, n = 1" in names
    paper = light.data[names.index("w/o REM, paper")]
    assert (paper.x[0], paper.y[0], paper.error_y.array[0]) == (50, 46.0, 0.43)
    at = names.index("PAD, n = 1")
    assert (light.data[at].line.color, dark.data[at].line.color) == (
        style("pad").colour, style("pad").dark,
    )  # fmt: skip


@pytest.mark.parametrize("name", list(ITEMS))
def test_each_figure_of_the_paper_shows_what_was_recorded(header, name):
    """One network with two epochs of history: its numbers stand in every figure."""
    occlusion = [58 - 4.8 * i for i in range(11)]  # percent right at 0, 10, … 100 %
    recorded = {
        "fig3": [100 / 20, 2.0],  # NREM dreams, REM dreams
        "fig4": [30.0],  # of the epoch at which it was measured
        "fig5": occlusion,
        "fig6": [0.97, 0.9],  # untrained, PAD
        "table1": [58.0, None, None, None, None],
        "app-fig1": [0.5, 0.4],  # image loss
        "app-fig2": [0.5, 0.4],
        "app-fig3": [30.0],
        "app-fig4": [30.0],
        "app-fig5": [30.0],
        "app-fig6": occlusion,
        "signatures": [0.8],  # of z, in NREM and Wake
    }
    figure = figures.paper_figure(ITEMS[name], catalogue_of(header), "cifar10-jpeg", True)
    lines = [list(trace.y) for trace in figure.data if trace.y is not None]
    assert any(line == pytest.approx(recorded[name], nan_ok=True) for line in lines), lines
    assert figures.paper_figure(ITEMS[name], epochs.catalogue({}), "cifar10", True) is None
