"""The sidebar's widgets, shared by the pages: networks, memories, the dials of sleep."""

from __future__ import annotations

import streamlit as st

from explorer.dreaming.memories import shown_split, splits_of
from explorer.library import real_images
from explorer.library.labels import spoken
from explorer.library.networks import Listing, list_checkpoints
from explorer.session import classroom, reach
from explorer.session.choices import PHOTOGRAPHS
from explorer.session.pace import look_every
from explorer.session.state import choose, chosen, fresh, reported, session, take, upload
from explorer.session.upload import Upload
from explorer.widgets import sliders
from explorer.widgets.network_menu import choose_network
from pad_core.checkpoint.file import SPLITS, PadNetwork
from pad_core.data.load import DataSet

_PROBLEMS_SHOWN = 20
_SPLITS = {PHOTOGRAPHS: "photos", "test": "test images", "train": "training images"}


def network() -> str | None:
    """Choose a checkpoint: a listed one, a dropped file, or one of a further folder.

    Returns:
        Its key, or None where there is none or the address asks for one that isn't here.
    """
    listing = list_checkpoints(chosen().networks.folder, upload())
    keys = list(listing.headers)
    if not chosen().networks.checkpoint and keys:
        choose(checkpoint=keys[0])
    key = chosen().networks.checkpoint if chosen().networks.checkpoint in keys else None
    with st.sidebar:
        choose_network(listing, key)
        _open_another()
        _problems(listing)
    return key


def networks() -> list[str]:
    """Choose the networks that are compared.

    Returns:
        Their keys: the viewer's own choice, or else `Listing.conditions_beside` the chosen
        network. Some may not be here.
    """
    listing = list_checkpoints(chosen().networks.folder, upload())
    usual = listing.conditions_beside(chosen().networks.checkpoint)
    keys = list(chosen().networks.compared or usual)
    names = listing.beside(chosen().networks.checkpoint)
    with st.sidebar:
        widget = fresh("compared", keys)
        st.multiselect(
            "Compared networks",
            list(dict.fromkeys([*names, *keys])),
            keys,
            format_func=lambda key: names.get(key) or listing.label(key),
            key=widget,
            placeholder="Choose networks",
            on_change=take,
            args=("compared", widget),
            help="At first the paper's five conditions, or those there are, trained on the same "
            "images as the network above, each with most training. Take any others, of any data "
            "set.",
        )
        if chosen().networks.compared and chosen().networks.compared != tuple(usual):
            st.button(
                "the usual ones",
                key="usual-networks",
                type="tertiary",
                icon=":material/restart_alt:",
                on_click=choose,
                kwargs={"compared": ()},
            )
    return keys


def memories(network: PadNetwork, stored: bool = False) -> None:
    """Choose which of a network's memories are shown: by split and seed.

    stored: whether only those that its file holds are.
    """
    dream = chosen().dream
    splits = SPLITS[::-1] if stored else splits_of(network)
    split = dream.stored.split if stored else shown_split(network, dream.split)
    with st.sidebar.container(key="memories-dials"):
        left, right = st.columns([3, 2])
        with left:
            widget = fresh("split", split)
            st.selectbox(
                "Memories of",
                splits,
                splits.index(split),
                format_func=_SPLITS.__getitem__,
                key=widget,
                on_change=take,
                args=("split", widget),
                help="Photos that ship with this program; test images; or training images. The "
                "network learned from the training images alone.",
            )
        with right:
            sliders.seed(
                "Draws the memories, the masks and the noise: the same seed gives the "
                "same dreams in every network trained on the same images."
            )


def images(network: PadNetwork) -> DataSet | None:
    """Real images of the network's data set, or None while there are none on this machine.

    Says which it is, in the sidebar, and offers to fetch them; the page runs again when they
    are there.
    """
    found = real_images.find(network)
    with st.sidebar.container(key="real-images"):
        if found.status == "ready":
            st.caption(f":material/photo_library: Real images of {_spoken(network)}.")
        elif found.status == "loading":
            _await_images(network)
        else:
            fetched = real_images.can_fetch(network) and not classroom.is_class()
            if found.status == "failed":
                st.caption(f":material/error: {plain(found.message)}")
            else:
                _say_absent(network, fetched)
            if fetched:
                st.button(
                    "Fetch the images",
                    key="fetch",
                    icon=":material/download:",
                    help="Downloads the data set into `data/`, some hundred megabytes at most.",
                    on_click=real_images.fetch,
                    args=(network,),
                )
    return found.dataset


def images_are_coming(network: PadNetwork) -> bool:
    """Whether real images are being loaded, and pages should keep their places free."""
    return real_images.find(network).status == "loading"


def _say_absent(network: PadNetwork, fetched: bool) -> None:
    says = f":material/psychology: The images of {_spoken(network)} are not on this computer."
    if fetched:
        st.caption(says)
    else:
        st.caption(
            says,
            help="Photos ship with this program. In place of all other images, pages show what the "
            "network recalls. This copy of the images is not offered for download; where you have "
            f"it, put it into `{real_images.place(network)}`.",
        )


def _spoken(network: PadNetwork) -> str:
    """The name of a network's data set, for Markdown."""
    return plain(spoken(network.header.dataset_name))


def _await_images(network: PadNetwork) -> None:
    @st.fragment(run_every=look_every(1.0))
    def follow() -> None:
        found = real_images.find(network)
        if found.status == "loading":
            st.progress(found.share, f"Real images: {plain(found.message)}")
        else:
            st.rerun()

    follow()


def plain(text: str) -> str:
    """Text with nothing in it that Markdown would interpret."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|$~:" else c for c in text)


def _open_another() -> None:
    if classroom.is_visitor():
        return
    with st.popover("Open another …", icon=":material/folder_open:", width="stretch"):
        st.file_uploader(
            "Drop a checkpoint here",
            key="dropped",
            on_change=_take_upload,
            help="A `.safetensors` file written by training or by `pad_core export`. "
            "An address can't carry the file: others who open yours have to drop it, too.",
        )
        if not reach.may_name_folders():
            return
        widget = fresh("folder", chosen().networks.folder)
        st.text_input(
            "Or look in a folder",
            chosen().networks.folder,
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


def _take_upload() -> None:
    file = reported("dropped")
    if file is None:
        return
    dropped = Upload(file.name, file.getvalue())
    session()["upload"] = dropped
    if dropped.key in list_checkpoints("", dropped).headers:
        choose(checkpoint=dropped.key)
