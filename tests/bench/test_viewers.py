"""Many viewers of one explorer: the script that measures them, and what a full server does."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest

from bench import viewers
from bench.browser import Server
from bench.stream import FullError, Viewer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The address of an explorer that takes in two viewers."""
    journal = str(tmp_path_factory.mktemp("journal") / "journal")
    env = {"OMP_NUM_THREADS": "1", "PAD_JOURNAL": journal, "PAD_EXPLORER_VIEWERS": "2"}
    with contextlib.closing(Server(env, stderr=None, patience_s=60)) as server:
        yield server.address


def test_the_script_measures_a_small_crowd(tmp_path, monkeypatch):
    out = tmp_path / "rows.json"
    monkeypatch.setattr("sys.argv", ["viewers", "--quick", "--page", "wall", "--out", str(out)])
    viewers.main()
    found = {row["name"].partition(": ")[2]: row for row in json.loads(out.read_text())}
    assert found["all come at once → first picture"]["n"] == 3
    moves = found["a dial moved → page complete, median"]
    assert moves["n"] >= 3 and 0 < moves["value"] < 60
    assert found["received by a viewer for each move"]["value"] > 10  # kB: it was the picture
    assert found["told that there is no room"]["value"] == 0
    assert found["processor time of the server, all in all"]["value"] > 0
    assert found["memory before"]["value"] > 100


def test_the_script_measures_a_class_that_follows(tmp_path, monkeypatch):
    out = tmp_path / "rows.json"
    monkeypatch.setattr("sys.argv", ["viewers", "--quick", "--follow", "--out", str(out)])
    viewers.main()
    found = {row["name"].partition(": ")[2]: row for row in json.loads(out.read_text())}
    followed = found["the speaker moved a dial → a follower's page complete, median"]
    assert followed["n"] >= 3 and 0 < followed["value"] < 60
    assert found["received by a viewer for each move"]["value"] > 10  # kB: it was the picture


def test_a_dial_shows_another_picture(full):
    async def look() -> tuple[float, float, int]:
        async with Viewer(full, "dream") as viewer:
            await viewer.open("pad-rem")
            before = viewer.received
            pictured, finished = await viewer.move("lam-slider", 0.9, "pad-rem")
            assert viewer.dials["lam-slider"] == viewer.dials["lam-typed"] == 0.9
            return pictured, finished, viewer.received - before

    pictured, finished, received = asyncio.run(look())
    assert pictured <= finished and received > 10_000


def test_who_comes_to_a_full_server_is_told_so_and_gets_in_when_one_leaves(full):
    async def visit() -> None:
        async with contextlib.AsyncExitStack() as inside:
            first = await inside.enter_async_context(Viewer(full, "dream"))
            await first.open("pad-rem")
            async with Viewer(full, "dream") as second, Viewer(full, "wall", wall="rem") as third:
                await second.open("pad-rem")
                with pytest.raises(FullError, match="2 viewers are here, which is as many as"):
                    await third.open("pad-wall")
                await first.move("lam-slider", 0.2, "pad-rem")  # those inside go on
                waiting = asyncio.create_task(third.shown("pad-wall"))
                await inside.aclose()
                await waiting

    asyncio.run(visit())


def test_a_viewer_who_is_in_stays_in(full):
    async def visit() -> None:
        async with Viewer(full, "dream") as first, Viewer(full, "dream") as second:
            for viewer in (first, second):
                await viewer.open("pad-rem")
            for viewer in (first, second):
                await viewer.move("seed", 7, "pad-rem")

    asyncio.run(visit())
