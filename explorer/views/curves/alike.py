"""How alike the compared networks see the same images, as a matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from itertools import combinations

import numpy as np
import streamlit as st

from explorer.library import real_images
from explorer.library.labels import full_name, labels, spoken
from explorer.views.curves import figures
from explorer.views.curves.handed_out import python_files
from explorer.views.curves.likeness import Likeness, likeness
from explorer.widgets import page, sidebar
from explorer.widgets.files.files import About, figure_files, told
from explorer.widgets.pick import pick
from explorer.widgets.watching import watch
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.load import DataSet

_MEASURES = {"cka": "Linear CKA", "rsa": "RSA"}
_EXPLAINED = {
    "cka": "1: the same up to rotation and scale; 0: nothing in common (linear centred kernel "
    "alignment, Kornblith et al. 2019)",
    "rsa": "1: the same pairs of images are alike; 0: no relation (Spearman's correlation of "
    "dissimilarities, Kriegeskorte et al. 2008)",
}
_LAYERS = {"z": "latents z", "conv3": "layer 3", "conv2": "layer 2", "conv1": "layer 1"}
_PYTHON = """\
from pathlib import Path

import numpy

from explorer.views.curves.figures import likeness
from pad_core.evaluation.compare import compare_files

files = {files}
paths = [Path(file) for file in files.values()]
found = compare_files(paths, {data!r}, "data", {images}, {layer!r})
likeness(numpy.array(found[{measure!r}], float), [*files], dark=False).show()
"""


def show(network: PadNetwork, compared: Mapping[str, PadNetwork]) -> None:
    """Compare these networks on images that ``network`` was trained for."""
    with st.container(key="alike-picks", horizontal=True):
        measure = pick("likeness", "Measure", _MEASURES)
        layer = pick("of_layer", "Layer of the encoder", _LAYERS)
    if len(compared) < 2:
        st.info("Choose two networks or more to compare at the left.", icon=":material/left_click:")
        return
    if sidebar.images_are_coming(network):
        st.caption("The images are being loaded …")
        return
    dataset = real_images.find(network).dataset
    names = labels({key: one.header for key, one in compared.items()})
    seen = (network.sha256, dataset and dataset.spec)
    key = ("alike", layer, seen, *(one.sha256 for one in compared.values()))

    def draw(found: Likeness, busy: bool) -> None:
        if found.matrices is None:
            share = found.seen / len(compared)
            st.progress(share, f"{found.seen} of {len(compared)} networks have seen the images")
            return
        values = np.array(getattr(found.matrices, measure))
        st.html(f'<p class="pad-lead">{escape(_sentence(values, list(names.values())))}</p>')
        figure = figures.likeness(values, list(names.values()), page.is_dark())
        with st.container(key="chart-alike"):
            st.plotly_chart(page.chart(figure), key="alike-chart", theme=None, height="stretch",
                            config={"displayModeBar": False},
                            alt="How alike networks see the same images.")  # fmt: skip
        caption = (
            f"{_EXPLAINED[measure]}; {_LAYERS[layer]}, {_seen(network, dataset, found.n_images)}."
        )
        st.caption(sidebar.plain(caption))
        own = "" if dataset is None else _PYTHON.format(
            files=python_files({names[key]: key for key in compared}), data=dataset.spec,
            images=found.n_images, layer=layer, measure=measure,
        )  # fmt: skip
        title = f"{_MEASURES[measure]} of networks"
        figure_files(figure, About(title, caption, told(compared.values()), own), "alike-chart")

    watch(key, partial(likeness, list(compared.values()), network, dataset, layer), draw,
          "The networks look at the images …")  # fmt: skip


def _sentence(values: np.ndarray, names: Sequence[str]) -> str:
    """'Most alike are A and B (0.62), least C and D (0.21).'"""
    pairs = sorted(combinations(range(len(names)), 2), key=lambda pair: values[pair])
    told = [f"{names[i]} and {names[j]} ({values[i, j]:.2f})" for i, j in pairs]
    if len(told) == 1:
        return f"How alike are {told[0]}."
    return f"Most alike are {told[-1]}, least {told[0]}."


def _seen(network: PadNetwork, dataset: DataSet | None, n: int) -> str:
    """'500 test images of CIFAR-10'."""
    name = spoken(network.header.dataset_name)
    if dataset is None:
        who = full_name(network.header)
        return f"{n} pictures that {who} recalls in place of test images of {name}"
    return f"{n} test images of {name}"
