"""Run the explorer and a browser, to measure how long a viewer waits.

A wait ends with the frame that shows the awaited picture or text.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.checkpoints import ROOT
from explorer.session.streamlit_internals import HEALTH, RUNNING
from pad_core.errors import PadError

HOST = "127.0.0.1"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
PATIENCE_MS = 300_000

# Time from the key or the click to the frame that shows another picture or text in an element.
_WATCH = """(selector) => {
  const shown = () => {
    const element = document.querySelector(selector);
    return element && (element.getAttribute('style') || '') + element.textContent;
  };
  window.padWait = new Promise((done) => {
    const begin = (event) => {
      if (!event.isTrusted) return;
      removeEventListener('keydown', begin, true);
      const started = event.timeStamp, before = shown();
      const look = () => {
        const now = shown();
        if (now !== null && now !== before) {
          requestAnimationFrame(() => done(performance.now() - started));
        } else requestAnimationFrame(look);
      };
      look();
    };
    addEventListener('keydown', begin, true);
  });
}"""

_CLOCK = """addEventListener('keydown', (event) => { window.padStarted = event.timeStamp },
  {once: true, capture: true})"""


class Server:
    """The explorer as ``streamlit run`` starts it.

    env: variables beside this process's own; stderr: for its messages, this process's own if None;
    program: another one that shows it; patience_s: PadError if it doesn't answer by then.
    """

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        stderr: int | None = subprocess.DEVNULL,
        patience_s: float = math.inf,
        program: Path = Path("explorer/app.py"),
    ) -> None:
        with socket.socket() as free:
            free.bind((HOST, 0))
            port = free.getsockname()[1]
        self.address = f"http://{HOST}:{port}/"
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(program),
             "--server.headless", "true", "--server.address", HOST, "--server.port", str(port)],
            cwd=ROOT, env=os.environ | (env or {}), stdout=subprocess.DEVNULL, stderr=stderr,
        )  # fmt: skip
        try:
            self._wait(patience_s)
        except BaseException:
            self.close()
            raise

    def _wait(self, patience_s: float) -> None:
        while True:
            try:
                urllib.request.urlopen(self.address + HEALTH, timeout=1).close()
                return
            except OSError:
                if self._process.poll() is not None:
                    raise PadError("The explorer's server ended before it answered.") from None
                if time.perf_counter() - self.started > patience_s:
                    raise PadError(
                        f"The explorer's server did not answer within {patience_s:g} s."
                    ) from None
                time.sleep(0.02)

    def memory_mb(self) -> float | None:
        """The memory that the process holds now, in 10⁶ bytes; None if the system doesn't tell."""
        try:
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        except OSError:
            return None
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def cpu_s(self) -> float:
        """Processor time that the process has taken, in seconds; NaN where the system keeps it."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return math.nan
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)


class Relay:
    """Relays bytes between browsers and a server, and records their times.

    A browser notices an answer only after it has processed the earlier ones, so the server's time
    is measured on the way.
    """

    def __init__(self, server: Server) -> None:
        self._server = urlsplit(server.address)
        self._listener = socket.create_server((HOST, 0))
        self.address = f"http://{HOST}:{self._listener.getsockname()[1]}/"
        self._panel = b""
        self._asked = self._answered = math.nan
        threading.Thread(target=self._accept, daemon=True).start()

    def expect(self, panel: str) -> None:
        """Measure from the next request to the answer that brings this panel."""
        self._asked = self._answered = math.nan
        self._panel = f'pad-{panel}"'.encode()

    def answered_ms(self) -> float:
        """Milliseconds from that request to that answer."""
        return 1000 * (self._answered - self._asked)

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                browser, _ = self._listener.accept()
                server = socket.create_connection((self._server.hostname, self._server.port))
                for source, sink, note in (
                    (browser, server, self._note_request),
                    (server, browser, self._note_answer),
                ):
                    sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
                    pump = threading.Thread(target=_pump, args=(source, sink, note), daemon=True)
                    pump.start()

    def _note_request(self, said: bytes) -> None:
        if math.isnan(self._asked):
            self._asked = time.perf_counter()

    def _note_answer(self, said: bytes) -> None:
        if math.isnan(self._answered) and self._panel in said:
            self._answered = time.perf_counter()


def _pump(source: socket.socket, sink: socket.socket, note: Callable[[bytes], None]) -> None:
    """Relay bytes until the source ends; ``note`` sees each piece after the end of the last one."""
    end = b""
    with contextlib.suppress(OSError), source, sink:
        while said := source.recv(1 << 16):
            note(end + said)
            end = said[-100:]
            sink.sendall(said)


class Viewer:
    """A page of the explorer in a fresh browser."""

    def __init__(self, browser: Any, address: str) -> None:
        self._context = browser.new_context(viewport={"width": 1280, "height": 720})
        self.page = self._context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        started = time.perf_counter()
        self.page.goto(address)
        self.page.wait_for_selector(".pad-footer")
        self.first_s = time.perf_counter() - started
        self.rest()

    def rest(self) -> None:
        """Wait until the server sends nothing more."""
        self.page.wait_for_function(f"!document.querySelector('{RUNNING}')")

    def begin(self, key: str, widget: str) -> None:
        """Press a key in a widget; ``until`` counts from here."""
        self.page.locator(widget).first.focus()
        self.page.evaluate(_CLOCK)
        self.page.keyboard.press(key)

    def until(self, condition: str, given: Any) -> float:
        """Seconds from ``begin`` to the frame in which a condition holds."""
        self.page.wait_for_function(condition, arg=given, polling="raf")
        milliseconds = self.page.evaluate("performance.now() - window.padStarted")
        self.rest()
        return milliseconds / 1000

    def press(self, key: str, widget: str, shows: str) -> float:
        """Seconds from a key in a widget to the frame in which the element ``shows`` differs."""
        self.page.locator(widget).first.focus()
        self.page.evaluate(_WATCH, shows)
        self.page.keyboard.press(key)
        milliseconds = self.page.evaluate("window.padWait")
        self.rest()
        return milliseconds / 1000

    def computed_ms(self, what: str) -> float:
        """Milliseconds that a computation took on the server, from the page's last line."""
        found = re.search(rf"\b{what} (\d+) ms", self.page.locator(".pad-footer").text_content())
        return float(found[1]) if found else float("nan")

    def close(self) -> None:
        """Leave."""
        self._context.close()
