"""For the explorer's tests: checkpoints, a repository that holds some, its pages.

The checkpoints are untrained, real in every other respect.
"""

import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.scriptrunner import RerunData
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from streamlit.runtime.state import SafeSessionState
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from explorer.library import networks as loaders
from explorer.library import real_images
from explorer.library.real_images import RealImages
from pad_core.checkpoint import file as checkpoint
from pad_core.checkpoint.file import Header
from pad_core.data.load import DataSet, load_dataset
from pad_core.model.condition import built_in
from pad_core.model.networks import build_networks
from tests.helpers import until

PAD_AND_WAKE_ONLY = {f"checkpoints/{name}.safetensors": name for name in ("pad", "wake_only")}


def write_checkpoint(
    path: Path,
    condition: str = "pad",
    seed: int = 0,
    name: str = "",
    n_images: int | None = None,
) -> Path:
    """A checkpoint of a network without experience, on the data set that ships.

    name: of another data set, which its header tells of instead. n_images: of each split, where
    fewer will do: a page that measures is then soon done.
    """
    data: DataSet = load_dataset("fashion-mini")
    if n_images is not None:
        data = replace(data, train=data.train.first(n_images), test=data.test.first(n_images))
    networks = build_networks(seed)
    for network in networks:  # strong enough for dreams that differ
        for layer in network.children():
            layer.weight.data.mul_(3.0)
    about = checkpoint.dataset_record(data)
    if name:
        about |= {"name": name, "spec": f"folder:{name}", "sha256": "0" * 64}
    header = Header(built_in(condition), about, data.class_names, seed=seed, epoch=1)
    memories = checkpoint.choose_memories(data, networks.encoder)
    checkpoint.save(path, networks, header, memories, bits=8)
    return path


def run_as_from_a_browser(*widgets: Any) -> None:
    """Run what a browser asks for after these widgets of an AppTest were moved.

    Those are the panels (fragments) which the widgets stand in; AppTest asks for the whole page.
    Several are moved where a browser's requests wait together: Streamlit answers them in one run.
    """
    state = widgets[0].root.session_state
    while isinstance(state, SafeSessionState):
        state = state._state
    fragments = [state.get_widget_metadata(widget.id).fragment_id for widget in widgets]
    _run(widgets[0], fragment_id_queue=[fragment for fragment in fragments if fragment])


def go_back(at: AppTest, **query: object) -> AppTest:
    """The page, as run after the browser's Back or Forward brought this address."""
    at.query_params.clear()
    at.query_params.update(query)
    _run(at, is_history_navigation=True)
    return at


def _run(what: Any, **request: Any) -> None:
    """Run a page, or a widget's, with this in the request of the browser."""
    ask = LocalScriptRunner.request_rerun

    def ask_for_it(runner: LocalScriptRunner, data: RerunData) -> bool:
        runner._requests = ScriptRequests()  # a new runner's first request is for the whole page
        return ask(runner, replace(data, **request))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalScriptRunner, "request_rerun", ask_for_it)
        what.run()


@cache
def checkpoint_bytes(condition: str, seed: int, n_images: int | None = None) -> bytes:
    """What such a file holds, made once."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        return write_checkpoint(made, condition, seed, n_images=n_images).read_bytes()


def repository(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    checkpoints: Mapping[str, str],
    images: bool = False,
    n_images: int | None = None,
) -> Path:
    """Make the explorer's repository one with these checkpoints, path → condition.

    Their seeds are 0, 1, …; n_images: of each split, see ``write_checkpoint``. Images that arrive
    in the background would change a page between two looks at it: unless they are asked for,
    there are none.
    """
    monkeypatch.setattr(loaders, "ROOT", root)
    if not images:
        monkeypatch.setattr(real_images, "find", lambda network: RealImages("absent"))
    for seed, (key, condition) in enumerate(checkpoints.items()):
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(checkpoint_bytes(condition, seed, n_images))
    return root


def page_of(view: str, timeout_s: float, /, **query: object) -> AppTest:
    """A page, a folder of ``explorer/views``, with this in its address, as an AppTest to be run."""
    lines = (
        "from explorer.session.state import follow_address",
        f"from explorer.views.{view} import page",
        "follow_address()",
        "page.show()",
    )
    at = AppTest.from_string("\n".join(lines), default_timeout=timeout_s)
    at.query_params.update(query)
    return at


def opened(view: str, timeout_s: float, /, **query: object) -> AppTest:
    """The page, run once without an exception."""
    at = page_of(view, timeout_s, **query).run()
    assert not at.exception, at.exception
    return at


def run_until(at: AppTest, condition: Callable[[], bool], seconds: float = 120.0) -> AppTest:
    """The page, run again and again until the condition holds."""

    def holds() -> bool:
        assert not at.exception, at.exception
        if condition():
            return True
        at.run()
        return False

    until(holds, "the page never came to it", seconds)
    return at


def widget(widgets: Iterable[Any], name: str) -> Any:
    """The widget of that name; a number follows it in its key."""
    return next(w for w in widgets if re.fullmatch(rf"{name}-\d+", w.key or ""))


def drawn(at: AppTest) -> list[Any]:
    """The page's HTML, an element each, without its style sheets."""
    return [e for e in at.get("html") if "<style>" not in e.proto.body]
