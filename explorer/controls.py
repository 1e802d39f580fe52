"""The sidebar's widgets, shared by the pages: networks, memories, the dials of sleep."""

from __future__ import annotations

import streamlit as st

from explorer import loaders, real_images
from explorer.choices import LIMITS
from explorer.loaders import Listing, Upload
from explorer.state import Panels, choose, chosen, fresh, step_by, take, upload
from pad_core.checkpoint import PadNetwork
from pad_core.conditions import Mixture
from pad_core.datasets import DataSet

NREM_DIALS, REM_DIALS = "nrem-dials", "rem-dials"
_PROBLEMS_SHOWN = 20
_SIGMA_SHOWN = 2.0  # the slider's end, unless more was trained or typed


def network() -> str | None:
    """Choose a checkpoint: a listed one, a dropped file, or one of a further folder.

    Returns:
        Its key, or None where there is none or the address asks for one that isn't here.
    """
    listing = loaders.list_checkpoints(chosen().folder, upload())
    keys = list(listing.headers)
    if not chosen().checkpoint and keys:
        choose(checkpoint=keys[0])
    key = chosen().checkpoint if chosen().checkpoint in keys else None
    with st.sidebar:
        widget = fresh("network", key)
        st.selectbox(
            "Network",
            keys,
            format_func=listing.label,
            index=None if key is None else keys.index(key),
            key=widget,
            placeholder="Choose a checkpoint" if keys else "None found yet",
            on_change=take,
            args=("checkpoint", widget),
            help="A trained network with what its hippocampus stored. Listed are the "
            "checkpoints in `checkpoints/` and `runs/`.",
        )
        _open_another()
        _problems(listing)
    return key


def networks() -> list[str]:
    """Choose the networks that are compared.

    Returns:
        Their keys: the viewer's own choice, or else each condition's most trained network of
        the data set that the chosen network knows. Some may not be here.
    """
    listing = loaders.list_checkpoints(chosen().folder, upload())
    usual = listing.conditions_beside(chosen().checkpoint)
    keys = list(chosen().compared or usual)
    with st.sidebar:
        widget = fresh("compared", keys)
        st.multiselect(
            "Compared networks",
            list(dict.fromkeys([*listing.headers, *keys])),
            keys,
            format_func=listing.label,
            key=widget,
            placeholder="Choose networks",
            on_change=take,
            args=("compared", widget),
            help="At first the conditions trained on the same images as the network above, each "
            "with most training. Take any others, of any data set.",
        )
        if chosen().compared and chosen().compared != tuple(usual):
            st.button(
                "all conditions",
                key="usual-networks",
                type="tertiary",
                icon=":material/restart_alt:",
                on_click=choose,
                kwargs={"compared": ()},
            )
    return keys


def memories() -> None:
    """Choose which memories are shown: by split and seed."""
    with st.sidebar.container(key="memories-dials"):
        left, right = st.columns([3, 2])
        with left:
            widget = fresh("split", chosen().split)
            st.segmented_control(
                "Memories of",
                ["test", "train"],
                default=chosen().split,
                key=widget,
                required=True,
                width="stretch",
                on_change=take,
                args=("split", widget),
                help="Test images, which the network never learned from, or training images.",
            )
        with right:
            seed(
                "Draws the memories, the masks and the noise: the same seed gives the "
                "same dreams in every network trained on the same images."
            )


def step_seed(step: int) -> None:
    """A button to the previous (−1) or the next (1) seed's memories, with a key of its own.

    In a talk these are the keys that a presenter's remote sends.
    """
    word, icon, shortcut = ("next", "right", "K") if step > 0 else ("previous", "left", "J")
    if chosen().present:
        shortcut = "PageDown" if step > 0 else "PageUp"
    low, high, _ = LIMITS["seed"]
    st.button(
        "",
        key=f"seed-{word}",
        shortcut=shortcut,
        icon=f":material/chevron_{icon}:",
        disabled=not low <= chosen().seed + step <= high,
        on_click=step_by,
        args=("seed", step, low, high),
        help=f"The memories of the {word} seed.",
    )


def seed(help: str) -> None:
    """Choose the seed; ``help`` says what it draws on the page."""
    _field("seed", "Seed", fresh("seed", chosen().seed), help=help)


def images(network: PadNetwork) -> DataSet | None:
    """Real images of the network's data set, or None while there are none on this machine.

    Says which it is, in the sidebar, and offers to fetch them; the page runs again when they
    are there.
    """
    found = real_images.find(network)
    with st.sidebar.container(key="real-images"):
        if found.status == "ready":
            st.caption(f":material/photo_library: Real images of {network.header.dataset_name}.")
        elif found.status == "loading":
            _await_images(network)
        else:
            st.caption(
                f":material/psychology: Stored memories: no images of "
                f"{plain(network.header.dataset_name)} on this computer."
                if found.status == "absent"
                else f":material/error: {plain(found.message)}"
            )
            if real_images.can_fetch(network):
                st.button(
                    "Fetch the images",
                    key="fetch",
                    icon=":material/download:",
                    help="Downloads the data set into `data/`, some hundred megabytes at most.",
                    on_click=real_images.fetch,
                    args=(network,),
                )
    return found.dataset


@st.fragment(run_every=1.0)
def _await_images(network: PadNetwork) -> None:
    found = real_images.find(network)
    if found.status == "loading":
        st.progress(found.share, f"Real images: {plain(found.message)}")
    else:
        st.rerun()


def occlusion(panels: Panels) -> None:
    """NREM's dials; moving one draws ``panels`` again."""

    @st.fragment(key=NREM_DIALS)
    def dials() -> None:
        redraw = (NREM_DIALS, *panels)
        st.markdown("**NREM** · occlusion")
        dial(
            "intensity",
            "Intensity",
            "Ω in the paper: the share of patches that turn grey, 0 to 1. In training it is "
            "drawn anew for each mini-batch, uniformly from 0 to 1.",
            redraw,
        )
        dial(
            "size_px",
            "Patch size, px",
            "s in the paper: the side of a grey patch, 1 to 8 pixels. In training it is drawn "
            "anew for each mini-batch, uniformly from 1 to 8.",
            redraw,
        )

    with st.sidebar.container(key="nrem-controls"):
        dials()


def mixture(trained: Mixture, panels: Panels, talk: bool = False) -> None:
    """REM's dials and the way back to the trained point; moving one draws ``panels`` again.

    In a talk they stand side by side where they are called, else below one another in the
    sidebar.
    """
    lam, lam_prime, sigma = trained.lam, trained.lam_prime, trained.noise_level

    @st.fragment(key=REM_DIALS)
    def dials() -> None:
        redraw = (REM_DIALS, *panels)
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
        places = st.columns(3, gap="large") if talk else [st.container() for _ in range(3)]
        with places[0]:
            dial(
                "lam",
                "λ  first : second",
                f"λ, 0 to 1: the share of memory z against the second memory z_old. "
                f"At 1 only z is dreamt of. This network was trained at {lam:g}.",
                redraw,
            )
        with places[1]:
            dial(
                "lam_prime",
                "λ′  memory : noise",
                f"λ′, 0 to 1: the share of memories against spontaneous activity. At 0 the dream "
                f"is noise alone. This network was trained at {lam_prime:g}.",
                redraw,
            )
        with places[2]:
            dial(
                "noise_level",
                "σ  noise level",
                f"σ, standard deviation of the spontaneous activity ε, in units of the latents' "
                f"prior. This network was trained at {sigma:g}.",
                redraw,
                shown_to=max(_SIGMA_SHOWN, sigma, chosen().noise_level),
            )

    with (st if talk else st.sidebar).container(key="rem-controls"):
        dials()


def plain(text: str) -> str:
    """Text with nothing in it that Markdown would interpret."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|$~:" else c for c in text)


def _open_another() -> None:
    with st.popover("Open another …", icon=":material/folder_open:", width="stretch"):
        st.file_uploader(
            "Drop a checkpoint here",
            key="dropped",
            on_change=_take_upload,
            help="A `.safetensors` file written by training or by `pad_core export`. "
            "An address can't carry the file: whoever opens yours drops it, too.",
        )
        widget = fresh("folder", chosen().folder)
        st.text_input(
            "Or look in a folder",
            chosen().folder,
            key=widget,
            placeholder="/path/to/checkpoints",
            on_change=take,
            args=("folder", widget),
            help="On the computer that runs the explorer. Its checkpoints, and those in "
            "its sub-folders, join the list.",
        )


def _problems(listing: Listing) -> None:
    """What is wrong with files, in one line that opens."""
    problems = listing.problems
    if len(problems) == 1:
        st.error(plain(problems[0]), icon=":material/error:")
    elif problems:
        with st.expander(f"{len(problems)} files can't be read", icon=":material/error:"):
            st.markdown("\n".join(f"- {plain(problem)}" for problem in problems[:_PROBLEMS_SHOWN]))
            if len(problems) > _PROBLEMS_SHOWN:
                st.markdown(f"… and {len(problems) - _PROBLEMS_SHOWN} more.")


def dial(name: str, label: str, help: str, redraw: Panels, shown_to: float | None = None) -> None:
    """A slider with a field for exact values beside it; moving it draws ``redraw`` again.

    Args:
        name: the field of ``Choices``; label, help: what a person reads.
        shown_to: the slider's upper end, where that isn't the highest value.
    """
    low, high, step = LIMITS[name]
    value = getattr(chosen(), name)
    kind = type(value)
    slider, typed = fresh(f"{name}-slider", value), fresh(f"{name}-typed", value)
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
                on_change=take,
                args=(name, slider, redraw),
            )
        with right:
            _field(name, f"{label}, typed", typed, redraw, labelled=False)


def _field(
    name: str,
    label: str,
    key: str,
    redraw: Panels = (),
    help: str | None = None,
    labelled: bool = True,
) -> None:
    """A field for a typed number.

    It knows no limits itself: the browser would keep what lies outside to itself, and cut 3.7
    to 3 without a word. ``take`` corrects it and says so.
    """
    step = LIMITS[name].step
    st.number_input(
        label,
        value=float(getattr(chosen(), name)),
        step=float(step),
        format="%.0f" if isinstance(step, int) else "%.2f",
        key=key,
        label_visibility="visible" if labelled else "collapsed",
        on_change=take,
        args=(name, key, redraw),
        help=help,
    )


def _take_upload() -> None:
    file = st.session_state["dropped"]
    if file is None:
        return
    dropped = Upload(file.name, file.getvalue())
    st.session_state["upload"] = dropped
    if dropped.key in loaders.list_checkpoints("", dropped).headers:
        choose(checkpoint=dropped.key)


def _reset(trained: Mixture, redraw: Panels) -> None:
    choose(redraw, lam=trained.lam, lam_prime=trained.lam_prime, noise_level=trained.noise_level)
