"""The signs of the states, and what a network is said to lack."""

import re

import pytest

from explorer.widgets.signs import lived


@pytest.mark.parametrize(
    ("phases", "said", "lacked"),
    [
        (("wake", "nrem", "rem"), "all three", 0),
        (("wake", "nrem"), "no REM", 1),
        (("wake", "rem"), "no NREM", 1),
        (("wake",), "only Wake", 2),
    ],
)
def test_what_a_network_lacks_is_struck_through_and_said(phases, said, lacked):
    html = lived(phases)
    assert re.sub("<.*?>", "", html) == said
    assert html.count("pad-lacks") == lacked
