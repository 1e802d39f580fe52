"""Probe: how well classes can be read out of each network's latents, as its input is disturbed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from explorer.library import real_images
from explorer.session.choices import PROBE_PARTS
from explorer.session.state import choose, chosen
from explorer.views.probe import live, record_panel
from explorer.views.probe.accuracy import PROBE_SEEDS, Subject
from explorer.widgets import page, sidebar, sliders
from explorer.widgets.look import look
from explorer.widgets.pick import pick
from pad_core.checkpoint.file import PadNetwork
from pad_core.evaluation.linear_probe import SGD_EPOCHS

_MEASURES = {"converged": "Converged", "paper": "Paper's protocol"}
_EXPLAINED = {
    "converged": "Logistic regression, converged: above the paper's measure.",
    "paper": f"{SGD_EPOCHS} epochs of SGD, mean of several probe seeds.",
}
_PARTS = dict(zip(PROBE_PARTS, ("Recorded", "Live", "Confusion", "Learning"), strict=True))


def show() -> None:
    """The page."""
    look("probe", Path(__file__).parent)
    network = page.network()
    if network is None:
        return
    chosen_ones = page.networks()
    networks = {key: one for key, one in chosen_ones.items() if len(one.class_names) > 1}
    network = page.subject(network, networks)
    sidebar.images(network)
    with st.sidebar:
        sliders.seed(
            "Draws the picture at the cursor; live, also the test images of the first estimates, "
            "the masks and the noise."
        )
    part, talk = chosen().probe.part, bool(chosen().page.present)
    with page.heading("What a simple classifier reads", _EXPLAINED[chosen().probe.measure]):
        _measure(part)
    _parts()
    _dials(part, talk)
    if networks:
        looked_at = next((k for k, one in networks.items() if one is network), next(iter(networks)))
        if part == "record":
            record_panel.show(looked_at, _subjects(networks))
        else:
            live.show(part, looked_at, _subjects(networks))
    elif chosen_ones:
        st.info(
            "Linear probes tell classes apart, and these networks were trained without any.",
            icon=":material/label_off:",
        )
    else:
        st.info("Choose networks to compare at the left.", icon=":material/left_click:")
    _footer(network)


def _parts() -> None:
    """Choose a part of the page; only this one computes."""
    pick(
        "probe",
        "Part of this page",
        _PARTS,
        "Recorded: what `pad evaluate --record` measured. The others fit probes on this computer, "
        "while you watch.",
    )


def _dials(part: str, talk: bool) -> None:
    """The sliders of what is measured live; what is recorded has its cursor above the curves."""
    if part != "record":
        with sliders.in_a_row(talk):
            sliders.occlusion(live.PANELS, talk)
            _noise(talk)
    if talk and part == "record":
        sliders.arrows("intensity", "seed", (sliders.NREM_DIALS, *record_panel.PANELS))
    elif talk:
        sliders.arrows("intensity", "size_px", (sliders.NREM_DIALS, "noise-dials", *live.PANELS))


def _noise(talk: bool) -> None:
    """The dial of noise on pixels, and the way back to undisturbed images."""

    @st.fragment(key="noise-dials")
    def noise() -> None:
        redraw = ("noise-dials", *live.PANELS)
        sliders.dial(
            "pixel_noise",
            "Noise on pixels",
            "Not in the paper: Gaussian noise added to each pixel of a test image before it is "
            "occluded. Its standard deviation, 0 to 1, where pixels go from −1 to 1; what lies "
            "beyond is clipped. Trained with none.",
            redraw,
        )
        st.button(
            "undisturbed images",
            key="undisturbed",
            type="tertiary",
            icon=":material/restart_alt:",
            disabled=not (chosen().probe.pixel_noise or chosen().dream.intensity),
            on_click=choose,
            kwargs={
                "redraw": (sliders.NREM_DIALS, *redraw),
                "intensity": 0.0,
                "pixel_noise": 0.0,
            },
        )

    with sliders.stand("noise-controls", talk):
        noise()


def _measure(part: str) -> None:
    """Which measure is shown; live, the paper's has to be trained, and can be watched again."""
    if part != "record" and chosen().probe.measure == "paper":
        st.button(
            "Train again",
            key="train-again",
            icon=":material/replay:",
            help=f"Trains the {PROBE_SEEDS} probes of every network once more, from the same "
            "seeds, before your eyes. They come to the same numbers.",
            on_click=_train_again,
        )
    pick(
        "measure",
        "Measure",
        _MEASURES,
        "Two measures of linear separability, never to be compared with one another. Live, the "
        "paper's trains its probes.",
    )


def _train_again() -> None:
    st.session_state[live.RUN] = st.session_state.get(live.RUN, 0) + 1


def _subjects(networks: Mapping[str, PadNetwork]) -> dict[str, Subject]:
    return {key: Subject(one, real_images.find(one).dataset) for key, one in networks.items()}


@st.fragment(key="footer")
def _footer(network: PadNetwork) -> None:
    page.footer(network, "probe", "picture")
