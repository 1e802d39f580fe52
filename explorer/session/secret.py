"""The secrets that a browser may hold: that of its window or of a class's speaker, and a visitor's.

Both are cookies, which scripts can't read and pages of other sites don't send.
"""

from __future__ import annotations

import hmac

TOKEN, TICKET = "PAD_EXPLORER_TOKEN", "PAD_EXPLORER_TICKET"  # environment variables


def cookie_name(port: int) -> str:
    """The cookie's name; each server needs its own, since cookies go to all ports of a computer."""
    return f"pad-explorer-{port}"


def visitor_cookie(port: int) -> str:
    """The name of the cookie that tells one visitor of a class from another."""
    return f"pad-visitor-{port}"


def same(given: str, secret: str) -> bool:
    """Whether a secret is the right one; an empty one never is."""
    alike = hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
    return alike and bool(secret)
