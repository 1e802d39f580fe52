"""Rows of a chart's table."""

import io

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.widgets.files.rows import figure_to_csv, to_csv


def read(text):
    return pd.read_csv(io.StringIO(text))


def test_a_row_for_each_mark_with_its_error_and_source():
    figure = go.Figure()
    figure.add_scatter(x=[0, 30], y=[56.5, 48.25], name="PAD, n = 3", error_y={"array": [0.5, 1]})
    figure.add_scatter(x=[0, 30, 0], y=[1, 2, 3], name="band", hoverinfo="skip")
    figure.add_scatter(x=[0], y=[44.0], name="Wake only")
    figure.update_yaxes(title_text="accuracy, %")
    table = read(figure_to_csv(figure, "who, when"))
    assert list(table.columns) == ["panel", "series", "x", "y", "value", "error", "source"]
    assert table.series.tolist() == ["PAD, n = 3"] * 2 + ["Wake only"]
    assert table.y.tolist() == [56.5, 48.25, 44.0]
    assert table.error.tolist()[:2] == [0.5, 1.0] and pd.isna(table.error[2])
    assert set(table.panel) == {"accuracy, %"} and set(table.source) == {"who, when"}


def test_panels_have_their_titles_and_cells_their_values():
    figure = make_subplots(1, 2, subplot_titles=["left", "right"])
    figure.add_scatter(y=[5.0], row=1, col=1)
    figure.add_heatmap(x=["cat", "dog"], y=["cat", "dog"], z=[[9, 1], [2, 8]], row=1, col=2)
    table = read(figure_to_csv(figure, ""))
    assert table.panel.tolist() == ["left", *["right"] * 4]
    assert table.x.tolist()[1:] == ["cat", "dog", "cat", "dog"]
    assert table.value.tolist()[1:] == [9, 1, 2, 8]


def test_a_box_that_lies_has_no_y():
    figure = go.Figure(go.Box(x=[0.5, -1.0], name="cat", orientation="h"))
    table = read(figure_to_csv(figure, ""))
    assert table.x.tolist() == [0.5, -1.0] and table.y.isna().all()


def test_commas_and_quotes_stay_within_their_cell():
    table = read(to_csv(["measure", "PAD"], [('of "d", test', "1.0 ± 0.1")], "a, b"))
    assert table.iloc[0].tolist() == ['of "d", test', "1.0 ± 0.1", "a, b"]
