"""The PAD dream explorer: ``streamlit run explorer/app.py``.

This file makes the server and sets up its process; Streamlit runs ``script.py`` for each viewer.
"""

import asyncio
import os
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # Streamlit adds this file's folder, not its parent
    sys.path.insert(0, str(HERE.parent))

from explorer.desktop.guard import Guard  # noqa: E402
from explorer.session.classroom import is_class  # noqa: E402
from explorer.session.departures import tidy_up  # noqa: E402
from explorer.session.process import set_up  # noqa: E402
from explorer.session.secret import TICKET, TOKEN  # noqa: E402
from pad_core.system.malloc import share_freed_memory  # noqa: E402

share_freed_memory()


@asynccontextmanager
async def around(app: st.App) -> AsyncIterator[None]:
    """Open the page in a browser, which Streamlit does only for plain scripts, and tidy up.

    PyTorch is imported meanwhile: it takes as long as a browser does to open the page. With a
    secret, open no browser: the user who set it opens the address that contains it.
    """
    if not st.get_option("server.headless") and TOKEN not in os.environ:
        scheme = "https" if st.get_option("server.sslCertFile") else "http"
        host, port = st.get_option("browser.serverAddress"), st.get_option("server.port")
        webbrowser.open(f"{scheme}://{host}:{port}/{st.get_option('server.baseUrlPath')}")
    threading.Thread(target=set_up, daemon=True).start()
    tidying = asyncio.create_task(tidy_up())
    yield None
    tidying.cancel()


app = st.App(
    HERE / "script.py",
    lifespan=around,
    middleware=[
        Middleware(
            Guard,
            token=os.environ.get(TOKEN, ""),
            ticket=os.environ.get(TICKET, ""),
            is_class=is_class(),
        )
    ],
)
