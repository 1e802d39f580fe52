"""The card of one training."""

from __future__ import annotations

from html import escape

import streamlit as st

from explorer.dreaming import dreams
from explorer.library import histories, networks
from explorer.library.labels import in_epochs
from explorer.runs import history, process, trainings
from explorer.runs.trainings import Training
from explorer.session.choices import Dream
from explorer.session.state import choose, remembered
from explorer.views.train.launch import most_at_once
from explorer.views.train.what_next import what_next
from explorer.widgets import loss_charts, page
from explorer.widgets.files.files import About, figure_files
from explorer.widgets.pictures import Row, panel
from explorer.widgets.sidebar import plain
from pad_core.cli.display import duration
from pad_core.errors import PadError
from pad_core.report.palette import style

_LOOKS = {
    "starting": ("pad-open", "starting"),
    "training": ("pad-go", "training"),
    "stopping": ("pad-open", "stopping …"),
    "finished": ("pad-yes", "finished"),
    "stopped": ("pad-open", "stopped"),
    "failed": ("pad-no", "failed"),
}


def training_card(training: Training) -> None:
    """Draw it: what it is, how far it is, its losses and dreams, and what can be done with it."""
    name = training.folder.name
    with st.container(border=True, key=f"run-{name}", gap="small"):
        st.html(_facts(training))
        if training.status != "finished":
            st.progress(training.share, _where(training))
        if training.running:
            _losses(training)
            _latest_dreams(training)
        if training.error:
            st.error(plain(training.error), icon=":material/error:")
        problem = st.session_state.get("training-problems", {}).get(name)
        if problem:
            st.error(plain(problem), icon=":material/error:")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _buttons(training)
        if training.status == "finished":
            what_next(training)


def _facts(training: Training) -> str:
    colour = "transparent"
    if training.order is not None:
        look = style(training.order.condition.name)
        colour = f"light-dark({look.colour}, {look.dark})"
    kind, text = _LOOKS[training.status]
    return (
        f'<div class="pad-facts"><span class="pad-dot" style="background: {colour}"></span>'
        f"<b>{escape(training.folder.name)}</b>"
        f'<span class="pad-verdict {kind}">{text}</span>'
        f"<small>{escape(history.condition_label(training))}{_epochs(training)}</small></div>"
    )


def _epochs(training: Training) -> str:
    if training.status != "finished":
        return ""
    n, measured = training.epochs_done, history.while_training(training.history[-1])
    return " · ".join(["", in_epochs(n), *filter(None, [measured])])


def _where(training: Training) -> str:
    """Where it stands, as text under the bar."""
    end = training.order.epochs if training.order else "?"
    at = training.progress
    if not training.running:
        return f"{training.epochs_done} of {end} epochs"
    if training.status == "stopping":
        return f"{training.epochs_done} of {end} epochs · stops after the mini-batch at hand …"
    if at is None:
        return "loading images …"
    if at.step == at.steps and at.epoch > training.epochs_done:
        return f"epoch {at.epoch} of {end} · measuring and saving …"
    return (
        f"epoch {at.epoch} of {end} · {at.images_per_s:,.0f} images/s · "
        f"{duration(at.seconds_left)} left"
    )


def _buttons(training: Training) -> None:
    name, latest = training.folder.name, training.folder / "latest.safetensors"
    if training.running:
        stopping = training.status == "stopping"
        st.button("Stopping …" if stopping else "Stop", key=f"stop-{name}",
                  icon=":material/stop:", on_click=_try, args=("stop", name), disabled=stopping,
                  help="After the mini-batch at hand; nothing that was "
                  "learned is lost, and it can be resumed.")  # fmt: skip
    elif training.order is not None:
        finished = training.status == "finished"
        more = 2 * training.order.epochs if finished else training.order.epochs
        st.button(
            f"To {more} epochs" if finished else "Resume",
            key=f"resume-{name}", icon=":material/play_arrow:", on_click=_try,
            args=("resume", name, more), help="Goes on exactly where it stands.",
        )  # fmt: skip
    if latest.exists():
        for label, path, icon, help in (
            ("Dreams", "dream", ":material/bedtime:", "Choose this network, see its dreams."),
            ("Curves", "curves", ":material/show_chart:", "How its dreams became what they are."),
        ):
            if st.button(label, key=f"{label}-{name}", icon=icon, help=help, type="tertiary"):
                choose(checkpoint=networks.key_of(latest), curves="epochs")
                page.go_to(path)
    with st.popover("Log", icon=":material/terminal:", type="tertiary"):
        if training.order is not None:
            st.code(process.spoken(training.order.arguments(resume=True)), language="bash",
                    wrap_lines=True)  # fmt: skip
        st.code(trainings.printed(training.folder) or "Nothing printed.", language=None)


def _losses(training: Training) -> None:
    series = histories.live_series(training.folder, training.epochs_done, training)
    if series is not None:
        figure, key = loss_charts.terms(series, page.is_dark()), f"losses-{training.folder.name}"
        st.plotly_chart(figure, key=key, config={"displayModeBar": False}, theme=None,
                        alt="Losses over epochs, on a logarithmic axis.")  # fmt: skip
        figure_files(figure, About("Losses", "Means of an epoch.", series.label), key)


def _latest_dreams(training: Training) -> None:
    """REM dreams of the network after the last finished epoch."""
    path = training.folder / "latest.safetensors"
    if not path.exists():
        return
    try:
        network = networks.load(str(path), None)
        dream = Dream()  # the same for all cards, whatever is chosen on other pages
        recalled = dreams.recall(network, dream)
        picture = dreams.mix(network, recalled, dream).picture[32:]
    except PadError:  # few memories, or the file is just being replaced
        return
    epoch = network.header.epoch
    names = [f"REM dream of {training.folder.name} after epoch {epoch}"] * dreams.N_DREAMS
    note = f"REM dreams after epoch {epoch}"
    st.html(panel("latest", picture, [Row(note, "", "", names)]))


def _try(what: str, name: str, epochs: int | None = None) -> None:
    """Carry out what a button asks for; what goes wrong stands in the card."""
    problems = remembered("training-problems", {})
    problems.pop(name, None)
    try:
        training = trainings.find(networks.ROOT, name)
        if what == "stop":
            trainings.stop(training)
        else:
            trainings.resume(training, networks.ROOT, epochs, most_at_once())
    except PadError as error:
        problems[name] = str(error)
