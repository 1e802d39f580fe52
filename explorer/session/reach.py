"""Whether other computers can reach this server, and which of its folders may then be named.

Whoever sits at this computer may look into its folders anyway. A viewer at another one may name
those only in which the operator put data for them: the folders of the variable PAD_DATA.
"""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from explorer.session import classroom
from pad_core.errors import PadError

LOCAL = ("localhost", "127.0.0.1", "::1")
VARIABLE = "PAD_DATA"  # folders, separated as in PATH


def is_open() -> bool:
    """Whether viewers may sit at other computers.

    They may where the server listens to others, and where it is called by another name than this
    computer's own: a proxy on this computer hands their requests on then.
    """
    names = [st.get_option("server.address") or LOCAL[0]]
    names += st.get_option("server.allowedHosts") or ()
    return any(name not in LOCAL for name in names) or bool(
        st.get_option("server.corsAllowedOrigins")
    )


def may_name_folders() -> bool:
    """Whether there is any folder for a viewer to name."""
    return not classroom.is_class() and (not is_open() or bool(os.environ.get(VARIABLE)))


def may_drop_data() -> bool:
    """Whether a viewer may put data on this computer's disk: who sits at it may."""
    return not classroom.is_class() and not is_open()


def is_named(folder: str, *own: Path) -> bool:
    """Whether a folder lies in one of PAD_DATA or of ``own``.

    A link in there is its owner's choice; a way up through one is not.
    """
    places = [*own, *map(Path, filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)))]
    return ".." not in Path(folder).parts and any(map(Path(folder).is_relative_to, places))


def check_folder(folder: str, *own: Path) -> None:
    """PadError where a viewer may not name this folder, whether there is one or not."""
    if classroom.is_class():
        raise PadError("This is a class: it looks into no folder that a viewer names.")
    if is_open() and not is_named(_at_home(folder), *own):
        raise PadError(
            "This explorer serves other computers: it looks into no folder of this one but "
            f"those that its operator names in the variable {VARIABLE}."
        )


def check_data(spec: str, home: Path) -> None:
    """The same for the folder of a data set, 'KIND:FOLDER' or 'FOLDER', relative to ``home``."""
    _, colon, named = spec.partition(":")
    folder = _at_home((named if colon else spec).strip("\"' "))
    check_folder(str(home / folder), home / "data")


def _at_home(folder: str) -> str:
    """With a home's path in place of '~', if somebody has it."""
    try:
        return str(Path(folder).expanduser())
    except RuntimeError:
        return folder
