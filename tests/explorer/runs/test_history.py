"""What trainings record: series of values over epochs."""

from dataclasses import replace
from pathlib import Path

from explorer.runs import history
from explorer.runs.orders import Order
from explorer.runs.trainings import Training
from pad_core.training.run_folder import Progress
from tests.explorer.conftest import RECORDED


def test_a_series_has_each_term_where_it_was_measured(header):
    series = history.recorded("mine", header)
    assert series.values == {
        "image": [(1, 0.5), (2, 0.4)],
        "kl": [(1, 0.2), (2, 0.1)],
        "linear_separability": [(1, 30.0)],
    }
    assert not series.now


def test_of_a_training_the_epoch_at_hand_stands_at_its_fraction():
    progress = Progress(3, 5, 25, 100, 200.0, 60.0, {"image": 0.3})
    training = Training(Path("runs/x"), "training", Order("x"), progress, RECORDED, "", 0.0)
    series = history.under_way(training)
    assert series.now == {"image": (2.25, 0.3)}
    assert series.values["image"] == [(1, 0.5), (2, 0.4)]
    done = replace(training, progress=replace(progress, epoch=2, step=100))
    assert not history.under_way(done).now
    assert history.under_way(replace(training, progress=None, history=[])) is None
    assert history.under_way(replace(training, order=None)) is None
