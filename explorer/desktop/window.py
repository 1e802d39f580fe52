"""The explorer as a desktop program: a server for this user alone, in its own window.

The window is pywebview's if that is installed, else a Chromium browser's without its bars, else a
tab of the default browser. Closing the window, or Ctrl-C, ends the server.

Other users of the computer can reach its ports, and see the arguments of running programs. So the
server asks for a secret (see ``guard``). The window's address holds a ticket that is valid once;
the address printed for this user is valid until the server ends.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn
from urllib.parse import urlencode

from explorer import home
from explorer.desktop.guard import PARAMETER
from explorer.desktop.server import EVERYWHERE, HOST
from explorer.session import classroom
from explorer.session.secret import TICKET, TOKEN, cookie_name
from explorer.session.streamlit_internals import HEALTH
from pad_core.checkpoint.file import load_header
from pad_core.errors import PadError
from pad_core.system.files import can_be_shown

TITLE = "PAD dream explorer"
SIZE = (1360, 860)
_ROOT = home()
_START_S = 120.0
_END_S = 5.0  # in which the server and the browser may end by themselves
_BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "msedge", "microsoft-edge", "microsoft-edge-stable", "brave-browser",
)  # fmt: skip
_PROGRAMS = (  # folders of browsers that are not on the path
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe",
    r"%ProgramFiles%\Microsoft\Edge\Application\msedge.exe",
)

Window = Callable[[str], None]  # shows an address; returns when it is closed


@dataclass(frozen=True)
class Served:
    """A running server: its port and its secrets."""

    port: int
    token: str
    ticket: str

    def address(self, secret: str, **query: str) -> str:
        """An address that opens the explorer with one of the secrets."""
        return f"http://{HOST}:{self.port}/?" + urlencode({PARAMETER: secret, **query})


def run(port: int | None, window: str, checkpoint: Path | None, names: Sequence[str] = ()) -> None:
    """Serve the explorer until its window is closed.

    Args:
        port: to listen at; a free one if None.
        window: 'auto', 'default' for a tab of the default browser, 'none' for no window,
            or a browser's command that takes ``--app=ADDRESS``.
        checkpoint: the one to show first.
        names: for a class, by which its browsers call this computer; the window is the speaker's.

    Raises:
        PadError: the port is taken, Streamlit is missing or doesn't start, the checkpoint or the
            browser can't be used.
    """
    query = {} if checkpoint is None else address_query(checkpoint)
    show = choose_window(window)
    signal.signal(signal.SIGTERM, _stop)
    with contextlib.suppress(KeyboardInterrupt), serving(port, names) as served:
        address = served.address(served.token, **query)
        if names:
            opened = " or ".join(f"http://{name}:{served.port}/" for name in names)
            print(f"Visitors open {opened}; the page Class shows it as a QR code.")
            print(f"The speaker opens {address}")
            print("Both end with the speaker's window or Ctrl-C.")
        else:
            print(f"The explorer runs at {address} and ends with its window or Ctrl-C.")
        sys.stdout.flush()
        show(served.address(served.ticket, **query))


def address_query(checkpoint: Path) -> dict[str, str]:
    """The parameters of an address that opens a checkpoint; PadError for another file."""
    load_header(checkpoint)
    path = checkpoint.resolve()
    if not can_be_shown(path):
        raise PadError(f"{path} has a name that can't stand in an address; rename it.")
    key = str(path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path)
    return {"checkpoint": key, "folder": str(path.parent)}


@contextlib.contextmanager
def serving(port: int | None, names: Sequence[str] = ()) -> Iterator[Served]:
    """A running server, which ends with the block; of a class, if it has names.

    Raises:
        PadError: it doesn't start.
    """
    if importlib.util.find_spec("streamlit") is None:
        raise PadError("Streamlit is not installed; run 'pip install -r requirements.txt'.")
    host = EVERYWHERE if names else HOST
    served = Served(_free_port(port, host), secrets.token_urlsafe(), secrets.token_urlsafe())
    environment = os.environ | {
        "PYTHONPATH": _with_root(os.environ.get("PYTHONPATH")),
        TOKEN: served.token,
        TICKET: served.ticket,
    }
    with (
        tempfile.TemporaryFile() as log,
        # What a class keeps goes with it; this folder is its owner's alone.
        tempfile.TemporaryDirectory(prefix="pad-class-", ignore_cleanup_errors=True) as folder,
    ):
        environment[classroom.FOLDER] = folder if names else ""
        server = subprocess.Popen(
            [sys.executable, "-m", "explorer.desktop.server", str(served.port), *names],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for this process, which then ends the server.
            start_new_session=os.name == "posix",
        )
        try:
            _wait(server, served, lambda: _last_line(log))
            yield served
        finally:
            _end(server)


def choose_window(wanted: str) -> Window:
    """How to show the explorer; PadError if the wanted browser is missing."""
    if wanted == "none":
        return _wait_for_ctrl_c
    if wanted == "default":
        return _default_browser
    if wanted != "auto":
        command = shlex.split(wanted, posix=os.name == "posix") or [wanted]
        if shutil.which(command[0]) is None:
            raise PadError(f"There is no browser {command[0]!r} on this computer.")
        return lambda address: _app_window(command, address)
    if importlib.util.find_spec("webview") is not None:
        return _webview
    return _browser_window


def find_browser() -> str | None:
    """The path of a Chromium browser, which can show a page without bars; None if there is none."""
    for name in _BROWSERS:
        if found := shutil.which(name):
            return found
    return next((p for p in map(os.path.expandvars, _PROGRAMS) if Path(p).is_file()), None)


def _browser_window(address: str) -> None:
    browser = find_browser()
    if browser is None:
        _default_browser(address)
    else:
        _app_window([browser], address)


def _app_window(command: list[str], address: str) -> None:
    """Open a separate window; with a separate profile, the process lives as long as the window."""
    # On some systems the browser writes to its profile for a moment after its end.
    with tempfile.TemporaryDirectory(prefix="pad-explorer-", ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [
                *command,
                f"--app={address}",
                f"--user-data-dir={profile}",
                f"--window-size={SIZE[0]},{SIZE[1]}",
                "--no-first-run",
                "--no-default-browser-check",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            status = browser.wait()
        finally:
            _end(browser)
    if status:
        raise PadError(
            f"The browser {command[0]} ended with status {status}; try '--browser default', or "
            "'--no-window' and open the address yourself."
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and kill it if it takes too long; do nothing if it has ended."""
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _webview(address: str) -> None:
    import webview

    try:
        webview.settings["ALLOW_DOWNLOADS"] = True
        webview.create_window(TITLE, address, width=SIZE[0], height=SIZE[1])
        webview.start()
    except webview.WebViewException:  # installed, but without a toolkit to draw with
        _browser_window(address)


def _default_browser(address: str) -> None:
    if not webbrowser.open(address):
        print("No browser could be opened; open the address in one.")
    _wait_for_ctrl_c(address)


def _wait_for_ctrl_c(address: str) -> None:
    while True:
        time.sleep(1.0)


def own_names() -> list[str]:
    """By which address other computers of the network reach this one; PadError if there is none."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing, but chooses the way out (RFC 5737)
        return [str(probe.getsockname()[0])]
    with contextlib.suppress(OSError):
        address = socket.gethostbyname(socket.gethostname())
        if not address.startswith("127."):
            return [address]
    raise PadError(
        "This computer has no address in a network: connect it to one, or give the name by which "
        "others call it with --name."
    )


def _free_port(wanted: int | None, host: str = HOST) -> int:
    with socket.socket() as probe:
        if os.name == "posix":  # allows a port that was in use a moment ago
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted or 0))
        except OSError:
            raise PadError(
                f"Port {wanted} is taken; choose another, or leave --port out for a free one."
            ) from None
        return int(probe.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], served: Served, log: Callable[[], str]) -> None:
    """Wait until the server answers; PadError with its last line if it ends or hangs."""
    question = urllib.request.Request(
        f"http://{HOST}:{served.port}/{HEALTH}",
        headers={"Cookie": f"{cookie_name(served.port)}={served.token}"},
    )
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise PadError(f"The explorer's server did not start: {log()}")
        try:
            urllib.request.urlopen(question, timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise PadError(f"The explorer's server did not answer in {_START_S:.0f} seconds: {log()}")


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    text = log.read(100_000).decode(errors="replace").strip()
    return text.splitlines()[-1] if text else "it said nothing."


def _with_root(path: str | None) -> str:
    return os.pathsep.join([str(_ROOT), *([path] if path else [])])


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
