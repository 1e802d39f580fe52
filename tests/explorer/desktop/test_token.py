"""The secret of one's own window, in a real browser: who has it sees the page, others nothing."""

import urllib.request
from urllib.error import HTTPError
from urllib.parse import urljoin

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from explorer.session.streamlit_internals import HEALTH, IDLE, STREAM, UPLOADS
from tests.explorer.browser import browser_only

pytestmark = browser_only
WAIT_MS = 60_000


def refused(address, method="GET"):
    """Whether a client that does not know the secret is refused."""
    asked = urllib.request.Request(address, b"x" if method == "PUT" else None, method=method)
    try:
        urllib.request.urlopen(asked, timeout=10).close()
    except HTTPError as error:
        return error.code == 403
    return False


def test_the_page_works_with_its_secret_and_another_local_client_gets_nothing(explorer, browser):
    address, _ = explorer("--no-window")
    bare = address.partition("?")[0]
    mine, anothers = browser.new_context(), browser.new_context()
    try:
        page = mine.new_page()
        sockets = []
        page.on("websocket", lambda socket: sockets.append(socket.url))
        page.goto(address)
        page.wait_for_selector(IDLE, timeout=WAIT_MS)  # the stream has brought the whole page
        assert "token" not in page.url
        assert any(STREAM in url for url in sockets)
        page.reload()  # by the cookie alone
        page.wait_for_selector(IDLE, timeout=WAIT_MS)

        foreign = anothers.new_page()
        for path in ("", "wall", "?token=guess"):
            answer = foreign.goto(bare + path)
            assert answer.status == 403
            assert "another window" in foreign.locator("body").inner_text()
        script = page.locator("script[src]").first.get_attribute("src")
        for path in (HEALTH, "_stcore/host-config", "media/none.png", script):
            assert refused(urljoin(bare, path)), path
        assert refused(urljoin(bare, f"{UPLOADS}/session/file"), "PUT")
        with pytest.raises(InvalidStatus, match="403"), connect(f"ws{bare[4:]}{STREAM}"):
            pass
    finally:
        mine.close()
        anothers.close()
