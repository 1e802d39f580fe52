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

In a class all are let in: the secret is the speaker's alone, each visitor's browser gets one of its
own, and only the speaker may send files.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.session.reach import LOCAL
from explorer.session.secret import cookie_name, same, visitor_cookie
from explorer.session.streamlit_internals import UPLOADS

PARAMETER = "token"
_A_DAY_S = 86_400


class Guard:
    """A layer around a server that passes allowed requests on, and answers others with 403.

    Args:
        app: the server.
        token: the secret; nobody is asked for one if empty.
        ticket: a secret that is good for one time, for an address that other users may read.
        is_class: whether all are let in, and the secret is the speaker's.
    """

    def __init__(
        self, app: ASGIApp, token: str = "", ticket: str = "", is_class: bool = False
    ) -> None:
        self._app = app
        self._is_class = is_class
        self._token = token
        self._ticket = ticket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        refusal = None
        if scope["type"] in ("http", "websocket"):
            headers = Headers(scope=scope)
            refusal = self._refusal(scope, headers)
            if self._is_class and scope["type"] == "http":
                send = _with_a_secret(scope, headers, send)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if not is_allowed(host, st.get_option("server.allowedHosts") or LOCAL):
            return _refuse("This name is not one of the server's: see --server.allowedHosts.")
        origin = headers.get("origin")
        trusted = st.get_option("server.corsAllowedOrigins")
        if origin is not None and urlsplit(origin).netloc != host and origin not in trusted:
            return _refuse("Pages of other sites are not answered.")
        return self._ask_for_token(scope, headers) if self._token or self._is_class else None

    def _ask_for_token(self, scope: Scope, headers: Headers) -> Response | None:
        name = cookie_name(scope["server"][1])
        if same(_cookie(headers, name), self._token):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if scope["type"] == "http" and self._redeem(dict(query).get(PARAMETER, "")):
            rest = urlencode([(key, value) for key, value in query if key != PARAMETER])
            answer = RedirectResponse(f"{scope['path']}?{rest}" if rest else scope["path"], 303)
            answer.set_cookie(name, self._token, httponly=True, samesite="lax")
            return answer
        if self._is_class:
            return self._refuse_what_visitors_may_not(scope, dict(query))
        return _refuse("This explorer belongs to another window: open the address it was given.")

    def _refuse_what_visitors_may_not(
        self, scope: Scope, query: Mapping[str, str]
    ) -> Response | None:
        if PARAMETER in query:
            return _refuse("This is not the speaker's address: leave out what follows the '?'.")
        if UPLOADS in scope["path"]:
            return _refuse("In a class nobody but the speaker sends files.")
        return None

    def _redeem(self, given: str) -> bool:
        if same(given, self._token):
            return True
        known = same(given, self._ticket)
        if known:
            self._ticket = ""
        return known


def is_allowed(host: str, names: Sequence[str]) -> bool:
    """Whether a request's Host is one of these names, on any port; '*.NAME' are those below it."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    known = [known.strip().lower().rstrip(".") for known in names]
    below = tuple(one[1:] for one in known if one.startswith("*."))
    return "*" in known or name in known or (bool(below) and name.endswith(below))


def _with_a_secret(scope: Scope, headers: Headers, send: Send) -> Send:
    """Send the answer, and with a page a secret for the visitor's browser if it has none."""
    name = visitor_cookie(scope["server"][1])
    if _cookie(headers, name) or "text/html" not in headers.get("accept", ""):
        return send

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            cookie = Response()
            cookie.set_cookie(
                name, secrets.token_urlsafe(32), _A_DAY_S, httponly=True, samesite="lax"
            )
            answered = MutableHeaders(scope=message)
            answered.append("set-cookie", cookie.headers["set-cookie"])
            answered["cache-control"] = "no-store"  # else a proxy might give it to others, too
        await send(message)

    return sending


def _cookie(headers: Headers, name: str) -> str:
    """The value of one of the browser's cookies; '' where it has none of that name."""
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return cookie.value if cookie is not None else ""


def _refuse(why: str) -> Response:
    return PlainTextResponse(why, 403)
