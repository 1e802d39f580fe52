"""Who may talk to the server: a page of another name or site gets nothing, from wherever it runs.

The server is the real one, started in a folder that has nothing to do with the project.
"""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from urllib.error import HTTPError

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from explorer.desktop.guard import is_allowed
from tests.helpers import ROOT, until

APP = ROOT / "explorer/app.py"
MEDIA, UPLOAD = "/media/none.png", "/_stcore/upload_file/session/file"
# Says what Streamlit took for its settings, and whether it asks others for this one's address.
PROGRAM = """
import sys
from streamlit import config, net_util
from streamlit.web import bootstrap, cli
def ask(*a):
    print("asked for the external address", flush=True)
net_util.get_external_ip = ask
said = bootstrap._print_url
def say(*a, **k):
    for name in ("server.address", "server.fileWatcherType", "browser.gatherUsageStats",
                 "theme.light.primaryColor", "client.showErrorDetails"):
        print(name, "=", config.get_option(name), flush=True)
    said(*a, **k)
bootstrap._print_url = say
sys.argv = ["streamlit", "run", *sys.argv[1:]]
cli.main()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A running server's port, and the file in which its words are."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = elsewhere / "said.txt"
    browser = elsewhere / "browser"
    browser.write_text(f'#!/bin/sh\necho opened "$1" >> {elsewhere}/opened.txt\n')
    browser.chmod(0o700)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("STREAMLIT_")}
    environment["BROWSER"] = f"{browser} %s"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", PROGRAM, str(APP), "--server.headless", "false",
             "--server.port", str(port)],
            cwd=elsewhere, env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while status(port) != 200:
            assert time.monotonic() < deadline, said.read_text()
            assert process.poll() is None, said.read_text()
            time.sleep(0.1)
        yield port, said
    finally:
        process.kill()
        process.wait()


def status(port, host=None, origin=None, path="/_stcore/health", method="GET"):
    headers = {"Host": host or f"localhost:{port}"} | ({"Origin": origin} if origin else {})
    data = None if method == "GET" else b"x"
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return answer.status
    except HTTPError as error:
        return error.code
    except OSError:
        return None


def streams(port, host, origin):
    """Whether a page of this origin, which calls the server by this name, can connect."""
    host = host.replace("PORT", str(port))
    with closing(socket.create_connection(("127.0.0.1", port))) as line:
        try:
            origin = origin.replace("PORT", str(port))
            with connect(f"ws://{host}/_stcore/stream", sock=line, origin=origin):
                pass
        except InvalidStatus as refused:
            assert refused.response.status_code == 403
            return False
    return True


@pytest.mark.slow
def test_the_project_s_settings_hold_in_any_folder(server):
    said = server[1].read_text()
    assert "server.address = localhost" in said
    assert "server.fileWatcherType = none" in said
    assert "browser.gatherUsageStats = False" in said
    assert "theme.light.primaryColor = #4453c4" in said
    assert "client.showErrorDetails = none" in said
    assert re.search(r"URL: +\S*http://localhost", said)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a script stands in for the browser")
def test_the_page_is_opened_in_a_browser(server):
    opened = server[1].with_name("opened.txt")
    until(opened.exists)
    assert opened.read_text() == f"opened http://localhost:{server[0]}/\n"


@pytest.mark.slow
def test_the_server_s_own_page_is_let_in(server):
    port, _ = server
    assert status(port, origin=f"http://localhost:{port}") == 200
    assert status(port, host=f"127.0.0.1:{port}", path="/") == 200
    assert streams(port, "localhost:PORT", "http://localhost:PORT")
    # What is not there is not there, and not refused.
    assert status(port, path=MEDIA) == 404


@pytest.mark.slow
@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("evil.example", "http://evil.example"),  # a name that was made to point here
        ("evil.example:PORT", "http://evil.example:PORT"),
        ("localhost:PORT", "http://evil.example"),  # a page of another site
        ("localhost:PORT", "http://localhost:1"),  # a page of another server on this computer
        ("localhost:PORT", "null"),
    ],
)
def test_a_page_of_another_name_or_site_gets_nothing(server, host, origin):
    port, said = server
    assert not streams(port, host, origin)
    host, origin = host.replace("PORT", str(port)), origin.replace("PORT", str(port))
    for path in ("/", "/_stcore/health", "/_stcore/host-config", MEDIA):
        assert status(port, host, origin, path) == 403
    assert status(port, host, origin, UPLOAD, "PUT") == 403
    assert "asked for the external address" not in said.read_text()


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost", True),
        ("LOCALHOST.:8501", True),
        ("[::1]:8501", True),
        ("a.lab.example:80", True),
        ("lab.example", False),
        ("notlab.example", False),
        ("localhost.evil.example", False),
        ("localhost@evil.example", False),
        ("", False),
        ("[", False),
        ("localhost:99999999", True),
    ],
)
def test_names_are_compared_whole(host, allowed):
    assert is_allowed(host, ["localhost", "::1", "*.Lab.example"]) is allowed
