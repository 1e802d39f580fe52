"""Names for several networks."""

from dataclasses import replace

from explorer.library.labels import labels
from pad_core.model.condition import CONDITIONS


def test_names_are_as_long_as_it_takes_to_tell_networks_apart(header):
    rem = replace(header, condition=CONDITIONS["wo_rem"])
    assert labels({"a": header, "b": rem}) == {"a": "PAD", "b": "w/o REM"}
    seeds = {"a": header, "b": replace(header, seed=9)}
    assert labels(seeds) == {"a": "PAD · seed 3", "b": "PAD · seed 9"}
    assert labels({"a": header, "b": header}) == {"a": "PAD · a", "b": "PAD · b"}
    assert labels({}) == {}
