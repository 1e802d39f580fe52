"""The journal's files: of one dream, of all of them, and those that come back."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.journal import archive as archives
from explorer.journal import store
from explorer.journal.entry import Kept
from explorer.journal.exports import SETTINGS, Export, make, read_manifest
from explorer.session.state import reported, session
from explorer.widgets import keep_button
from explorer.widgets.sidebar import plain
from pad_core.errors import PadError

_WALKS = {
    "lam": "from the first memories to the second (λ)",
    "lam_prime": "from noise to memories (λ′)",
    "pc1": "along the 1st principal component",
    "pc2": "along the 2nd principal component",
    "pc3": "along the 3rd principal component",
}
_MIME = {"picture": "image/png", "walk": "image/gif", "table": "text/csv"}
# What an archive can hold of each dream.
_KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "Pictures": ("picture", {}),
    "Walks along λ": ("walk", {"along": "lam"}),
    "Walks along λ′": ("walk", {"along": "lam_prime"}),
    "Walks along a component": ("walk", {"along": "pc1"}),
    "Tables": ("table", {}),
}
_PROOF = (
    "Every file carries how it was made, and the explorer makes it again from that alone, with the "
    "same bytes on the same versions and kind of processor:"
)


@st.dialog("Files of these dreams", width="large")
def files(kept: Kept) -> None:
    """Choose, look at and download files of one dream."""
    try:
        network = keep_button.load(kept.source)
    except PadError as error:
        st.error(plain(str(error)))
        return
    kind = st.segmented_control(
        "Kind", list(_MIME), default="picture", required=True, format_func=str.capitalize,
        label_visibility="collapsed", key="file-kind",
    )  # fmt: skip
    settings = _ask(kind)
    export = Export.of(kind, kept, **settings)
    with st.spinner("Making the file …"):
        content = _make(export, network.sha256, network)
    st.download_button(
        f"Download {export.file_name} ({len(content) / 1e3:,.0f} kB)",
        content, export.file_name, _MIME[kind],
        icon=":material/download:", type="primary", on_click="ignore",
    )  # fmt: skip
    if kind == "table":
        st.caption(
            "A row for each memory, recovered and REM dream: index and class of its memory, "
            "realness d (empty where the condition never trains it), distance to the nearest "
            "stored memory, and the 256 numbers of z. The last column says how it was made."
        )
    else:
        source = base64.b64encode(content).decode()
        st.html(
            f'<img class="pad-preview" alt="The {kind} as it is in the file" '
            f'src="data:{_MIME[kind]};base64,{source}">'
        )
    st.caption(_PROOF)
    st.code(export.manifest()["command"], language="bash")


def _ask(kind: str) -> dict[str, Any]:
    """The settings of a kind of file, as the viewer wants them."""
    settings: dict[str, Any] = {}
    if kind == "table":
        return settings
    if kind == "walk":
        settings["along"] = st.selectbox(
            "Walk", list(_WALKS), format_func=_WALKS.__getitem__, key="walk-along",
            help="Memories, noise and the other dials stay as they were kept. A component is one "
            "of the split's memories; the walk passes the kept dreams half way, and reaches 2.5 "
            "standard deviations to either side.",
        )  # fmt: skip
    numbers = {
        "scale": ("Enlarged", "Side of a pixel of the dream, in pixels of the file."),
        "gap_px": ("Gap", "Between pictures, in pixels of the dream."),
        "steps": ("Steps", "One way; the walk goes there and back."),
        "step_ms": ("Step, ms", "How long each step is seen, in milliseconds."),
    }
    asked = [name for name in numbers if name in SETTINGS[kind]]
    for name, column in zip(asked, st.columns(len(asked)), strict=True):
        usual, allowed = SETTINGS[kind][name]
        label, told = numbers[name]
        settings[name] = column.number_input(
            label, allowed[0], allowed[-1], usual, step=allowed.step, help=told,
            key=f"{kind}-{name}",
        )  # fmt: skip
        if settings[name] not in allowed:  # typed between two steps
            settings[name] -= (settings[name] - allowed[0]) % allowed.step
    return settings


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs={Export: lambda e: e.manifest()})
def _make(export: Export, sha256: str, _network: Any) -> bytes:
    return make(export, _network)


def archive() -> None:
    """Make one zip of the whole journal."""
    with st.popover("Archive", icon=":material/folder_zip:"):
        st.caption(
            "All dreams as one zip: with it the journal can be opened on another computer, and "
            "each file be made again."
        )
        kinds = st.pills(
            "Files of each dream", list(_KINDS), selection_mode="multi",
            default=["Pictures", "Tables"], key="archive-kinds",
        )  # fmt: skip
        if st.button("Make the archive", type="primary", key="archive-make"):
            _pack(kinds)
        made: tuple[bytes, str] | None = st.session_state.get("archive")
        if made is not None:
            content, told = made
            st.download_button(
                f"Download ({len(content) / 1e6:,.1f} MB)", content, archives.NAME,
                "application/zip", icon=":material/download:", on_click="ignore",
            )  # fmt: skip
            st.caption(told)


def _pack(kinds: Sequence[str]) -> None:
    try:
        dreams = list(keep_button.read().dreams.values())
    except PadError as error:
        st.error(plain(str(error)))
        return
    here = [kept for kept in dreams if keep_button.find(kept.source) is not None]
    exports = [
        Export.of(kind, kept, **settings)
        for kept in here
        for kind, settings in map(_KINDS.__getitem__, kinds)
    ]
    bar = st.progress(0.0, "Making files …")

    def progress(done: int) -> None:
        bar.progress(done / len(exports), f"{done} of {len(exports)} files")

    try:
        content = archives.pack(dreams, exports, keep_button.load, progress=progress)
    except PadError as error:
        st.error(plain(str(error)))
        return
    finally:
        bar.empty()
    lost = len(dreams) - len(here)
    told = f"{len(dreams)} dreams, {len(exports)} files."
    if lost:
        told += f" Of {lost} the networks are not here: they are in it without files."
    st.session_state["archive"] = (content, told)


def open_file() -> None:
    """Take dreams out of a file into the journal."""
    with st.popover("Open a file", icon=":material/folder_open:"):
        st.file_uploader(
            "A picture, walk, table or archive of the explorer",
            type=["png", "gif", "csv", "zip", "json", "jsonl"],
            key="journal-upload",
            on_change=_take_file,
            help="Its dreams join the journal, with the choices that made them.",
        )
        if said := st.session_state.get("journal-opened"):
            ok, sentence = said
            (st.success if ok else st.error)(plain(sentence))


def _take_file() -> None:
    file = reported("journal-upload")
    if file is None:
        session()["journal-opened"] = None
        return
    try:
        sentence = take(file.name, file.getvalue())
        session()["journal-opened"] = (True, sentence)
    except PadError as error:
        session()["journal-opened"] = (False, f"{file.name}: {error}")


def take(name: str, content: bytes) -> str:
    """Bring a file's dreams into the journal; returns what happened, in a sentence."""
    if content[:4] == b"PK\x03\x04":
        dreams = archives.dreams_of(archives.unpack(content))
    elif name.endswith(".jsonl"):
        found = store.parse(content, name)
        if not found.dreams:
            raise PadError(found.problems[0] if found.problems else "There is no dream in it.")
        dreams = list(found.dreams.values())
    else:
        dreams = archives.dreams_of(read_manifest(content))
    known = store.known(keep_button.place(), (kept.id for kept in dreams))
    new = [kept for kept in dreams if kept.id not in known]
    if new:
        keep_button.write(new)
    there = len(dreams) - len(new)
    told = f"{len(new)} dream{'' if len(new) == 1 else 's'} joined the journal"
    return f"{told}, {there} {'was' if there == 1 else 'were'} in it." if there else f"{told}."
