"""Curves: the paper's figures from what was measured, losses, and dreams over epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from explorer.library import histories, networks
from explorer.library.labels import labels
from explorer.runs import history, trainings
from explorer.runs.trainings import Training
from explorer.session.state import Panels, choose, chosen, fresh, session, take, upload
from explorer.views.curves import epochs, figures
from explorer.views.curves.epochs import Snapshot
from explorer.views.curves.scrubber import scrubber
from explorer.widgets import loss_charts, page, sidebar, sliders
from explorer.widgets.look import look
from explorer.widgets.pictures import Row, panel
from pad_core.checkpoint.file import Header, PadNetwork
from pad_core.data.images import SIDE_PX
from pad_core.errors import PadError
from pad_core.report.catalogue import Catalogue
from pad_core.report.claims import Verdict
from pad_core.report.items import ITEMS, verdicts
from pad_core.report.missing import missing_for
from pad_core.report.paper import paper_name
from pad_core.report.tables import measures
from pad_core.report.template import render

_HERE = Path(__file__).parent
_MARKS = {"yes": "✓", "no": "✗", "open": "?"}
_PARTS = {
    "paper": "The paper's figures", "measures": "All measures", "losses": "Losses",
    "epochs": "Dreams over epochs",
}  # fmt: skip
_POLL_S = 3.0
_CHART = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"]}
_ROWS = {"memories": 0, "recovered": 2, "rem": 3}  # of a snapshot's picture
_KINDS = {"": "one epoch", "memories": "memories", "recovered": "recovered", "rem": "REM dreams"}


def show() -> None:
    """The page."""
    network = page.network()
    if network is None:
        return
    look("curves")
    part = chosen().curves.part
    listing = networks.list_checkpoints(chosen().networks.folder, upload())
    if part == "losses":
        sidebar.networks()
    elif part == "epochs":
        sidebar.memories(network)
        sliders.perturbation(network.condition, panels=("stages",))
        sliders.mixture(network.condition.rem_mixture, panels=("stages",))
    with page.heading("Curves", ""):
        _pick("curves", list(_PARTS), _PARTS, "Part of this page")
    if part == "paper":
        _paper(epochs.catalogue(listing.headers), network.header.dataset_name)
    elif part == "measures":
        _measures(epochs.catalogue(listing.headers), network.header.dataset_name)
    elif part == "losses":
        _losses()
    else:
        _epochs(network)
    page.footer(network)


def _pick(
    name: str, options: list[str], labels: dict[str, str], label: str, redraw: Panels = ()
) -> None:
    """A row of choices for one parameter of ``Choices``."""
    value = chosen().value(name)
    key = fresh(name, value)
    st.segmented_control(label, options, default=value, format_func=labels.__getitem__, key=key,
                         required=True, label_visibility="collapsed", on_change=take,
                         args=(name, key, redraw))  # fmt: skip


# --- The paper's figures ------------------------------------------------------------------------


def _paper(catalogue: Catalogue, dataset: str) -> None:
    paper = paper_name(dataset)
    items = [name for name, item in ITEMS.items() if item.is_about(dataset)]
    name = chosen().curves.figure
    if name not in items:
        page.put_right(f"{ITEMS[name].short} is of other images than {dataset}; shown is "
                       f"{ITEMS[items[0]].short}.", figure=items[0])  # fmt: skip
        name = items[0]
    _choose_figure(items, name)
    item = ITEMS[name]
    if not paper:
        st.caption(f"The paper has no {sidebar.plain(dataset)}: its claims, tried on it.")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        figure = figures.paper_figure(item, catalogue, dataset, page.is_dark())
        if figure is None:
            st.info("Nothing of this is recorded yet for these images; see below what makes it.",
                    icon=":material/hourglass_empty:")  # fmt: skip
        else:
            with st.container(key=f"chart-{name}"):
                st.plotly_chart(page.chart(figure), key=f"paper-{name}", theme=None, config=_CHART,
                                height="stretch", alt=item.title)  # fmt: skip
            with st.expander("What is measured, and how", icon=":material/info:"):
                st.caption(sidebar.plain(item.legend(catalogue, dataset)))
        table = item.table(catalogue, dataset)
        if table is not None and table.rows:
            with st.expander("The numbers", icon=":material/table:"):
                st.html(render(_HERE / "table.html", names=table.names, rows=table.rows))
    with right:
        verdict = verdicts(catalogue, dataset)
        judged = [(claim, verdict[claim]) for claim in item.claims]
        tally = _tally([verdict for _, verdict in judged])
        st.html(render(_HERE / "claims.html", judged=judged, marks=_MARKS, tally=tally))
    missing = missing_for(catalogue, item, dataset)
    if missing:
        with st.expander(f"Missing: {', '.join(what for what, _ in missing)}",
                         icon=":material/science:"):  # fmt: skip
            st.caption("These commands, run in the project's folder, make it; or train on the "
                       "*Train* page.")  # fmt: skip
            for _, command in missing:
                st.code(command, language="bash", wrap_lines=True)


def _choose_figure(items: list[str], name: str) -> None:
    key = fresh("figure", name)
    st.selectbox("Figure of the paper", items, items.index(name), format_func=_subject, key=key,
                 label_visibility="collapsed", on_change=take, args=("figure", key))  # fmt: skip


def _subject(name: str) -> str:
    """'NREM makes latents robust to occlusion (Fig. 5)'."""
    item = ITEMS[name]
    subject = item.title.partition(": ")[2]
    return f"{subject[:1].upper()}{subject[1:]} ({item.short})"


def _tally(judged: Sequence[Verdict]) -> str:
    """'2 of 5 claims agree with the paper, none contradicts it, 3 are open.'"""
    agree, against = (sum(v.kind == kind for v in judged) for kind in ("yes", "no"))
    n_open = len(judged) - agree - against
    told = f"{agree} of {len(judged)} claims agree with the paper"
    told += f", {against} {'does' if against == 1 else 'do'} not" if against else ""
    return f"{told}, {n_open} {'is' if n_open == 1 else 'are'} open." if n_open else f"{told}."


# --- All measures -------------------------------------------------------------------------------


def _measures(catalogue: Catalogue, dataset: str) -> None:
    """What ``evaluate --record`` found of all networks of this data set."""
    table = measures(catalogue, dataset)
    if not table.rows:
        st.info("Nothing is recorded yet of these networks: `python -m pad_core evaluate FILE "
                "--record` measures one.", icon=":material/hourglass_empty:")  # fmt: skip
        return
    with st.container(key="measures"):
        st.html(render(_HERE / "table.html", names=table.names, rows=table.rows))
    st.caption("Means ± SEM over networks where n > 1.", help="`FIELDS` in "
               "pad_core/checkpoint/evaluation_record.py says what each measure is, and on how "
               "many images it rests.")  # fmt: skip


# --- Losses -------------------------------------------------------------------------------------


@st.fragment(run_every=_POLL_S, key="losses")
def _losses() -> None:
    """What the compared networks record, and those that train now, whose curves grow."""
    listing = networks.list_checkpoints(chosen().networks.folder, upload())
    keys = chosen().networks.compared or listing.conditions_beside(chosen().networks.checkpoint)
    about = [listing.headers[key] for key in keys if key in listing.headers]
    live = {
        key: training
        for key, training in _running().items()
        if _is_of(training, listing.headers.get(key), about)
    }
    growing = {str(Path(key).parent) for key in live}  # their own checkpoints say the same
    kept = {
        key: listing.headers[key]
        for key in keys
        if key in listing.headers and str(Path(key).parent) not in growing
    }
    names = labels(kept)
    series = [history.recorded(names[key], header) for key, header in kept.items()]
    series = [one for one in series if one.values]
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


def _is_of(training: Training, latest: Header | None, about: Sequence[Header]) -> bool:
    """Whether a training is of the data set of one of these networks.

    latest: what it exported last; before its first epoch is over, there is what was asked for.
    """
    if latest is not None:
        return any(latest.data.is_same(header.data) for header in about)
    asked = training.order.dataset if training.order is not None else ""
    return any(asked in (header.dataset.get("spec"), header.dataset_name) for header in about)


def _take_log(key: str) -> None:
    choose(log="1" if session()[key] else "")


# --- Dreams over epochs -------------------------------------------------------------------------


def _epochs(network: PadNetwork) -> None:
    """The same dreams at each epoch that was kept of this training; the latest one as it comes."""
    mine = epochs.stages(_headers(), chosen().networks.checkpoint).values()
    live = any(key in mine for key in _running())
    st.fragment(run_every=_POLL_S if live else None, key="stages")(_stages)(network.header.epoch)


def _stages(own_epoch: int) -> None:
    headers = _headers()
    if chosen().networks.checkpoint not in headers:
        return  # deleted while it was looked at; the next run of the page says so
    found = epochs.stages(headers, chosen().networks.checkpoint)
    asked = chosen().curves.stage
    wanted = next(epoch for epoch in (asked, own_epoch, *found) if epoch in found)
    if asked not in (0, wanted):
        page.put_right(f"Epoch {asked} of this training was not kept; shown is epoch {wanted}.",
                       stage=0)  # fmt: skip
    shown = epochs.thinned(found, wanted)
    _pick("abreast", list(_KINDS), _KINDS, "Shown", redraw=("stages",))
    try:
        with page.timed("dreams of all epochs"):
            snapshots = {
                epoch: epochs.snapshot(networks.load(key, upload()), chosen().dream)
                for epoch, key in shown.items()
            }
    except PadError as error:
        page.problem(error)
        return
    notes = [epochs.stage_note(headers[key]) for key in shown.values()]
    if chosen().curves.abreast:
        st.html(_abreast(snapshots, notes))
    else:
        numbered = [" · ".join(filter(None, (f"epoch {epoch}", note)))
                    for epoch, note in zip(shown, notes, strict=True)]  # fmt: skip
        scrubber(
            "scrubber", "epoch", list(map(str, shown)), numbered,
            [_one(snapshot) for snapshot in snapshots.values()], list(shown).index(wanted),
            lambda place: choose(stage=list(shown)[place]),
        )  # fmt: skip
    st.caption(_remark(len(found), len(shown)))


def _running() -> dict[str, Training]:
    """What trains now, by the key that its latest network has or will have."""
    found = [t for t in trainings.trainings(networks.ROOT) if t.running]
    return {networks.key_of(t.folder / "latest.safetensors"): t for t in found}


def _headers() -> Mapping[str, Header]:
    return networks.list_checkpoints(chosen().networks.folder, upload()).headers


def _one(snapshot: Snapshot) -> str:
    """All rows of one epoch."""
    errors, realness = snapshot.error, snapshot.realness
    rows = [
        Row("Memory", "<i>G</i>(<i>z</i>)", "Eight images as it recalls them.",
            [f"Recalled memory of the class {c}" for c in snapshot.classes], snapshot.classes),
        Row("NREM dream", "", "Replayed, and perturbed.",
            [f"Dream of the class {c}, perturbed" for c in snapshot.classes]),
        Row("Recovered", "<i>G</i>(<i>E</i>(·))", "What it still sees in that; <i>ℓ</i>, error "
            "of its code.", [f"Recovered dream, error {e:.2f}" for e in errors],
            [f"ℓ {e:.2f}" for e in errors]),
        Row("REM dream", "", "Two memories and noise, mixed; <i>d</i>, how real it seems to it.",
            [f"Dream, realness {d:.2f}" for d in realness], [f"d {d:.2f}" for d in realness],
            [float(d) for d in realness])
        if snapshot.trained else
        Row("REM dream", "", "Two memories and noise, mixed; <i>d</i>: not trained.",
            [f"Dream of the class {c}, mixed" for c in snapshot.classes]),
    ]  # fmt: skip
    return panel("epoch", snapshot.picture, rows)


def _abreast(snapshots: Mapping[int, Snapshot], notes: Sequence[str]) -> str:
    """One row of each epoch, below one another."""
    place = _ROWS[chosen().curves.abreast] * SIDE_PX
    atlas = np.concatenate(
        [snapshot.picture[place : place + SIDE_PX] for snapshot in snapshots.values()]
    )
    what = _KINDS[chosen().curves.abreast]
    rows = [
        Row(f"Epoch {epoch}", "", escape(note),
            [f"{what}, epoch {epoch}, class {c}" for c in snapshot.classes])
        for (epoch, snapshot), note in zip(snapshots.items(), notes, strict=True)
    ]  # fmt: skip
    return panel("epochs", atlas, rows)


def _remark(n_found: int, n_shown: int) -> str:
    if n_found == 1:
        return ("Only this epoch of the training is here. Keep others with `--keep-epochs 1,5,10`, "
                "or *Keep epochs* on the *Train* page.")  # fmt: skip
    same = "The same memories, masks and noise at each epoch of one training."
    return same if n_shown == n_found else f"{same} {n_shown} of {n_found} kept epochs are shown."
