"""Wall: what each network makes of the same memories, the same masks and the same noise."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np
import streamlit as st

from explorer.dreaming import dreams
from explorer.dreaming.dreams import N_DREAMS
from explorer.dreaming.memories import images_of, names_of
from explorer.library.labels import spoken
from explorer.session.choices import LIMITS
from explorer.session.state import chosen, fresh, take
from explorer.views.wall import strips as wall
from explorer.views.wall.strips import N_REPLAYED, Columns, Strip
from explorer.widgets import page, sidebar, sliders
from explorer.widgets.pick import pick
from explorer.widgets.pictures import Row, panel
from explorer.widgets.signs import lived
from explorer.widgets.swatch import swatch
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import picture_grid
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS
from pad_core.report.palette import style

_SHOWN = {"recalled": "Recalled", "nrem": "NREM", "rem": "REM"}
_MADE = {  # said where the row of classes is pointed at
    "recalled": ("Recalled", "G(z): z, the latents of the memory, through the generator."),
    "nrem": (
        "Replayed",
        "G(z) ⊙ Ω: the dream under a mask, and G(E(·)), what is recovered.",
    ),
    "rem": ("Mixed", "G(λ′(λz + (1−λ)z_old) + (1−λ′)σε): two memories and noise ε."),
}
_EXPLAINED = {
    "recalled": "Recalled from each one's latents. d: how real it seems to it.",
    "nrem": "Same memories, same masks. ℓ: error left.",
    "rem": "Same memories, same noise. d: how real.",
}


def show() -> None:
    """The page."""
    network = page.network()
    if network is None:
        return
    networks = page.networks()
    network = page.subject(network, networks)
    if (against := chosen().wall.against) and against not in networks:
        page.put_right(f"{against} is not among the compared networks: no differences.", against="")
    sidebar.memories(network)
    images = sidebar.images(network)
    with st.sidebar.container(key="difference-controls"):
        _differences(networks)
    with page.heading("The same night in every network", _note(network, networks)):
        _pictures()
    _dials(network)
    if networks:
        _wall(network, networks, images)
    else:
        st.info("Choose networks to compare at the left.", icon=":material/left_click:")
    _footer(network)


def _note(network: PadNetwork, networks: Mapping[str, PadNetwork]) -> str:
    if against := chosen().wall.against:
        return (
            f"|difference| to {_label(networks[against])}, × {chosen().wall.amplified}: white from "
            f"{100 / chosen().wall.amplified:g} % of the range. Δ: its mean, in % of that."
        )
    return _EXPLAINED[chosen().wall.pictures] + _mixture_told(network)


def _mixture_told(network: PadNetwork) -> str:
    """' λ′ = 0.9, not as trained.', where the viewer mixes otherwise than the network did."""
    dream, trained = chosen().dream, network.condition.rem_mixture
    dials = (
        ("λ", dream.lam, trained.lam),
        ("λ′", dream.lam_prime, trained.lam_prime),
        ("σ", dream.noise_level, trained.noise_level),
    )
    moved = [f"{name} = {value:g}" for name, value, usual in dials if value != usual]
    if chosen().wall.pictures != "rem" or not moved:
        return ""
    return f" {', '.join(moved)}: not as trained."


def _dials(network: PadNetwork) -> None:
    """Those of the sleep whose pictures are on the wall."""
    panels, talk = ("wall", "footer"), bool(chosen().page.present)
    if chosen().wall.pictures == "nrem":
        with sliders.in_a_row(talk):
            sliders.occlusion(panels, talk)
        across, up, stands_in = "intensity", "size_px", sliders.NREM_DIALS
    elif chosen().wall.pictures == "rem":
        with sliders.in_a_row(talk):
            sliders.mixture(network.condition.rem_mixture, panels, talk)
        across, up, stands_in = "lam", "lam_prime", sliders.REM_DIALS
    else:
        return
    if talk:
        sliders.arrows(across, up, (stands_in, *panels))


def _pictures() -> None:
    """What the wall shows."""
    pick("wall", "Pictures", _SHOWN)


def _differences(networks: Mapping[str, PadNetwork]) -> None:
    """Against which network differences are taken, and how much they are amplified."""
    keys, against = ["", *networks], chosen().wall.against
    left, right = st.columns([5, 3], gap="small")
    with left:
        widget = fresh("against", against)
        st.selectbox(
            "Difference to",
            keys,
            keys.index(against),
            format_func=lambda key: _label(networks[key]) if key else "none",
            key=widget,
            on_change=take,
            args=("against", widget),
            help="Shows by how much each pixel differs from this network's: black where both "
            "are equal.",
        )
    with right:
        low, high, step = LIMITS["amplified"]
        widget = fresh("amplified", chosen().wall.amplified)
        st.number_input(
            "times",
            int(low),
            int(high),
            chosen().wall.amplified,
            int(step),
            key=widget,
            disabled=not against,
            on_change=take,
            args=("amplified", widget),
            help="Differences are multiplied by this, 1 to 16, to be seen; beyond white they are "
            "cut.",
        )


@st.fragment(key="wall")
def _wall(network: PadNetwork, networks: Mapping[str, PadNetwork], images: DataSet | None) -> None:
    choices = chosen()
    strips: dict[str, Strip] = {}
    with page.timed("wall"):
        for key, one in networks.items():
            try:
                strips[key] = wall.strip(one, choices.dream, choices.wall.pictures)
            except PadError as error:
                page.problem(error)
    if not strips:
        return
    drawn = [networks[key] for key in strips]
    first = network if any(one is network for one in drawn) else drawn[0]
    shown = wall.columns(first, choices.dream)
    reference = choices.wall.against if choices.wall.against in strips else ""
    own = images if first.header.data.is_same(network.header.data) else None
    photographs = images_of(first, choices.dream.split, own)
    coming = photographs is None and sidebar.images_are_coming(first)
    heads = _heads(first, shown, pictured=photographs is not None or coming)
    reals = []
    if heads.names and photographs is not None:
        reals = [picture_grid(photographs[shown.indices[:N_DREAMS]], N_DREAMS)]
    elif heads.names:
        reals = [dreams.blank(N_DREAMS)]
    rows: list[tuple[str, Row, list[np.ndarray]]] = []
    for key, strip in strips.items():
        one, picture = networks[key], strip
        if reference and key != reference:
            picture = wall.difference(strip, strips[reference], choices.wall.amplified)
        row = _row(one, picture, first, key == reference)
        rows.append((one.condition.name, row, [picture.picture]))
    if not choices.networks.compared:
        lacking = wall.lacking([*networks.values()])
        rows += [(name, _missing(network, name), []) for name in lacking]
        order = [*CONDITIONS]
        rows.sort(key=lambda row: order.index(row[0]) if row[0] in order else len(order))
    atlas = np.concatenate([*reals, *(picture for *_, pictures in rows for picture in pictures)])
    st.html(panel("wall", atlas, [heads, *(row for _, row, _ in rows)]))


def _heads(first: PadNetwork, shown: Columns, pictured: bool) -> Row:
    """The classes of the memories, with the real images where they are here or on their way."""
    class_names = names_of(first, chosen().dream.split)
    names = [class_names[label] for label in shown.labels]
    one, other = names[:N_DREAMS], names[N_DREAMS:]
    title, hint = _MADE[chosen().wall.pictures]
    if chosen().wall.pictures == "nrem":
        texts = [text for name in one[:N_REPLAYED] for text in (f"{name}, occluded", "recovered")]
    elif chosen().wall.pictures == "rem":
        texts = [f"{a} + {b}" for a, b in zip(one, other, strict=True)]
    else:
        texts = one
    if not pictured or chosen().wall.pictures == "nrem":
        cells = "".join(f"<span>{escape(text)}</span>" for text in texts)
        return Row(title, "", "", (), instead=cells, hint=hint)
    described = [f"Image of the class {name}" for name in one]
    return Row(title, "", "", described, texts, small=True, hint=hint)


def _row(network: PadNetwork, strip: Strip, first: PadNetwork, is_reference: bool) -> Row:
    header = network.header
    lines = [lived(header.condition.phases), f"epoch {header.epoch} · seed {header.seed}"]
    if "rem" in header.condition.phases and header.condition.rem_replay == "single":
        lines.append("REM of one memory, no noise")
    if is_reference:
        lines.append("the reference, as it is")
    elif not wall.same_images(network, first, chosen().dream):
        lines.append(f"<b>Other images:</b> {escape(spoken(header.dataset_name))}")
    if chosen().wall.pictures != "nrem" and not header.condition.trains_discriminator:
        lines.append("<i>d</i>: not trained")
    label = style(header.condition.name).label
    return Row(
        f"{swatch(header.condition.name)}{escape(label)}",
        "",
        "".join(f'<span class="pad-line">{line}</span>' for line in lines),
        [f"{_SHOWN[chosen().wall.pictures]}, {label}, column {i + 1}" for i in range(N_DREAMS)],
        strip.captions,
        strip.levels,
    )


def _missing(network: PadNetwork, condition: str) -> Row:
    command = escape(wall.training_command(network.header, condition))
    return Row(
        f"{swatch(condition)}{escape(style(condition).label)}",
        "",
        "not here yet",
        (),
        instead=f'<div class="pad-missing"><p>No such network is here. This trains one:</p>'
        f"<code>{command}</code></div>",
    )


def _label(network: PadNetwork) -> str:
    return f"{style(network.condition.name).label}, epoch {network.header.epoch}"


@st.fragment(key="footer")
def _footer(network: PadNetwork) -> None:
    page.footer(network, "wall")
