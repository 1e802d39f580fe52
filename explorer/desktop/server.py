"""The explorer's server as a process that ends with its parent.

``python -m explorer.desktop.server PORT`` serves this computer alone until its standard input
closes. That happens when its parent ends, even if the parent is killed.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
from pathlib import Path

APP = Path(__file__).parents[1] / "app.py"
HOST = "127.0.0.1"


def main() -> None:
    """Run Streamlit in this process."""
    threading.Thread(target=_end_with_starter, daemon=True).start()
    options = {
        "server.port": sys.argv[1],
        "server.address": HOST,
        "server.headless": "true",
        "browser.serverAddress": HOST,
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    sys.argv = ["streamlit", "run", str(APP), *flags]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def _end_with_starter() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
