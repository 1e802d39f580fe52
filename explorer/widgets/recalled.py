"""The memories that a page dreams of: chosen in the sidebar, and recalled."""

from __future__ import annotations

from explorer.dreaming.dreams import Recalled
from explorer.session.state import chosen
from explorer.widgets import kept_dreams, page, sidebar
from explorer.widgets.memory_pair import choose_pair, pictures
from pad_core.checkpoint.file import PadNetwork
from pad_core.errors import PadError


def recalled_memories(network: PadNetwork) -> Recalled | None:
    """Draw the menus of memories, and recall what they say; None, with a sentence, if it can't be.

    The footer knows the time it takes as 'memories'.
    """
    sidebar.memories(network)
    choose_pair(network)
    try:
        with page.timed("memories"):
            return kept_dreams.recall(network, chosen().dream, pictures())
    except PadError as error:
        page.problem(error)
        return None
