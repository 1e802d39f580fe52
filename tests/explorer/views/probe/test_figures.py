"""The probe's bars and charts: what is drawn where."""

import numpy as np
import plotly.graph_objects as go
import pytest

from explorer.views.probe import figures
from explorer.views.probe.figures import Line, Score

PAD = Score("PAD", "epoch 1", "pad", 57.09, 56.1, 58.1, 0.67, (58.25, 0.7), "10,000", "full, fresh")


def test_a_bar_is_as_long_as_the_accuracy_with_its_interval_and_the_papers_mark():
    html = figures.scores([PAD], chance=10.0)
    for part in ("width: 57.09%", "left: 56.10%; width: 2.00%", "left: 58.25%", "left: 10.00%"):
        assert part in html
    for said in ("57.09", "56.1 – 58.1", "0.67", "◇ 58.25 ± 0.70", "full, fresh"):
        assert f">{said}<" in html


def test_what_is_not_there_yet_leaves_its_columns_empty_and_names_cannot_become_html():
    html = figures.scores([Score("<b>x", "", "pad", doing="encoding", share=0.4)], 10.0)
    assert "<strong>…</strong>" in html
    assert "pad-fill" not in html
    assert "width: 40%" in html
    assert "&lt;b&gt;x" in html
    failed = figures.scores([Score("PAD", "", "pad", error="No <i>memories</i>.")], 10.0)
    assert "No &lt;i&gt;memories" in failed


def test_the_cursor_and_the_rings_stand_where_the_slider_does():
    curve = Line("PAD", "pad", (0, 50, 100), (60, 40, 10), (59, 39, 9), (61, 41, 11))
    now = Line("PAD", "pad", [30], [47.0], [45.0], [50.0])
    figure = figures.occlusion([curve], [now], 30, dark=False)
    assert (figure.layout.shapes[0].x0, figure.layout.shapes[0].x1) == (30, 30)
    band, line, ring = figure.data
    assert list(band.y) == [61, 41, 11, 9, 39, 59]
    assert list(line.y) == [60, 40, 10]
    assert (ring.x[0], ring.y[0]) == (30, 47.0)
    assert (ring.error_y.array[0], ring.error_y.arrayminus[0]) == (3.0, 2.0)
    low, high = figure.layout.yaxis.range
    assert low == 0
    assert high >= 61
    go.Figure(figure.to_dict())  # Plotly checks all of it here


def test_what_is_drawn_once_for_all_stays_as_it_is():
    curve = Line("PAD", "pad", (0, 100), (60, 10), paper=58.25)
    now = Line("PAD", "pad", [30], [99.0], [95.0], [100.0])
    first = figures.occlusion([curve], [], 30, dark=False).to_dict()
    figures.occlusion([curve], [now], 70, dark=False)
    assert figures.occlusion([curve], [], 30, dark=False).to_dict() == first
    paper = first["data"][1]
    assert (paper["x"], paper["y"], paper["marker"]["symbol"]) == ([0], [58.25], "diamond-open")


@pytest.mark.parametrize("dark", [False, True])
def test_conditions_have_their_colours_by_day_and_by_night(dark):
    line = Line("PAD", "pad", (0,), (50.0,), runs=((40.0, 50.0), (41.0, 49.0)))
    expected = "#f2f2f2" if dark else "#111111"
    assert figures.occlusion([line], [], 0, dark).data[0].line.color == expected
    learning = figures.learning([line], "epoch", 20, dark)
    assert [trace.line.color for trace in learning.data] == [expected] * 2
    assert [list(trace.x) for trace in learning.data] == [[1, 2], [1, 2]]


def test_confusion_is_in_percent_of_each_true_class():
    counts = np.array([[3, 1], [0, 0]])
    shares = figures.confusion(counts, ["cat", "dog"], dark=False).data[0].z
    assert np.array(shares).tolist() == [[75.0, 25.0], [0.0, 0.0]]


def test_each_class_has_a_mark_for_each_network_and_a_bar_for_the_first():
    lines = [Line("PAD", "pad", y=[50, 60]), Line("Wake", "wake_only", y=[30, 20])]
    figure = figures.classes(lines, ["cat", "dog"], dark=False)
    assert [trace.type for trace in figure.data] == ["bar", "scatter", "scatter"]
    assert list(figure.data[2].x) == [30, 20]
