"""A viewer of the explorer without a browser: what a browser's page says over its stream.

Twenty browsers on one computer would measure the browsers. This speaks the protocol of
Streamlit's stream (its public messages, ``streamlit.proto``) and draws nothing.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from explorer.session.streamlit_internals import STREAM

FULL = b'class="pad-full"'  # stands in the page of a viewer for whom there is no room
PATIENCE_S = 120.0  # for an answer, after which something is wrong
# The widgets whose values are sent back, as a browser does.
_DIALS = ("slider", "number_input", "checkbox")


@dataclass
class _Dial:
    """A slider, a field or a switch on the page: what its value is sent with."""

    id: str
    kind: str
    fragment: str
    value: float


class FullError(Exception):
    """The server said that it has no room for another viewer."""


class _Answer:
    """What is waited for: the first message with these bytes, and the end of the run after it."""

    def __init__(self, shown: bytes) -> None:
        self.shown = shown
        self.pictured = 0.0
        self.finished: asyncio.Future[float] = asyncio.get_running_loop().create_future()


class Viewer:
    """One page of the explorer, open from ``async with`` on.

    Args:
        address: of the server, 'http://HOST:PORT/'.
        path: of the page, '' for the first one.
        cookie: that the browser has, 'NAME=VALUE'.
        query: parameters of the page's address.
    """

    def __init__(self, address: str, path: str = "", cookie: str = "", **query: str) -> None:
        self._headers = {"Cookie": cookie} if cookie else {}
        self._address = f"ws://{urlsplit(address).netloc}/{STREAM}"
        self._path, self._query = path, urlencode(query)
        self._page = ""
        self._dials: dict[str, _Dial] = {}
        self._clocks: dict[str, asyncio.Task] = {}
        self._kept: dict[str, bytes] = {}  # messages that the server need not send again
        self._answer: _Answer | None = None
        self._heard = 0.0  # when the server last said something
        self.received = 0  # bytes
        self.messages = 0

    async def __aenter__(self) -> Viewer:
        self._socket = await websockets.connect(
            self._address, max_size=None, compression=None, ping_interval=None, open_timeout=60,
            subprotocols=[websockets.Subprotocol("streamlit")], additional_headers=self._headers,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        for task in (self._reading, *self._clocks.values()):
            task.cancel()
        await self._socket.close()

    async def open(self, shown: str) -> tuple[float, float]:
        """Open the page; see ``move`` for what is returned."""
        self._ask(shown)
        await self._send(ClientState(query_string=self._query, page_name=self._path))
        return await self._answered()

    async def shown(self, what: str) -> tuple[float, float]:
        """Wait, without doing anything, until the server shows something."""
        self._ask(what)
        return await self._answered()

    async def quiet(self, seconds: float, patience_s: float = PATIENCE_S) -> None:
        """Wait until the server has said nothing for so long: all that was loading is there."""
        until = time.perf_counter() + patience_s
        while time.perf_counter() < min(self._heard + seconds, until):
            await asyncio.sleep(0.1)

    async def move(self, name: str, value: float, shown: str) -> tuple[float, float]:
        """Set a dial.

        Args:
            name: of the dial, the first part of its widget's key.
            shown: what stands in the element that it changes.

        Returns:
            When that element came and when the page was complete, by ``time.perf_counter``.
        """
        dial = self._dials[name]
        dial.value = value
        self._ask(shown)
        await self._rerun(dial.fragment)
        return await self._answered()

    @property
    def dials(self) -> dict[str, float]:
        """The dials on the page: where each stands, by name."""
        return {name: dial.value for name, dial in self._dials.items()}

    def _ask(self, shown: str) -> None:
        self._answer = _Answer(shown.encode())

    async def _answered(self) -> tuple[float, float]:
        assert self._answer is not None
        finished = await asyncio.wait_for(self._answer.finished, PATIENCE_S)
        return self._answer.pictured, finished

    async def _rerun(self, fragment: str, by_clock: bool = False) -> None:
        state = ClientState(
            query_string=self._query,
            page_script_hash=self._page,
            fragment_id=fragment,
            is_auto_rerun=by_clock,
            cached_message_hashes=list(self._kept),
        )
        for dial in self._dials.values():
            known = state.widget_states.widgets.add(id=dial.id)
            if dial.kind == "slider":
                known.double_array_value.data.append(dial.value)
            elif dial.kind == "checkbox":
                known.bool_value = bool(dial.value)
            else:
                known.double_value = dial.value
        await self._send(state)

    async def _send(self, state: ClientState) -> None:
        state.context_info.color_scheme = "light"
        state.context_info.timezone = "UTC"
        await self._socket.send(BackMsg(rerun_script=state).SerializeToString())

    async def _read(self) -> None:
        error: Exception = EOFError("The server has closed the stream.")
        try:
            async for said in self._socket:
                assert isinstance(said, bytes)
                self._take(said)
        except Exception as found:  # who waits for the answer hears of it
            error = found
        if self._answer is not None and not self._answer.finished.done():
            self._answer.finished.set_exception(error)

    def _take(self, said: bytes) -> None:
        now, answer = time.perf_counter(), self._answer
        self._heard = now
        self.received += len(said)
        self.messages += 1
        message = ForwardMsg.FromString(said)
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            said = self._kept.get(message.ref_hash, b"")
        elif kind == "delta":
            self._note(message, said)
        elif kind == "new_session":
            if not message.metadata.run.fragment_ids:
                self._stop(*self._clocks)
        elif kind == "navigation":
            self._page = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._start(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            self._stop(*message.stop_auto_rerun.fragment_ids)
        if answer is None or answer.finished.done():
            return
        if FULL in said:
            answer.finished.set_exception(FullError(message.delta.new_element.html.body))
            return
        if not answer.pictured and answer.shown in said:
            answer.pictured = now
        early = ForwardMsg.FINISHED_EARLY_FOR_RERUN
        if kind == "script_finished" and message.script_finished != early and answer.pictured:
            answer.finished.set_result(now)

    def _note(self, message: ForwardMsg, said: bytes) -> None:
        """Remember what a browser does of an element: dials, and messages that need not come again.

        Large messages are kept, of which what names the element stands at the beginning.
        """
        if message.metadata.cacheable:
            self._kept = dict([*self._kept.items(), (message.hash, said[:2000])][-20:])
        element: Any = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind in _DIALS:
            made = getattr(element, kind)
            key = made.id.split("-", 2)[2]
            value = made.default[0] if kind == "slider" else made.default
            name = key.rsplit("-", 1)[0]
            self._dials[name] = _Dial(made.id, kind, message.delta.fragment_id, value)

    def _start(self, fragment: str, seconds: float) -> None:
        self._stop(fragment)

        async def again() -> None:
            while True:
                await asyncio.sleep(seconds)
                await self._rerun(fragment, by_clock=True)

        self._clocks[fragment] = asyncio.create_task(again())

    def _stop(self, *fragments: str) -> None:
        for fragment in fragments:
            if fragment in self._clocks:
                self._clocks.pop(fragment).cancel()
