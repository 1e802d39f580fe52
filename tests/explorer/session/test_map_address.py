"""The latent map's window and selection as text, and what an outline holds."""

import math

import numpy as np
import pytest

from explorer.session import map_address
from explorer.session.map_address import Outline

LASSO = ((0.0, 0.0), (4.0, 0.0), (4.0, 3.0), (2.0, 1.0), (0.0, 3.0))  # with a notch from above


def ring(n, radius=10.0):
    angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


@pytest.mark.parametrize(
    "window",
    [
        (-12.345678, -3.0, 8.7654321, 9.5), (1e-4, 2e-4, 3e-4, 5e-4), (-40321.7, 1, 52123.4, 90000),
        (-1.5, -2.5, 3.25, 4.125, 7.0, -0.35),
    ],
)  # fmt: skip
def test_a_window_comes_back_to_a_fraction_of_a_pixel(window):
    text = map_address.window_text(window)
    back = map_address.window_of(text, 3 if len(window) == 6 else 2)
    size = min(window[2] - window[0], window[3] - window[1])
    assert np.abs(np.subtract(back[:4], window[:4])).max() <= size / 4000
    assert map_address.window_text(back) == text
    assert len(text) < 50
    if len(window) == 6:  # yaw by whole turns is the same
        assert math.cos(back[4] - window[4]) == pytest.approx(1, abs=1e-5)
        assert back[5] == pytest.approx(window[5], abs=2e-3)


@pytest.mark.parametrize("window", [(0, 0, 0, 1), (0, 1, 1, 0), (0, 0, 1e9, 1e9)])
def test_what_is_no_window_has_no_text(window):
    assert map_address.window_text(window) == ""


@pytest.mark.parametrize(
    "outline",
    [
        Outline(True, 0, (), (), ((0.0, 0.5), (1.25, 2.0))),
        Outline(False, 1, (3, 12), (), LASSO),
        Outline(True, 0, (), (-0.5, 0.35), LASSO),
    ],
)
def test_an_outline_comes_back(outline):
    text = map_address.outline_text(outline, pixel=1e-3)
    assert map_address.outlines_of(f"{text}~{text}", 3 if outline.turn else 2) == [outline] * 2
    assert map_address.are_outlines(text)


@pytest.mark.parametrize(
    "text",
    [
        "in0", "in0_1", "in0_1_2_3", "in0_1_2_3_x", "in0_1_2_3_inf", "in0_1_2_3_nan", "in_1_2_3_4",
        "in0.a_1_2_3_4", "on0_1_2_3_4", "in0_1_2_3_4~", "~", " in0_1_2_3_4", "in0_1_2_3_1e7",
        "~".join(13 * ["in0_1_2_3_4"]), "in0" + 82 * "_1",
    ],
)  # fmt: skip
def test_what_is_no_outline_is_none(text):
    assert map_address.outlines_of(text, 2) is None


def test_a_lasso_holds_what_lies_within_and_a_box_what_lies_between_its_corners():
    points = np.random.default_rng(0).uniform(-1, 5, (2000, 2))
    labels = np.arange(2000) % 3
    x, y = points.T
    within = (x > 0) & (x < 4) & (y > 0) & (y < 1 + np.abs(x - 2))
    assert 300 < within.sum() < 1000
    lasso = Outline(True, 0, (), (), LASSO)
    assert np.array_equal(lasso.holds(points, labels), within)
    sighted = Outline(True, 0, (1,), (), LASSO)
    assert np.array_equal(sighted.holds(points, labels), within & (labels != 1))
    box = Outline(True, 0, (), (), ((3.0, 0.5), (1.0, 2.0)))
    inside = ((points >= [1, 0.5]) & (points <= [3, 2])).all(axis=1)
    assert np.array_equal(box.holds(points, labels), inside)


def test_in_3d_an_outline_holds_what_lies_behind_it_as_the_map_was_turned():
    points = np.random.default_rng(1).normal(size=(500, 3))
    yaw, pitch = 0.7, -0.4
    about_up = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
    cp, sp = np.cos(pitch), np.sin(pitch)
    seen = points @ (np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]]) @ about_up).T
    box = Outline(True, 0, (), (yaw, pitch), ((-0.5, -0.25), (1.0, 0.75)))
    expected = ((seen[:, :2] >= [-0.5, -0.25]) & (seen[:, :2] <= [1.0, 0.75])).all(axis=1)
    assert np.array_equal(box.holds(points, np.zeros(500)), expected)
    assert 20 < expected.sum() < 480


def test_outlines_add_and_take_away_in_the_order_drawn():
    points = np.arange(10.0)[:, None] * [1, 1]
    labels = np.zeros(10)

    def selected(*boxes):
        outlines = [Outline(adds, 0, (), (), ((a, a), (b, b))) for adds, a, b in boxes]
        return np.flatnonzero(map_address.selected(outlines, [points], labels)).tolist()

    assert selected() == []
    assert selected((True, 2, 6), (False, 4, 5)) == [2, 3, 6]
    assert selected((False, 4, 5), (True, 2, 6)) == [2, 3, 4, 5, 6]


def test_a_lasso_of_many_steps_is_told_in_few_corners_that_look_the_same():
    drawn = np.concatenate([ring(700), ring(700)[:1]])
    corners = map_address.simplified(drawn, 0.02)
    assert len(corners) <= 40
    assert np.array_equal(map_address.simplified(corners, 0.02), corners)
    between = (corners[1:] + corners[:-1]) / 2
    assert np.linalg.norm(between, axis=1).min() > 9.9
    line = np.stack([np.linspace(0, 5, 50), np.zeros(50)], axis=1)
    assert map_address.simplified(line, 0.01).tolist() == [[0, 0], [5, 0]]
    jagged = np.random.default_rng(2).uniform(0, 1, (900, 2))
    for tolerance in (0.0, 1e-4):
        assert 3 < len(map_address.simplified(jagged, tolerance)) <= 40
    text = map_address.outline_text(Outline(True, 0, (), (), tuple(map(tuple, jagged))), 1e-4)
    assert map_address.outline_of(text, 2)
    assert len(text) < 700
