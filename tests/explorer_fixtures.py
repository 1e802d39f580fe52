"""Checkpoints for the explorer's tests: untrained, real in every other respect."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.scriptrunner import RerunData
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from streamlit.runtime.state import SafeSessionState
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from pad_core import checkpoint
from pad_core.checkpoint import Header
from pad_core.conditions import built_in
from pad_core.datasets import DataSet, load_dataset
from pad_core.networks import build_networks


def write_checkpoint(path: Path, condition: str = "pad", seed: int = 0) -> Path:
    """A checkpoint of a network without experience, on the data set that ships."""
    data: DataSet = load_dataset("fashion-mini")
    networks = build_networks(seed)
    for network in networks:  # strong enough for dreams that differ
        for layer in network.children():
            layer.weight.data.mul_(3.0)
    header = Header(
        built_in(condition), checkpoint.describe(data), data.class_names, seed=seed, epoch=1
    )
    memories = checkpoint.choose_memories(data, networks.encoder)
    checkpoint.save(path, networks, header, memories, bits=8)
    return path


def run_as_from_a_browser(widget: Any) -> None:
    """Run what a browser asks for after this widget of an AppTest was moved.

    That is the panel (fragment) which the widget stands in; AppTest asks for the whole page.
    """
    state = widget.root.session_state
    while isinstance(state, SafeSessionState):
        state = state._state
    fragment = state.get_widget_metadata(widget.id).fragment_id
    ask = LocalScriptRunner.request_rerun

    def ask_for_it(runner: LocalScriptRunner, data: RerunData) -> bool:
        runner._requests = ScriptRequests()  # a new runner's first request is for the whole page
        return ask(runner, replace(data, fragment_id_queue=[fragment] if fragment else []))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalScriptRunner, "request_rerun", ask_for_it)
        widget.run()
