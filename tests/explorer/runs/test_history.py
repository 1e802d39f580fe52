"""What is drawn of recorded trainings: series, stages, the figures' colours."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pad_core
from explorer.runs import history as curves
from explorer.runs.history import MOST_STAGES, Series
from explorer.runs.orders import Order
from explorer.runs.trainings import Training
from explorer.session.choices import Choices
from explorer.views.curves import figures as charts
from pad_core.model.condition import CONDITIONS
from pad_core.report.items import ITEMS
from pad_core.report.palette import style
from pad_core.report.panels import table_1
from pad_core.training.run_folder import Progress

HISTORY = [
    {"epoch": 1, "losses": {"image": 0.5, "kl": 0.2}, "linear_separability": 30.0},
    {"epoch": 2, "losses": {"image": 0.4, "kl": 0.1}, "seconds": 3.0},
]


@pytest.fixture
def header(exported):
    """A header of PAD after two epochs."""
    header = pad_core.load(exported).header
    recipe = {"dataset": "x", "batch_size": 64, "epochs": 2, "device": "cpu", "torch": "2"}
    return replace(header, epoch=2, history=HISTORY, recipe=recipe)


def test_a_series_has_each_term_where_it_was_measured(header):
    series = curves.recorded("mine", header)
    assert series.values == {
        "image": [(1, 0.5), (2, 0.4)],
        "kl": [(1, 0.2), (2, 0.1)],
        "linear_separability": [(1, 30.0)],
    }
    assert not series.now


def test_of_a_training_the_epoch_at_hand_stands_at_its_fraction():
    progress = Progress(3, 5, 25, 100, 200.0, 60.0, {"image": 0.3})
    training = Training(Path("runs/x"), "training", Order("x"), progress, HISTORY, "", 0.0)
    series = curves.under_way(training)
    assert series.now == {"image": (2.25, 0.3)}
    assert series.values["image"] == [(1, 0.5), (2, 0.4)]
    done = replace(training, progress=replace(progress, epoch=2, step=100))
    assert not curves.under_way(done).now
    assert curves.under_way(replace(training, progress=None, history=[])) is None
    assert curves.under_way(replace(training, order=None)) is None


def test_names_are_as_long_as_it_takes_to_tell_networks_apart(header):
    rem = replace(header, condition=CONDITIONS["wo_rem"])
    assert curves.labels({"a": header, "b": rem}) == {"a": "PAD", "b": "w/o REM"}
    seeds = {"a": header, "b": replace(header, seed=9)}
    assert curves.labels(seeds) == {"a": "PAD · seed 3", "b": "PAD · seed 9"}
    assert curves.labels({"a": header, "b": header}) == {"a": "PAD · a", "b": "PAD · b"}
    assert curves.labels({}) == {}


def test_stages_are_the_epochs_of_one_training(header):
    longer = replace(header, epoch=20, recipe=header.recipe | {"epochs": 20, "device": "cuda"})
    headers = {
        "first": replace(header, epoch=1),
        "copy": header,
        "mine": header,
        "late": longer,
        "other seed": replace(header, epoch=5, seed=4),
        "other condition": replace(header, epoch=6, condition=CONDITIONS["wo_nrem"]),
        "other batch": replace(header, epoch=7, recipe=header.recipe | {"batch_size": 32}),
    }
    assert curves.stages(headers, "mine") == {1: "first", 2: "mine", 20: "late"}
    assert curves.stages(headers, "late") == {1: "first", 2: "copy", 20: "late"}


@pytest.mark.parametrize("kept", [1, 2, 37, 50])
def test_of_many_epochs_a_dozen_is_shown_with_the_first_last_and_own(kept):
    every = {epoch: str(epoch) for epoch in range(1, 51)}
    shown = curves.thinned(every, kept)
    assert len(shown) == MOST_STAGES
    assert list(shown) == sorted(shown)
    assert {1, 50, kept} <= set(shown)
    few = {1: "a", 9: "b"}
    assert curves.thinned(few, 9) == few


def test_a_note_is_of_the_epoch_itself(header):
    assert curves.stage_note(header) == ""  # epoch 2 was not measured
    first = replace(header, epoch=1, history=HISTORY[:1])
    assert curves.stage_note(first) == ("30.0 % linearly separable, one read-out while it trained")
    metrics = {"linear_separability": 52.52, "protocol": {"readout_seeds": 4}}
    assert curves.stage_note(replace(header, metrics=metrics)) == (
        "52.5 % linearly separable by evaluate, mean of 4 read-outs"
    )


def test_a_stage_shows_the_dreams_of_the_dream_page(exported):
    from explorer.dreaming import dreams

    network, choices = pad_core.load(exported), Choices(seed=3)
    stage = curves.stage(network, choices)
    recalled = dreams.recall(network, choices)
    rem = dreams.mix(network, recalled, choices)
    assert stage.picture.shape == (128, 256, 3)
    assert np.array_equal(stage.picture[:32], recalled.picture)
    assert np.array_equal(stage.picture[96:], rem.picture[32:])
    assert np.array_equal(stage.realness, rem.realness)


def series(condition, label, now=None):
    return Series(label, condition, {"image": [(1.0, 0.5), (2.0, 0.4)]}, now or {})


def test_each_network_has_its_conditions_colour_once_in_the_legend():
    figure = charts.panels([series("pad", "a"), series("pad", "b"), series("wo_rem", "c")],
                           log=True, dark=True)  # fmt: skip
    assert [trace.line.color for trace in figure.data] == [
        style(name).dark for name in ("pad", "pad", "wo_rem")
    ]
    assert figure.data[0].line.dash != figure.data[1].line.dash
    assert [trace.showlegend for trace in figure.data] == [True] * 3
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.yaxis6.type == "linear"


def test_the_mean_so_far_is_an_open_circle_joined_to_the_last_epoch():
    figure = charts.panels([series("pad", "a", {"image": (2.5, 0.3)})], log=False, dark=False)
    line, now = figure.data
    assert (list(now.x), list(now.y)) == ([2.0, 2.5], [0.4, 0.3])
    assert now.marker.symbol == "circle-open"
    assert (line.showlegend, now.showlegend) == (True, False)
    first = Series("a", "pad", {}, {"image": (0.5, 0.9)})
    assert charts.panels([first], log=False, dark=False).data[0].showlegend


def test_no_loss_has_the_colour_of_a_condition():
    from pad_core.report.figures import LOSSES
    from pad_core.report.palette import STYLES

    def rgb(colour):
        return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])

    taken = [colour for look in STYLES.values() for colour in (look.colour, look.dark)]
    for name, (_, colour) in LOSSES.items():
        others = [*taken, *(c for other, (_, c) in LOSSES.items() if other != name)]
        assert min(np.linalg.norm(rgb(colour) - rgb(other)) for other in others) > 40, name


def on_shelf(header, accuracy=58.0):
    from tests.pad_core.report.test_page import evaluation

    metrics = evaluation("pad", 0, 20, accuracy, dataset="cifar10-jpeg")
    dataset = header.dataset | {"name": "cifar10-jpeg"}
    return curves.shelf({"a": replace(header, dataset=dataset, metrics=metrics, epoch=20)})


def test_the_table_has_the_papers_value_also_where_ours_is_missing(header):
    names, rows = table_1(on_shelf(header), "cifar10-jpeg", ITEMS["table1"].conditions)
    found = {row[0]: row[1:4] for row in rows}
    assert all(len(row) == len(names) for row in rows)
    assert found["PAD"] == ("58.00", "58.25 ± 0.70", "-0.25")
    assert found["w/o REM"] == ("missing", "46.00 ± 0.43", "–")
    figure = charts.paper_figure("table1", on_shelf(header), "cifar10-jpeg", False)
    ours, paper = figure.data
    assert list(ours.y) == [58.0, None, None, None, None]
    assert list(paper.y) == [58.25, 53.87, 46.00, 58.00, 42.25]
    assert "n = 1" in ours.x[0]
    assert "missing" in ours.x[1]


def test_the_papers_figure_is_in_the_pages_colours_with_the_papers_values(header):
    shelf = on_shelf(header)
    light, dark = (
        charts.paper_figure("fig4", shelf, "cifar10-jpeg", shade) for shade in (False, True)
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
def test_each_figure_of_the_paper_can_be_drawn_or_is_nothing(header, name):
    figure = charts.paper_figure(name, on_shelf(header), "cifar10-jpeg", True)
    assert figure is None or figure.data
    assert charts.paper_figure(name, curves.shelf({}), "cifar10", True) is None
