"""What a sight shows, made anew as an album for download."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.albums import KINDS
from pad_core.dreaming.albums.album import choose, files

_MADE = (1980, 1, 1, 0, 0, 0)  # the same album is the same zip, whenever it is made


def export(kind: str, networks: Sequence[PadNetwork], settings: Mapping[str, Any]) -> None:
    """A button that makes an album, pictures and the manifest that makes them again, as a zip.

    Albums show what networks recall, never photographs: their files don't need the data set.
    """
    st.download_button(
        "Export",
        lambda: _zip(kind, networks, settings),
        f"pad-{kind}.zip",
        "application/zip",
        key=f"export-{kind}",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        help="Makes these dreams anew as a zip of pictures. Its manifest names the command that "
        "makes them again. What networks recall stands in place of photographs.",
    )


def _zip(kind: str, networks: Sequence[PadNetwork], settings: Mapping[str, Any]) -> bytes:
    made = files(kind, KINDS[kind], networks, choose(KINDS[kind], settings))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in made.items():
            archive.writestr(zipfile.ZipInfo(name, _MADE), data)
    return content.getvalue()
