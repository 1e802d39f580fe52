"""The guard of the explorer's server: it checks each request before Streamlit sees it.

A page of another site in the viewer's browser can reach a server on the viewer's own computer.
Three things keep it out:

Host    the name that the browser calls has to be one of ``server.allowedHosts``. A foreign name
        that was made to point at this computer (DNS rebinding) is none of them.
Origin  a page that connects or sends has to come from this server itself, or from one of
        ``server.corsAllowedOrigins``. Streamlit alone would ask another computer for this one's
        external address in order to decide.
token   where the explorer is a window of one user, the browser has to know a secret. It comes
        in the address once and is kept in a cookie: other users of the computer don't have it.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from explorer.session.reach import LOCAL

TOKEN, TICKET = "PAD_EXPLORER_TOKEN", "PAD_EXPLORER_TICKET"  # environment variables
PARAMETER = "token"


class Guard:
    """A layer around a server that passes allowed requests on, and answers others with 403.

    Args:
        app: the server.
        token: the secret; nobody is asked for one if empty.
        ticket: a secret that is good for one time, for an address that other users may read.
    """

    def __init__(self, app: ASGIApp, token: str = "", ticket: str = "") -> None:
        self._app = app
        self._token = token
        self._ticket = ticket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        refusal = None
        if scope["type"] in ("http", "websocket"):
            refusal = self._refusal(scope, Headers(scope=scope))
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if not is_allowed(host, st.get_option("server.allowedHosts") or LOCAL):
            return _refuse("This name is not one of the server's: see --server.allowedHosts.")
        origin = headers.get("origin")
        trusted = st.get_option("server.corsAllowedOrigins")
        if origin is not None and urlsplit(origin).netloc != host and origin not in trusted:
            return _refuse("Pages of other sites are not answered.")
        return self._ask_for_token(scope, headers) if self._token else None

    def _ask_for_token(self, scope: Scope, headers: Headers) -> Response | None:
        name = cookie_name(scope["server"][1])
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(name)
        except CookieError:
            cookie = None
        if cookie is not None and _same(cookie.value, self._token):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if scope["type"] == "http" and self._redeem(dict(query).get(PARAMETER, "")):
            rest = urlencode([(key, value) for key, value in query if key != PARAMETER])
            answer = RedirectResponse(f"{scope['path']}?{rest}" if rest else scope["path"], 303)
            answer.set_cookie(name, self._token, httponly=True, samesite="lax")
            return answer
        return _refuse("This explorer belongs to another window: open the address it was given.")

    def _redeem(self, given: str) -> bool:
        if _same(given, self._token):
            return True
        known, ticket = _same(given, self._ticket), self._ticket
        if known:
            self._ticket = ""
        return known and bool(ticket)


def is_allowed(host: str, names: Sequence[str]) -> bool:
    """Whether a request's Host is one of these names, on any port; '*.NAME' are those below it."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    known = [known.strip().lower().rstrip(".") for known in names]
    below = tuple(one[1:] for one in known if one.startswith("*."))
    return "*" in known or name in known or (bool(below) and name.endswith(below))


def cookie_name(port: int) -> str:
    """The cookie's name; each server needs its own, since cookies go to all ports of a computer."""
    return f"pad-explorer-{port}"


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def _refuse(why: str) -> Response:
    return PlainTextResponse(why, 403)
