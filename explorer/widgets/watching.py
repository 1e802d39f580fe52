"""Work in the background: each step is drawn soon after it is made."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar
from uuid import uuid4

import streamlit as st

from explorer.library.background import Background, Result, Wanted
from explorer.session.state import remembered
from explorer.widgets import page
from pad_core.errors import PadError

_PATIENCE_S = 0.4  # for the first picture; the page must not keep the next request waiting
_AGAIN_S = 0.25  # between looks for news
_KEPT = 16  # results, of some MB each

T = TypeVar("T")


def growing(steps: Iterable[T]) -> Iterator[tuple[T, ...]]:
    """A job that tells all of its steps so far after each one."""
    made: list[T] = []
    for step in steps:
        made.append(step)
        yield tuple(made)


@st.cache_resource(show_spinner=False)
def _jobs() -> Background:
    return Background(max(1, (os.cpu_count() or 2) // 2), keep=_KEPT)


def so_far(key: Hashable, start: Callable[[], Iterator[T]], patience_s: float = 0.0) -> Result[T]:
    """What a job has come to; it goes on while the viewer's page asks for it."""
    viewer = remembered("watching-viewer", uuid4().hex)
    until = time.monotonic() + patience_s
    while True:
        result = _jobs().ask(viewer, {key: Wanted((0,), start)})[key]
        left = until - time.monotonic()
        if result.value is not None or result.done or left <= 0:
            return result
        _jobs().wait(left)


def watch(
    key: Hashable,
    start: Callable[[], Iterator[T]],
    draw: Callable[[T, bool], None],
    at_first: str = "The first picture is being made …",
) -> None:
    """Draw what a job has come to, again and again until it is done.

    Args:
        key: of the job: all that its result depends on. Who asks for the same sees the same.
        start: begins it; it yields what it has so far (see ``growing``), in steps below a second.
        draw: called with what it has, and whether it is still at work.
        at_first: said while it has nothing.
    """
    first = so_far(key, start, _PATIENCE_S)

    @st.fragment(run_every=None if first.done else _AGAIN_S)
    def panel() -> None:
        result = so_far(key, start)
        if result.error:
            page.problem(PadError(result.error))
        if result.value is None:
            if not result.done:
                st.caption(at_first)
        else:
            draw(result.value, not result.done)
        if result.done and not first.done:
            st.rerun()  # the page stands still from now on

    panel()
