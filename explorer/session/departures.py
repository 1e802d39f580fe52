"""What viewers who have left no longer need goes back to the system."""

from __future__ import annotations

import asyncio
import gc

from explorer.session import streamlit_internals
from pad_core.system.malloc import return_freed_memory

_LOOK_S = 5.0


async def tidy_up() -> None:
    """For as long as the server runs, hand back memory whenever somebody has left.

    Streamlit keeps the page of one who left for ``server.disconnectedSessionTTL`` seconds; who
    comes back later finds what the page's address says.
    """
    before = 0
    while True:
        await asyncio.sleep(_LOOK_S)
        now = streamlit_internals.sessions_kept()
        if now < before:
            gc.collect()
            return_freed_memory()
        before = now
