"""What the probe has found and what networks see, kept for all viewers."""

from __future__ import annotations

import os
from hashlib import sha256

import streamlit as st

from explorer.views.probe import example
from explorer.views.probe.accuracy import Disturbance, Subject
from explorer.views.probe.example import Example, Sight
from explorer.views.probe.lab import Lab
from pad_core.data.identity import Data


def sight(subject: Subject, shown: Example, disturbance: Disturbance) -> Sight:
    """``example.see``, which the page asks for again while probes learn."""
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
def lab() -> Lab:
    """What probes networks in the background, with all that it found, for all viewers."""
    return Lab(min(4, os.cpu_count() or 1))
