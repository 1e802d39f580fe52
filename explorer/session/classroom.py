"""A class: visitors who look and change nothing on this computer, and a speaker.

The variable PAD_EXPLORER_CLASS names a folder, which makes a server one of a class. There each
visitor's journal lies in a file of its own. Its name is the hash of a random secret that only the
visitor's browser has, so that nobody else finds, reads or changes it. Who has the secret of the
variable PAD_EXPLORER_TOKEN is the speaker, with the journal and the talk of this computer's user.
"""

from __future__ import annotations

import os
import secrets
from hashlib import sha256
from pathlib import Path

import streamlit as st

from explorer.session import streamlit_internals
from explorer.session.secret import TOKEN, cookie_name, same, visitor_cookie

FOLDER = "PAD_EXPLORER_CLASS"


def is_class() -> bool:
    """Whether this server is one of a class: nobody trains there, or names a folder."""
    return bool(os.environ.get(FOLDER))


def is_speaker() -> bool:
    """Whether this viewer is the speaker of a class."""
    given = st.context.cookies.get(cookie_name(_port()), "") if is_class() else ""
    return same(given, os.environ.get(TOKEN, ""))


def is_visitor() -> bool:
    """Whether this viewer is in a class and not its speaker: one who may look, and no more."""
    return is_class() and not is_speaker()


def journal() -> Path | None:
    """Where this visitor's journal lies; None for anybody else, who has this computer's."""
    if not is_visitor():
        return None
    return Path(os.environ[FOLDER]) / f"{sha256(_secret().encode()).hexdigest()}.sqlite3"


def address() -> str:
    """The address that opens the class."""
    for known in st.get_option("server.corsAllowedOrigins"):  # a proxy's, where there is one
        return f"{known}/"
    return f"http://{st.get_option('browser.serverAddress')}:{_port()}/"


def _secret() -> str:
    """The visitor's own; where a browser keeps no cookies, one for as long as the page is open."""
    given = st.context.cookies.get(visitor_cookie(_port()), "")
    state = streamlit_internals.session_state()
    if "visitor" not in state:
        state["visitor"] = given or secrets.token_urlsafe(32)
    return str(state["visitor"])


def _port() -> int:
    return int(st.get_option("server.port"))
