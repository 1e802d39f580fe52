"""The bar above the latent map: which latents, axes and second network, and occlusion."""

from __future__ import annotations

import streamlit as st

from explorer.library import networks
from explorer.session.state import choose, chosen, fresh, session, take, upload
from explorer.widgets import page, sidebar
from explorer.widgets.pick import pick
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.load import DataSet
from pad_core.errors import PadError


def points(network: PadNetwork, dataset: DataSet | None) -> None:
    """Choose the images whose latents are shown."""
    test, train = (len(network.memories[split]) for split in ("test", "train"))
    labels = {
        "test": f"{test:,} test",
        "train": f"{train:,} training",
        "stored": f"both, {test + train:,}",
    }
    if dataset is not None:
        labels["images"] = f"all {len(dataset.test):,} test images"
    cloud = chosen().map.cloud if chosen().map.cloud in labels else "test"
    widget = fresh("cloud", cloud)
    st.segmented_control(
        "Latents of",
        list(labels),
        default=cloud,
        format_func=labels.__getitem__,
        key=widget,
        required=True,
        on_change=_take_cloud,
        args=(widget,),
        help="Stored memories, of test images (which the network never learned from) or of "
        "training images; with real images at hand, every test image, encoded here.",
    )
    if cloud != chosen().map.cloud:
        st.caption(":material/info: Stored test memories until real images are here.")


def _take_cloud(widget: str) -> None:
    # The same place in another cloud is another image.
    choose(picked=-1, spot="")
    take("cloud", widget)


def dimensions() -> None:
    """Choose two axes or three."""
    widget = fresh("dims", chosen().map.dims)
    st.segmented_control(
        "Axes",
        ["2", "3"],
        default=chosen().map.dims,
        format_func="{}-D".format,
        key=widget,
        required=True,
        on_change=_take_dims,
        args=(widget,),
        help="The first two or three principal components of the stored test memories. In 3-D, "
        "drag to turn the map.",
    )


def _take_dims(widget: str) -> None:
    choose(spot="")
    take("dims", widget)


def second_network(network: PadNetwork) -> PadNetwork | None:
    """Choose the network at the right, any of the same data set; None for none."""
    listing = networks.list_checkpoints(chosen().networks.folder, upload())
    compared = chosen().networks.compared or listing.conditions_beside(chosen().networks.checkpoint)
    keys = [
        key
        for key in dict.fromkeys([*compared, *listing.headers])
        if key in listing.headers
        and key != chosen().networks.checkpoint
        and listing.headers[key].data.is_same(network.header.data)
    ]
    key = chosen().map.beside
    options = ["", *keys, *([key] if key and key not in keys else [])]
    widget = fresh("beside", key)
    st.selectbox(
        "Beside it",
        options,
        options.index(key),
        format_func=lambda key: listing.label(key) if key else "no second network",
        key=widget,
        width=240,
        on_change=take,
        args=("beside", widget),
        help="A second network's latents of the same images; what you point at and select is "
        "shown in both.",
    )
    if not key:
        return None
    pick(
        "axes",
        "Its axes",
        {"aligned": "aligned", "own": "own"},
        "*Aligned*: its components are turned (or mirrored) so that the same images lie as "
        "near as can be to where the first network has them (orthogonal Procrustes); the residual "
        "is the share of their spread that still differs, 0 to 1. *Own*: its principal components "
        "as they come.",
        label_visibility="visible",
    )
    if key not in keys:
        why = "knows other images" if key in listing.headers else "is not here"
        st.warning(f"**{sidebar.plain(key)}** {why}.", icon=":material/search_off:")
        return None
    try:
        return networks.load(key, upload())
    except PadError as error:
        page.problem(error)
        return None


def occluded_too() -> None:
    """Choose whether occluded latents are shown, too."""
    widget = fresh("joined", bool(chosen().map.joined))
    st.toggle(
        "Occluded, too",
        bool(chosen().map.joined),
        key=widget,
        on_change=_take_joined,
        args=(widget,),
        help="Joins each latent by a line to that of the same image, occluded by the intensity and "
        "patch size at the left (the paper's Figure 6). NREM shortens these lines.",
    )


def _take_joined(widget: str) -> None:
    choose(joined="1" if session()[widget] else "")
