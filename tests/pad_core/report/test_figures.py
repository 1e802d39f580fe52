"""The report's charts."""

import numpy as np

from pad_core.report.figures import LOSSES
from pad_core.report.palette import STYLES


def test_no_loss_has_the_colour_of_a_condition():
    def rgb(colour):
        return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])

    taken = [colour for look in STYLES.values() for colour in (look.colour, look.dark)]
    for name, (_, colour) in LOSSES.items():
        others = [*taken, *(c for other, (_, c) in LOSSES.items() if other != name)]
        assert min(np.linalg.norm(rgb(colour) - rgb(other)) for other in others) > 40, name
