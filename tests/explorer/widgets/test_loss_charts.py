"""Losses over epochs: colours, the legend, the epoch at hand."""

from explorer.runs.history import Series
from explorer.widgets import loss_charts
from pad_core.report.palette import style


def series(condition, label, now=None):
    return Series(label, condition, {"image": [(1.0, 0.5), (2.0, 0.4)]}, now or {})


def test_each_network_has_its_conditions_colour_once_in_the_legend():
    figure = loss_charts.panels([series("pad", "a"), series("pad", "b"), series("wo_rem", "c")],
                           log=True, dark=True)  # fmt: skip
    assert [trace.line.color for trace in figure.data] == [
        style(name).dark for name in ("pad", "pad", "wo_rem")
    ]
    assert figure.data[0].line.dash != figure.data[1].line.dash
    assert [trace.showlegend for trace in figure.data] == [True] * 3
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.yaxis6.type == "linear"


def test_the_mean_so_far_is_an_open_circle_joined_to_the_last_epoch():
    figure = loss_charts.panels([series("pad", "a", {"image": (2.5, 0.3)})], log=False, dark=False)
    line, now = figure.data
    assert (list(now.x), list(now.y)) == ([2.0, 2.5], [0.4, 0.3])
    assert now.marker.symbol == "circle-open"
    assert (line.showlegend, now.showlegend) == (True, False)
    first = Series("a", "pad", {}, {"image": (0.5, 0.9)})
    assert loss_charts.panels([first], log=False, dark=False).data[0].showlegend


def test_the_contrastive_loss_has_a_panel_where_a_network_has_one():
    def titles(figure):
        return [note.text for note in figure.layout.annotations]

    usual = loss_charts.panels([series("pad", "a")], log=True, dark=False)
    assert "contrastive loss" not in titles(usual)
    found = {"contrast": [(1.0, 3.0)], "linear_separability": [(1.0, 40.0)]}
    rare = loss_charts.panels([series("pad", "a"), Series("b", "contrast_phase", found)],
                              log=True, dark=False)  # fmt: skip
    assert titles(rare)[-2:] == ["contrastive loss", "linear probe, %"]
    contrast, separability = rare.data[-2:]
    assert (list(contrast.y), list(separability.y)) == ([3.0], [40.0])
    axes = {trace.yaxis.replace("y", "yaxis") for trace in (contrast, separability)}
    assert {rare.layout[axis].type for axis in axes} == {"log", "linear"}
    assert rare.layout[separability.yaxis.replace("y", "yaxis")].type == "linear"
