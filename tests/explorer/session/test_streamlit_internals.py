"""Streamlit's private parts are where the explorer looks for them, and it looks in one file."""

import re
from pathlib import Path

import pytest
import streamlit

from explorer.session.streamlit_internals import PARTS, part, with_parts
from tests.helpers import ROOT

SOURCES = [
    path
    for ending in ("py", "css", "js", "html")
    for path in (ROOT / "explorer").rglob(f"*.{ending}")
]


def test_this_streamlit_has_all_parts():
    scripts = (Path(streamlit.__file__).parent / "static/static/js").glob("*.js")
    known = "".join(path.read_text("utf-8") for path in scripts)
    buttons = "stBaseButton-"  # joined to its kind only as it is drawn
    lacking = {name for name, test_id in PARTS.items() if test_id not in known}
    assert {PARTS[name].startswith(buttons) for name in lacking} <= {True}
    assert buttons in known


def test_style_sheets_name_parts_and_each_becomes_its_selector():
    used = {
        name
        for path in SOURCES
        if path.suffix == ".css"
        for name in re.findall(r":--([\w-]+)", path.read_text("utf-8"))
    }
    assert len(used) > 10
    assert used <= set(PARTS)
    assert (
        with_parts(".a > :--sidebar p, b { --x: 1 }") == f".a > {part('sidebar')} p, b {{ --x: 1 }}"
    )
    with pytest.raises(KeyError):
        with_parts(":--unheard-of { color: red }")


@pytest.mark.parametrize(
    "private", [r"_stcore", r"data-testid", r"session_state\._", r"streamlit\.(runtime|web)\b"]
)
def test_no_other_file_knows_private_parts(private):
    found = {str(path.relative_to(ROOT)) for path in SOURCES
             if re.search(private, path.read_text("utf-8"))}  # fmt: skip
    assert found == {"explorer/session/streamlit_internals.py"}
