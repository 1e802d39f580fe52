"""The explorer as a program: it serves this computer alone, and ends with its window."""

import os
import re
import signal
import socket
import stat
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bench.browser import FLAGS
from explorer.__main__ import main
from explorer.desktop import window
from pad_core.errors import PadError
from tests.explorer.browser import BROWSER, browser_only
from tests.explorer.pages import write_checkpoint
from tests.helpers import ROOT, until

posix = pytest.mark.skipif(os.name != "posix", reason="scripts stand in for browsers")


def answers(address):
    """Whether a browser that comes to this address for the first time gets the page."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    try:
        return opener.open(address, timeout=5).status == 200
    except OSError:
        return False


def without_secret(address):
    return re.sub("token=[^&]*", "", address)


def wait_until_gone(address):
    until(lambda: not answers(address), "the server outlives the program", 20, 0.2)


def script(path, *lines):
    """A program that stands in for a browser; its arguments go to a file beside it."""
    path.write_text("\n".join(["#!/bin/sh", f'printf "%s\\n" "$@" > {path}.seen', *lines]))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def wait_for_lines(path):
    seen = Path(path)
    until(lambda: seen.exists() and seen.read_text().endswith("\n"), "no window was opened")
    return Path(path).read_text().splitlines()


@pytest.mark.slow
@posix
def test_closing_the_window_ends_the_server(explorer, tmp_path):
    browser = script(tmp_path / "browser", f"while [ ! -e {tmp_path}/close ]; do sleep 0.1; done")
    checkpoint = write_checkpoint(tmp_path / "mine.safetensors")
    address, process = explorer("--browser", browser, "--checkpoint", checkpoint)
    assert answers(address)
    assert "mine.safetensors" in address
    seen = wait_for_lines(f"{browser}.seen")
    (shown,) = [flag.removeprefix("--app=") for flag in seen if flag.startswith("--app=")]
    assert without_secret(shown) == without_secret(address)
    # Others may read a program's arguments: what stands there is good for one time.
    assert shown != address
    assert answers(shown)
    assert not answers(shown)
    assert answers(address)
    (profile,) = [flag.split("=")[1] for flag in seen if flag.startswith("--user-data-dir")]
    assert Path(profile).is_dir()
    (tmp_path / "close").touch()
    assert process.wait(20) == 0
    assert not answers(address)
    assert not Path(profile).exists()


@pytest.mark.slow
@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_the_window_and_ends_the_server(explorer, tmp_path, number):
    browser = script(tmp_path / "browser", "exec sleep 600")
    address, process = explorer("--browser", browser)
    process.send_signal(number)
    assert process.wait(20) == 0
    assert not answers(address)


@pytest.mark.slow
def test_who_has_no_secret_gets_nothing(explorer):
    address, _ = explorer("--no-window")
    assert answers(address)
    bare = address.partition("?")[0]
    for path in ("", "_stcore/health", "_stcore/host-config", "?token=", "?token=guess"):
        with pytest.raises(HTTPError) as refused:
            urllib.request.urlopen(bare + path)
        assert refused.value.code == 403
    stream = f"ws{bare.removeprefix('http')}_stcore/stream"
    with pytest.raises(InvalidStatus, match="403"), connect(stream):
        pass
    jar = CookieJar()
    urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)).open(address).close()
    (cookie,) = jar
    assert cookie.has_nonstandard_attr("HttpOnly")
    with connect(stream, additional_headers={"Cookie": f"{cookie.name}={cookie.value}"}):
        pass


@pytest.mark.slow
@posix
def test_even_when_killed_the_program_leaves_no_server_behind(explorer):
    address, process = explorer("--no-window")
    assert answers(address)
    process.kill()
    process.wait()
    wait_until_gone(address)


@posix
def test_a_browser_that_fails_gets_a_sentence_and_the_server_ends(tmp_path, capfd):
    browser = script(tmp_path / "browser", "exit 3")
    assert main(["--browser", str(browser)]) == 2
    said = capfd.readouterr()
    assert "ended with status 3" in said.err
    assert not answers(re.search(r"http://\S+", said.out)[0])


@pytest.mark.browser
@browser_only[2]
def test_a_real_browser_opens_the_page_without_its_bars(explorer, tmp_path):
    flags = " ".join([*FLAGS, "--headless", "--remote-debugging-port=0"])
    browser = script(tmp_path / "browser", f'exec {BROWSER} {flags} "$@"')
    address, process = explorer("--browser", browser)
    seen = Path(f"{browser}.seen")
    deadline = time.monotonic() + 60
    while True:  # the browser tells the port of its inspector in its profile
        assert time.monotonic() < deadline
        profile = re.search(r"--user-data-dir=(.*)", seen.read_text() if seen.exists() else "")
        port = profile and Path(profile[1]) / "DevToolsActivePort"
        if port and port.exists() and port.read_text().strip():
            break
        time.sleep(0.1)
    number = port.read_text().split()[0]
    page = address.partition("?")[0]
    while page not in urllib.request.urlopen(f"http://127.0.0.1:{number}/json").read().decode():
        assert time.monotonic() < deadline
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert not answers(address)


@pytest.mark.slow
def test_ctrl_c_ends_a_browser_that_does_not_want_to_end(explorer, tmp_path):
    browser = script(tmp_path / "browser", "trap '' TERM", "while :; do sleep 0.1; done")
    address, process = explorer("--browser", browser)
    wait_for_lines(f"{browser}.seen")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert not answers(address)


def test_pywebview_is_taken_where_it_is_installed(monkeypatch, tmp_path):
    (tmp_path / "webview.py").write_text(
        "settings = {}\nshown = []\nclass WebViewException(Exception): pass\n"
        "def create_window(*a, **k): shown.append((a, k))\n"
        "def start():\n    if 'fails' in shown[-1][0][1]: raise WebViewException\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    opened = []
    monkeypatch.setattr(window, "_browser_window", opened.append)
    show = window.choose_window("auto")
    show("http://127.0.0.1:1/")
    import webview

    assert webview.shown[0][0] == (window.TITLE, "http://127.0.0.1:1/")
    assert not opened
    show("http://fails")  # no toolkit to draw with
    assert opened == ["http://fails"]


def test_without_any_chromium_the_default_browser_opens_a_tab(monkeypatch):
    opened = []
    monkeypatch.setattr(window, "find_browser", lambda: None)
    monkeypatch.setattr(window.webbrowser, "open", lambda url: opened.append(url) or True)
    monkeypatch.setattr(window.importlib.util, "find_spec", lambda name: None)

    def stop(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(window.time, "sleep", stop)
    with pytest.raises(KeyboardInterrupt):
        window.choose_window("auto")("http://x")
    assert opened == ["http://x"]


def test_a_taken_port_gets_a_sentence(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--port", str(port), "--no-window"]) == 2
    assert f"Port {port} is taken" in capsys.readouterr().err


def test_a_missing_streamlit_gets_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(window.importlib.util, "find_spec", lambda name: None)
    assert main(["--no-window"]) == 2
    assert "Streamlit is not installed" in capsys.readouterr().err


def test_a_server_that_does_not_start_gets_its_last_words(monkeypatch, tmp_path, capsys):
    (tmp_path / "explorer/desktop").mkdir(parents=True)
    for package in ("explorer", "explorer/desktop"):
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "explorer/desktop/server.py").write_text("raise SystemExit('no luck today')")
    monkeypatch.setattr(window, "_ROOT", tmp_path)
    assert main(["--no-window"]) == 2
    assert "no luck today" in capsys.readouterr().err


def test_a_browser_that_is_not_here_gets_a_sentence(capsys):
    assert main(["--browser", "netscape"]) == 2
    assert "no browser 'netscape'" in capsys.readouterr().err


def test_a_file_that_is_no_checkpoint_gets_a_sentence(capsys):
    assert main(["--checkpoint", str(ROOT / "README.md")]) == 2
    assert "not a PAD checkpoint" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "65536", "-1", "x"])
def test_a_port_out_of_range_is_refused(port, capsys):
    with pytest.raises(SystemExit):
        main(["--port", port])
    assert "1 to 65535" in capsys.readouterr().err


@posix
def test_a_name_that_no_address_can_hold_gets_a_sentence(tmp_path, capsys):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.safetensors"))
    write_checkpoint(path)
    assert main(["--checkpoint", str(path)]) == 2
    assert "can't stand in an address; rename it" in capsys.readouterr().err


def test_a_shipped_network_goes_by_its_key():
    path = next((ROOT / "checkpoints").glob("*.safetensors"))
    assert window.address_query(path)["checkpoint"] == f"checkpoints/{path.name}"
    with pytest.raises(PadError, match="Cannot read"):
        window.address_query(ROOT / "none.safetensors")
