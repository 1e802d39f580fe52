"""Losses over epochs, of trained networks and of those that train now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from explorer.library import histories, networks
from explorer.library.labels import labels
from explorer.runs import history
from explorer.runs.trainings import Training
from explorer.session.state import choose, chosen, fresh, reported, upload
from explorer.views.curves.handed_out import python_files
from explorer.widgets import loss_charts, page, sidebar
from explorer.widgets.files.files import About, figure_files
from pad_core.checkpoint.file import Header

_POLL_S = 3.0
_CHART = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"]}
_LOSSES = """\
from explorer.runs.history import recorded
from explorer.widgets.loss_charts import panels
from pad_core.checkpoint.file import load_header

files = {files}
series = [recorded(name, load_header(file)) for name, file in files.items()]
panels(series, log={log}, dark=False).show()
"""
_WITHOUT_LIVE = "# What still trains is not in it.\n"


@st.fragment(run_every=_POLL_S, key="losses")
def losses() -> None:
    """What the compared networks record, and those that train now, whose curves grow."""
    listing = networks.list_checkpoints(chosen().networks.folder, upload())
    keys = chosen().networks.compared or listing.conditions_beside(chosen().networks.checkpoint)
    about = [listing.headers[key] for key in keys if key in listing.headers]
    live = {
        key: training
        for key, training in histories.running().items()
        if _is_of(training, listing.headers.get(key), about)
    }
    growing = {str(Path(key).parent) for key in live}  # their own checkpoints say the same
    kept = {
        key: listing.headers[key]
        for key in keys
        if key in listing.headers and str(Path(key).parent) not in growing
    }
    names = labels(kept)
    recorded = {key: history.recorded(names[key], header) for key, header in kept.items()}
    recorded = {key: one for key, one in recorded.items() if one.values}
    series = [*recorded.values()]
    now = (histories.live_series(t.folder, t.epochs_done, t) for t in live.values())
    series += [one for one in now if one is not None]
    key = fresh("log", bool(chosen().curves.log))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle("Logarithmic losses", bool(chosen().curves.log), key=key, on_change=_take_log,
                  args=(key,), help="Also shows what happens while losses are small.")  # fmt: skip
        if live:
            folders = ", ".join(t.folder.name for t in live.values())
            st.caption(f":material/sensors: Training now: {sidebar.plain(folders)}. Open circles "
                       "are means of the epoch so far.")  # fmt: skip
    if not series:
        st.info("None of these networks carries a history of its training.")
        return
    figure = loss_charts.panels(series, bool(chosen().curves.log), page.is_dark())
    st.plotly_chart(page.chart(figure), key="losses-chart", theme=None, config=_CHART,
                    alt="Losses and linear separability of each network over epochs.")  # fmt: skip
    shown = "; ".join(one.label for one in series)
    python = _LOSSES.format(files=python_files({names[key]: key for key in recorded}),
                            log=bool(chosen().curves.log)) if recorded else ""  # fmt: skip
    told = About("Losses and separability over epochs", "Means of an epoch; separability by one "
                  "linear probe.", shown,
                  (_WITHOUT_LIVE if live and python else "") + python)  # fmt: skip
    figure_files(figure, told, "losses-chart")


def _is_of(training: Training, latest: Header | None, files_about: Sequence[Header]) -> bool:
    """Whether a training is of the data set of one of these networks.

    latest: what it exported last; before its first epoch is over, there is what was asked for.
    """
    if latest is not None:
        return any(latest.data.is_same(header.data) for header in files_about)
    asked = training.order.dataset if training.order is not None else ""
    return any(asked in (header.dataset.get("spec"), header.dataset_name) for header in files_about)


def _take_log(key: str) -> None:
    if (on := reported(key)) is not None:
        choose(log="1" if on else "")
