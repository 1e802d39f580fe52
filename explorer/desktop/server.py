"""The explorer's server as a process that ends with its parent.

``python -m explorer.desktop.server PORT [NAME …]`` serves this computer alone, or all who call it
by one of these names, until its standard input closes. That happens when its parent ends, even if
the parent is killed.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
from pathlib import Path

from explorer.session.reach import LOCAL

APP = Path(__file__).parents[1] / "app.py"
HOST, EVERYWHERE = "127.0.0.1", "0.0.0.0"


def main() -> None:
    """Run Streamlit in this process."""
    threading.Thread(target=_end_with_starter, daemon=True).start()
    port, *names = sys.argv[1:]
    options = [
        ("server.port", port),
        ("server.address", EVERYWHERE if names else HOST),
        ("server.headless", "true"),
        ("browser.serverAddress", names[0] if names else HOST),
        *(("server.allowedHosts", name) for name in (*names, *LOCAL) if names),
    ]
    flags = [part for name, value in options for part in (f"--{name}", value)]
    sys.argv = ["streamlit", "run", str(APP), *flags]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def _end_with_starter() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
