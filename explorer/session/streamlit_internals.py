"""All uses of Streamlit's private parts, each with its reason.

They may change with any release; requirements.txt names the newest one that was tried. The desktop
window reads HEALTH even without Streamlit, so only functions import it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

HEALTH = "_stcore/health"
"""The path that a server answers once it serves. There is no public one."""

STREAM = "_stcore/stream"
"""The path of a page's stream of messages. There is no public one either."""

UPLOADS = "_stcore/upload_file"
"""Where browsers send files to, likewise."""

PARTS = {
    "app": "stApp",
    "button-group": "stButtonGroup",
    "caption": "stCaptionContainer",
    "checkbox": "stCheckbox",
    "code": "stCode",
    "download-button": "stDownloadButton",
    "element": "stElementContainer",
    "expander": "stExpander",
    "header": "stHeader",
    "layout-wrapper": "stLayoutWrapper",
    "main": "stMain",
    "main-block": "stMainBlockContainer",
    "markdown": "stMarkdown",
    "multiselect": "stMultiSelect",
    "multiselect-tags": "stMultiSelectTagsContainer",
    "number-input": "stNumberInput",
    "number-input-container": "stNumberInputContainer",
    "popover-button": "stPopoverButton",
    "primary-button": "stBaseButton-primary",
    "progress": "stProgress",
    "sidebar": "stSidebar",
    "sidebar-content": "stSidebarUserContent",
    "skeleton": "stSkeleton",
    "slider": "stSlider",
    "slider-ticks": "stSliderTickBar",
    "slider-value": "stSliderThumbValue",
    "status": "stStatusWidget",
    "tertiary-button": "stBaseButton-tertiary",
    "tooltip-icon": "stTooltipIcon",
    "top-navigation": "stTopNav",
    "vertical-block": "stVerticalBlock",
    "widget-label": "stWidgetLabel",
}
"""Test ids of the parts of a page that style sheets set and tests look at.

``st-key-…`` classes are public, but only containers and widgets with a key have one; labels,
hints, the sidebar and the page's own margins have none, and no theme option sets them.
"""


def part(name: str) -> str:
    """The CSS selector of one of PARTS."""
    return f'[data-testid="{PARTS[name]}"]'


def with_parts(sheet: str) -> str:
    """A style sheet with the selector of each of PARTS instead of ``:--name``.

    CSS's draft for custom selectors has this form.
    """
    return re.sub(r":--([\w-]+)", lambda found: part(found[1]), sheet)


IDLE = f'{part("app")}[data-test-script-state="notRunning"]'
"""Present while the page is complete; nothing public tells that to a browser test."""

RUNNING = f'{part("app")}[data-test-script-state="running"]'
"""Present while the server makes the page."""


def session_state() -> Any:
    """What Streamlit keeps for this viewer, for callbacks.

    ``st.session_state`` is the same, but each use ends the script if the browser's next request is
    waiting. That would end a callback and lose its widget's change, since it is called once a
    change.
    """
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return st.session_state if context is None else context.session_state._state


def fragments_asked_for() -> int:
    """How many fragments the browser asked for in this run; 0 for the whole page.

    Callbacks need it: ``st.rerun`` with fragments replaces what was requested, and waiting
    requests are answered in one run.
    """
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return len(context.fragment_ids_this_run or ()) if context is not None else 0


def ask_for(fragments: Sequence[str]) -> None:
    """Have the fragments of these keys run once this run is over.

    ``st.rerun`` names fragments from callbacks alone. A fragment that the clock runs could only
    have the whole page made anew, for every viewer who waited for the same.

    Raises:
        StreamlitAPIException: one of them isn't on the page.
    """
    from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

    context = get_script_run_ctx()
    if context is None or context.script_requests is None:
        return
    context.script_requests.request_rerun(
        RerunData(
            query_string=context.query_string,
            page_script_hash=context.page_script_hash,
            fragment_id_queue=context.fragment_storage.resolve_target(fragments),
            cached_message_hashes=context.cached_message_hashes,
            context_info=context.context_info,
        )
    )


def session_id() -> str | None:
    """Which session runs this script; None without a server. Nothing public tells viewers apart."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return context.session_id if context is not None else None


def sessions_kept() -> int:
    """How many sessions wait for their viewers to come back; an open one counts twice.

    The store of those that wait forgets the ones whose time is over only when another session
    comes or goes: it is asked to look.
    """
    from streamlit import runtime

    if not runtime.exists():
        return 0
    manager: Any = runtime.get_instance()._session_mgr
    manager._session_storage._cache.expire()
    return len(manager.list_sessions()) + manager.num_active_sessions()


def viewers() -> int:
    """How many pages are open; 0 without a server, as where Streamlit's AppTest runs a page."""
    from streamlit import runtime

    manager = getattr(runtime.get_instance(), "_session_mgr", None) if runtime.exists() else None
    return manager.num_active_sessions() if manager is not None else 0


def is_connected(session: str) -> bool:
    """Whether a session's page is still open. The server's counts of them are not public."""
    from streamlit import runtime

    return runtime.exists() and runtime.get_instance().is_active_session(session)


def went_back() -> bool:
    """Whether the browser's Back or Forward made the page run.

    Only then does the address of a running session say what the viewer wants. In any other
    request it may be older than the current choices.
    """
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation
