"""Widgets in, ``Choices`` out.

What the viewer chose lives in one place, ``chosen()``. Widgets show it and, when moved,
replace it; the page's address follows. A widget names the panels that depend on it, and
only those are drawn again. (Streamlit can bind widgets to the address by itself, but such
an address is not updated when the program moves a widget, as the reset button does.)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from explorer import loaders
from explorer.choices import LIMITS, Choices
from explorer.loaders import Upload
from pad_core.conditions import Mixture

_NREM_DIALS, _REM_DIALS = "nrem-dials", "rem-dials"
_SIGMA_SHOWN = 2.0  # the slider's end, unless more was trained or typed

Panels = tuple[str, ...]


def chosen() -> Choices:
    """What this viewer has chosen: read from the address on arrival, then from the widgets."""
    return st.session_state["choices"]  # type: ignore[no-any-return]


def follow_address() -> None:
    """Take over an address that was opened, edited or gone back to; call once a page."""
    state, query = st.session_state, st.query_params.to_dict()
    if "choices" not in state or (query and query != state["address"]):
        state["choices"] = Choices.from_query(query)
    _write_address()


def network() -> str | None:
    """Choose a checkpoint: a listed one, a dropped file, or one of a further folder.

    Returns:
        Its key, or None where there is none or the address asks for one that isn't here.
    """
    state = st.session_state
    listing = loaders.list_checkpoints(chosen().folder, state.get("upload"))
    keys = list(listing.labels)
    if not chosen().checkpoint and keys:
        _choose(checkpoint=keys[0])
    key = chosen().checkpoint if chosen().checkpoint in keys else None
    with st.sidebar:
        widget = _fresh("network", key)
        st.selectbox(
            "Network",
            keys,
            format_func=listing.labels.__getitem__,
            index=None if key is None else keys.index(key),
            key=widget,
            placeholder="Choose a checkpoint" if keys else "None found yet",
            on_change=_take,
            args=("checkpoint", widget),
            help="A trained network with what its hippocampus stored. Listed are the "
            "checkpoints in `checkpoints/` and `runs/`.",
        )
        with st.popover("Open another …", icon=":material/folder_open:", width="stretch"):
            st.file_uploader(
                "Drop a checkpoint here",
                key="dropped",
                on_change=_take_upload,
                help="A `.safetensors` file written by training or by `pad_core export`. "
                "An address can't carry the file: whoever opens yours drops it, too.",
            )
            widget = _fresh("folder", chosen().folder)
            st.text_input(
                "Or look in a folder",
                chosen().folder,
                key=widget,
                placeholder="/path/to/checkpoints",
                on_change=_take,
                args=("folder", widget),
                help="On the computer that runs the explorer. Its checkpoints, and those in "
                "its sub-folders, join the list.",
            )
        for problem in listing.problems[:3]:
            st.error(plain(problem), icon=":material/error:")
        more = len(listing.problems) - 3
        if more > 0:
            st.error(f"{'One more file' if more == 1 else f'{more} more files'} can't be read.")
    return key


def upload() -> Upload | None:
    """The file that this viewer dropped, if any."""
    return st.session_state.get("upload")


def memories() -> None:
    """Choose which memories are shown: by split and seed."""
    with st.sidebar.container(key="memories-dials"):
        left, right = st.columns([3, 2])
        with left:
            widget = _fresh("split", chosen().split)
            st.segmented_control(
                "Memories of",
                ["test", "train"],
                default=chosen().split,
                key=widget,
                required=True,
                width="stretch",
                on_change=_take,
                args=("split", widget),
                help="Test images, which the network never learned from, or training images.",
            )
        with right:
            widget = _fresh("seed", chosen().seed)
            low, high, step = LIMITS["seed"]
            st.number_input(
                "Seed",
                int(low),
                int(high),
                chosen().seed,
                step=int(step),
                key=widget,
                on_change=_take,
                args=("seed", widget),
                help="Draws the memories, the masks and the noise: the same seed gives the "
                "same dreams in every network trained on the same images.",
            )


def occlusion(panels: Panels) -> None:
    """NREM's dials; moving one draws ``panels`` again."""

    @st.fragment(key=_NREM_DIALS)
    def dials() -> None:
        redraw = (_NREM_DIALS, *panels)
        st.markdown("**NREM** · occlusion")
        _dial(
            "intensity",
            "Intensity",
            "Ω in the paper: the share of patches that turn grey, 0 to 1. In training it is "
            "drawn anew for each mini-batch, uniformly from 0 to 1.",
            redraw,
        )
        _dial(
            "size_px",
            "Patch size, px",
            "s in the paper: the side of a grey patch, 1 to 8 pixels. In training it is drawn "
            "anew for each mini-batch, uniformly from 1 to 8.",
            redraw,
        )

    with st.sidebar.container(key="nrem-controls"):
        dials()


def mixture(trained: Mixture, panels: Panels) -> None:
    """REM's dials and the way back to the trained point; moving one draws ``panels`` again."""
    lam, lam_prime, sigma = trained.lam, trained.lam_prime, trained.noise_level

    @st.fragment(key=_REM_DIALS)
    def dials() -> None:
        redraw = (_REM_DIALS, *panels)
        here = Mixture(chosen().lam, chosen().lam_prime, chosen().noise_level)
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.markdown("**REM** · mixture", width="content")
            st.button(
                "as trained",
                key="reset",
                help=f"Back to where this network was trained: λ = {lam:g}, λ′ = {lam_prime:g}, "
                f"σ = {sigma:g}.",
                type="tertiary",
                icon=":material/restart_alt:",
                disabled=here == trained,
                on_click=_reset,
                args=(trained, redraw),
            )
        _dial(
            "lam",
            "λ  first : second",
            f"λ, 0 to 1: the share of memory z against the second memory z_old. "
            f"At 1 only z is dreamt of. This network was trained at {lam:g}.",
            redraw,
        )
        _dial(
            "lam_prime",
            "λ′  memory : noise",
            f"λ′, 0 to 1: the share of memories against spontaneous activity. At 0 the dream "
            f"is noise alone. This network was trained at {lam_prime:g}.",
            redraw,
        )
        _dial(
            "noise_level",
            "σ  noise level",
            f"σ, standard deviation of the spontaneous activity ε, in units of the latents' "
            f"prior. This network was trained at {sigma:g}.",
            redraw,
            shown_to=max(_SIGMA_SHOWN, sigma, chosen().noise_level),
        )

    with st.sidebar.container(key="rem-controls"):
        dials()


def plain(text: str) -> str:
    """Text with nothing in it that Markdown would interpret."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|$~:" else c for c in text)


def _dial(name: str, label: str, help: str, redraw: Panels, shown_to: float | None = None) -> None:
    """A slider with a field for exact values beside it."""
    low, high, step = LIMITS[name]
    value = getattr(chosen(), name)
    kind = type(value)
    slider, typed = _fresh(f"{name}-slider", value), _fresh(f"{name}-typed", value)
    with st.container(key=f"dial-{name}"):
        left, right = st.columns([5, 2], vertical_alignment="bottom", gap="small")
        with left:
            st.slider(
                label,
                kind(low),
                kind(shown_to or high),
                value,
                step=kind(step),
                key=slider,
                help=help,
                on_change=_take,
                args=(name, slider, redraw),
            )
        with right:
            st.number_input(
                f"{label}, typed",
                kind(low),
                kind(high),
                value,
                step=kind(step),
                key=typed,
                label_visibility="collapsed",
                on_change=_take,
                args=(name, typed, redraw),
            )


def _fresh(widget: str, value: Any) -> str:
    """The key of a widget that is about to be drawn and shall show a value.

    A widget that shows another value is replaced by a new one rather than set: what the
    browser reports of a widget just set may be older, and would count as the viewer's wish.
    """
    state = st.session_state
    versions = state.setdefault("versions", {})
    key = f"{widget}-{versions.setdefault(widget, 0)}"
    if key in state and state[key] != value:
        versions[widget] += 1
        key = f"{widget}-{versions[widget]}"
    return key


def _take(name: str, key: str, redraw: Panels = ()) -> None:
    """A widget was moved: remember its value and draw again what depends on it."""
    value = st.session_state[key]
    widget, version = key.rsplit("-", 1)
    if value is not None and int(version) == st.session_state["versions"][widget]:
        _choose(**{name: round(value, 2) if isinstance(value, float) else value})
    if redraw:
        st.rerun(redraw)


def _take_upload() -> None:
    file = st.session_state["dropped"]
    if file is None:
        return
    dropped = Upload(file.name, file.getvalue())
    st.session_state["upload"] = dropped
    if dropped.key in loaders.list_checkpoints("", dropped).labels:
        _choose(checkpoint=dropped.key)


def _reset(trained: Mixture, redraw: Panels) -> None:
    _choose(lam=trained.lam, lam_prime=trained.lam_prime, noise_level=trained.noise_level)
    st.rerun(redraw)


def _choose(**changes: Any) -> None:
    st.session_state["choices"] = replace(chosen(), **changes)
    _write_address()


def _write_address() -> None:
    state, query = st.session_state, chosen().to_query()
    if state.get("address") != query or st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
        state["address"] = query
