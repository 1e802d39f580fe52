"""Train: networks are trained from the page, as processes that outlive it."""

from __future__ import annotations

import streamlit as st

from explorer.library import networks
from explorer.runs import trainings
from explorer.views.train.card import training_card
from explorer.views.train.form import order_form
from explorer.views.train.launch import launch
from explorer.widgets import page
from explorer.widgets.look import look

_POLL_S = 2.0
_SHOWN = 6  # of those that don't run


def show() -> None:
    """The page."""
    look("curves")
    page.heading("Train a network", "a process of its own: it goes on when this page is closed")
    left, right = st.columns([2, 3], gap="medium")
    with left:
        order_form(networks.ROOT)
    with right:
        launch(networks.ROOT, trainings.trainings(networks.ROOT))
        with st.container(key="trainings"):
            _trainings()
    page.footer(None, note=f"run folders in {networks.ROOT / 'runs'}")


@st.fragment(run_every=_POLL_S, key="trainings-now")
def _trainings() -> None:
    """All trainings of this folder, also those started elsewhere."""
    found = trainings.trainings(networks.ROOT)
    if not found:
        st.info(
            "Nothing has been trained here yet. What you start appears here and, after its "
            "first epoch, in the list of networks on all pages.",
            icon=":material/model_training:",
        )
    running = [training for training in found if training.running]
    others = [training for training in found if not training.running]
    for training in running:
        training_card(training)
    for training in others[:_SHOWN]:
        training_card(training)
    if len(others) > _SHOWN:
        with st.expander(f"{len(others) - _SHOWN} earlier ones"):
            for training in others[_SHOWN:]:
                training_card(training)
