"""A cache of probes, their results and disturbed pictures for all viewers."""

from __future__ import annotations

import os
from hashlib import sha256

import streamlit as st

from explorer.views.probe import example
from explorer.views.probe.accuracy import Disturbance, Subject
from explorer.views.probe.example import Example, Sight
from explorer.views.probe.live_probe import LiveProbe
from pad_core.data.identity import Data


def sight(subject: Subject, shown: Example, disturbance: Disturbance) -> Sight:
    """``example.see``, cached: the page asks for it repeatedly while probes learn."""
    own = "" if shown.own is None else sha256(shown.own.numpy().tobytes()).hexdigest()
    picture = (shown.dataset, shown.index, own)
    return _sight(subject.id, picture, disturbance, subject, shown)


@st.cache_resource(max_entries=256, show_spinner=False)
def _sight(
    subject_id: tuple[str, str],
    picture: tuple[Data | None, int, str],
    disturbance: Disturbance,
    _subject: Subject,
    _shown: Example,
) -> Sight:
    return example.see(_subject, _shown, disturbance)


@st.cache_resource(show_spinner=False)
def live_probe() -> LiveProbe:
    """The live probe of all viewers, with all its results."""
    return LiveProbe(min(4, os.cpu_count() or 1))
