"""The bar above the latent map: which latents, axes and second network, and occlusion."""

from __future__ import annotations

import streamlit as st

from explorer.library import networks
from explorer.session.state import choose, chosen, fresh, reported, take, upload
from explorer.widgets import page, sidebar
from explorer.widgets.pick import menu, pick
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.load import DataSet
from pad_core.errors import PadError

_AXES = {
    "pca": "principal components",
    "classes": "between classes",
    "probe": "probe of two classes",
    "pair": "from B to A",
    "tsne": "t-SNE",
}


def wide(px: int) -> int:
    """The width of a menu of the bar; more in a talk's larger type."""
    return round(1.25 * px) if chosen().page.present else px


def points(network: PadNetwork, dataset: DataSet | None) -> None:
    """Choose the images whose latents are shown."""
    test, train = (len(network.memories[split]) for split in ("test", "train"))
    labels = {
        "test": f"{test:,} test",
        "train": f"{train:,} training",
        "stored": f"both, {test + train:,}",
    }
    if dataset is not None:
        labels["images"] = f"{len(dataset.test):,} test images"
    cloud = menu(
        "cloud",
        "Latents of",
        labels,
        wide(175),
        "Stored memories, of test images (which the network never learned from) or of "
        "training images; with real images at hand, every test image, encoded here.",
        _take_cloud,
    )
    if cloud != chosen().map.cloud:
        st.caption(":material/info: Stored test memories until real images are here.")


def _take_cloud(name: str, widget: str) -> None:
    # The same place in another cloud is another image.
    choose(picked=-1, spot="")
    take(name, widget)


def axes(network: PadNetwork) -> None:
    """Choose what the axes are, between which classes, and whether there are two or three."""
    onto = menu(
        "onto",
        "Axes",
        _AXES,
        wide(175),
        "*Principal components* of the stored test memories. *Between classes*: the line from "
        "one class's mean to another's, then the first components across it. *Probe*: the weights "
        "by which a logistic regression tells two classes apart. *From B to A*: the line between "
        "the memories of the Dream page; a picked point can become either. *t-SNE*: a nonlinear "
        "picture; distances in it mean nothing.",
        _take_axes,
    )
    if onto in ("classes", "probe"):
        for name, label in (("left", "from"), ("right", "to")):
            _end(network, name, label)
    _dimensions()


def _end(network: PadNetwork, name: str, label: str) -> None:
    """Choose the class at one end of the first axis."""
    names, value = network.class_names, chosen().value(name)
    widget = fresh(name, value)
    st.selectbox(
        label,
        range(len(names)),
        value if value < len(names) else None,
        format_func=names.__getitem__,
        key=widget,
        width=wide(130),
        on_change=_take_axes,
        args=(name, widget),
    )


def _take_axes(name: str, widget: str) -> None:
    # The same numbers on other axes are another place.
    choose(spot="")
    take(name, widget)


def _dimensions() -> None:
    widget = fresh("dims", chosen().map.dims)
    st.segmented_control(
        "Dimensions",
        ["2", "3"],
        default=chosen().map.dims,
        format_func="{}-D".format,
        key=widget,
        required=True,
        on_change=_take_axes,
        args=("dims", widget),
        help="In 3-D, drag to turn the map.",
    )


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
        format_func=lambda key: listing.label(key) if key else "no other network",
        key=widget,
        width=wide(170),
        on_change=take,
        args=("beside", widget),
        help="A second network's latents of the same images; what you point at and select is "
        "shown in both.",
    )
    if not key:
        return None
    if chosen().map.onto == "pca":
        _its_axes()
    if key not in keys:
        why = "knows other images" if key in listing.headers else "is not here"
        st.warning(f"**{sidebar.plain(key)}** {why}.", icon=":material/search_off:")
        return None
    try:
        return networks.load(key, upload())
    except PadError as error:
        page.problem(error)
        return None


def _its_axes() -> None:
    """Choose whether the second network's components are turned onto the first's."""
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
    if (on := reported(widget)) is not None:
        choose(joined="1" if on else "")
