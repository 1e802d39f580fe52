"""The paper's figures, from what was recorded of networks, and all other measures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from explorer.library.labels import labels
from explorer.session.state import chosen, fresh, take
from explorer.views.curves import figures
from explorer.views.curves.handed_out import python_files
from explorer.widgets import page, sidebar
from explorer.widgets.files.files import About, figure_files, table_files
from pad_core.report.catalogue import Catalogue
from pad_core.report.claims import Verdict
from pad_core.report.items import ITEMS, verdicts
from pad_core.report.missing import missing_for
from pad_core.report.palette import style
from pad_core.report.paper import paper_name
from pad_core.report.tables import measures
from pad_core.report.template import render

_HERE = Path(__file__).parent
_MARKS = {"yes": "✓", "no": "✗", "open": "?"}
_CHART = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"]}
_PAPER = """\
from pathlib import Path

from pad_core.checkpoint.file import load_header
from pad_core.report.catalogue import Catalogue, Entry
from pad_core.report.items import ITEMS

files = {files}
catalogue = Catalogue([Entry(Path(file), load_header(file)) for file in files.values()])
figure = ITEMS[{name!r}].chart_beside_paper(catalogue, {dataset!r})
if figure is None:
    raise SystemExit("These files hold nothing that the figure draws; evaluate --record adds it.")
figure.show()
"""


def paper_figures(catalogue: Catalogue, dataset: str) -> None:
    """A figure of the paper, which the viewer chooses, and what it says of each claim."""
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
            legend = item.legend(catalogue, dataset)
            about = About(_subject(name), legend, _networks(catalogue, dataset, item.conditions),
                          _python(catalogue, dataset, name))  # fmt: skip
            figure_files(figure, about, f"paper-{name}")
            with st.expander("What is measured, and how", icon=":material/info:"):
                st.caption(sidebar.plain(legend))
        table = item.table(catalogue, dataset)
        if table is not None and table.rows:
            with st.expander("The numbers", icon=":material/table:"):
                st.html(render(_HERE / "table.html", names=table.names, rows=table.rows))
                table_files(table.names, table.rows, about, f"numbers-{name}")
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


def _python(catalogue: Catalogue, dataset: str, name: str) -> str:
    """What makes a figure from the files of this data set and of the figure's conditions."""
    conditions = ITEMS[name].conditions
    headers = {
        str(entry.path): entry.header
        for entry in catalogue.entries
        if entry.dataset == dataset and entry.header.group in conditions
    }
    files = {label: key for key, label in labels(headers).items()}
    return _PAPER.format(files=python_files(files), name=name, dataset=dataset)


def _networks(catalogue: Catalogue, dataset: str, conditions: Sequence[str]) -> str:
    """'cifar10: PAD, epoch 50, seeds 0, 1; …', the networks behind a figure."""
    groups = catalogue.groups(dataset, list(conditions))
    told = (
        f"{style(group.condition).label}, epoch {group.epoch}, seeds "
        + ", ".join(str(one["seed"]) for one in group.evaluations)
        for group in groups
    )
    return f"{dataset}: {'; '.join(told)}"


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
    """'2 of the paper's 5 claims hold here, 3 cannot be told yet.'"""
    agree, against = (sum(v.kind == kind for v in judged) for kind in ("yes", "no"))
    n_open = len(judged) - agree - against
    told = f"{agree} of the paper’s {len(judged)} claims hold here"
    told += f", {against} {'does' if against == 1 else 'do'} not" if against else ""
    return f"{told}, {n_open} cannot be told yet." if n_open else f"{told}."


def all_measures(catalogue: Catalogue, dataset: str) -> None:
    """What ``evaluate --record`` found of all networks of this data set."""
    tables = measures(catalogue, dataset)
    if not tables:
        st.info("Nothing is recorded yet of these networks: `python -m pad_core evaluate FILE "
                "--record` measures one.", icon=":material/hourglass_empty:")  # fmt: skip
        return
    conditions = list(dict.fromkeys(entry.key[1] for entry in catalogue.entries))
    with st.container(key="measures"):
        for place, table in enumerate(tables):
            title = table.title.partition(": ")[2]
            with st.expander(title, expanded=place == 0):
                st.html(render(_HERE / "table.html", names=table.names, rows=table.rows))
                about = About(title, "", _networks(catalogue, dataset, conditions))
                table_files(table.names, table.rows, about, f"measures-{place}")
    st.caption("Means ± SEM over networks where n > 1.", help="`FIELDS` in "
               "pad_core/checkpoint/evaluation_record.py says what each measure is, and on how "
               "many images it rests.")  # fmt: skip
