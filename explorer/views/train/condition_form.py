"""The part of the form that says what a network lives through: a condition and changes to it."""

from __future__ import annotations

import re

import streamlit as st

from explorer.runs import orders
from explorer.session.state import fresh, reported
from explorer.views.train.draft import change, changed, take, take_change, the_draft, value
from explorer.views.train.widgets import by_group, draw, rows
from explorer.widgets.signs import sign
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS, Condition
from pad_core.report.conditions_in_words import TOLD, cycle
from pad_core.report.palette import style
from pad_core.system.fields import Field, fields_of

_FIELDS = fields_of(Condition)
_CYCLES = [
    *dict.fromkeys(condition.phases for condition in CONDITIONS.values()),
    ("wake", "nrem", "rem", "nrem", "rem"),
]


def condition_form() -> None:
    """Draw it."""
    base = the_draft().base
    key = fresh("order-base", base)
    st.selectbox(
        "Condition",
        list(CONDITIONS),
        list(CONDITIONS).index(base),
        format_func=lambda name: style(name).label,
        key=key,
        on_change=_take_base,
        args=(key,),
        help="What the network lives through in each cycle: the full model, one of the paper's "
        "sleep pathologies, or something that its Discussion proposes.",
    )
    st.html(f'<div class="pad-cycle">{_cycle()}</div>')
    st.caption(TOLD[base])
    n = len(changed())
    label = f"Changed in {n} place{'s' * (n > 1)}" if n else "Change it …"
    with st.popover(label, icon=":material/tune:", width="stretch"):
        _phases()
        others = [f for f in _FIELDS.values() if f.name not in ("name", "phases") and _matters(f)]
        for heading, fields in by_group(others).items():
            st.caption(heading)
            for row in rows(fields):
                for place, field in zip(st.columns(len(row)), row, strict=True):
                    with place:
                        draw(field, value(field.name), take_change)
        key = fresh("order-condition_name", the_draft().condition_name)
        st.text_input(
            _FIELDS["name"].title,
            the_draft().condition_name,
            key=key,
            help="Empty: says what was changed.",
            placeholder=_usual_condition(),
            on_change=take,
            args=("condition_name", key),
        )
        st.button("As it was", icon=":material/restart_alt:", type="tertiary",
                  disabled=not n, on_click=change, kwargs={"changes": {}})  # fmt: skip


def _cycle() -> str:
    """What a cycle is now, as signs: each state in its place, as often as it comes."""
    words = _FIELDS["phases"].shown.words
    known = [phase for phase in value("phases") if phase in words]  # what was typed may be another
    return "&ensp;→&ensp;".join(f"{'' if phase == 'contrast' else sign(phase)} {words[phase]}"
                      for phase in known)  # fmt: skip


def _matters(field: Field) -> bool:
    """Whether the field means something beside what is chosen for others."""
    when = field.shown.when
    return when is None or value(when[0]) in when[1]


def _phases() -> None:
    now = value("phases")
    key = fresh("order-phases", now)
    options = _CYCLES if now in _CYCLES else [*_CYCLES, now]
    st.selectbox(
        _FIELDS["phases"].title,
        options,
        options.index(now),
        format_func=spoken,
        key=key,
        accept_new_options=True,
        on_change=_take_phases,
        args=(key,),
        help="Which states a cycle has, and their order. Or type your own, such as "
        "`wake nrem 3 rem 3`: it starts with Wake, and a number says how often a phase comes. The "
        "paper's networks without REM also have noise in Wake and no external loss: choose "
        "*w/o REM* above for these.",
    )


def spoken(phases: object) -> str:
    """A cycle for people: 'Wake → NREM × 3 → REM'; what isn't one, as it was typed."""
    return (
        cycle(phases, _FIELDS["phases"].shown.words) if isinstance(phases, tuple) else str(phases)
    )


def read_phases(typed: str) -> tuple[str, ...]:
    """'wake nrem 3 rem' as phases, however they are set apart; a number repeats the one before."""
    phases: list[str] = []
    for word in re.findall(r"\d+|[^\W\d_]+", typed.lower()):
        if word.isdecimal():
            # As many as a condition refuses are enough.
            phases += phases[-1:] * (min(int(word[:3]), 99) - 1)
        else:
            phases.append(word)
    return tuple(phases)


def _take_phases(key: str) -> None:
    if (chosen := reported(key)) is not None:
        phases = read_phases(chosen) if isinstance(chosen, str) else tuple(chosen)
        change(changes=the_draft().changes | {"phases": phases})


def _take_base(key: str) -> None:
    if (base := reported(key)) is not None:
        change(base=base, changes={})


def _usual_condition() -> str:
    try:
        return orders.own_condition(the_draft().base, the_draft().changes).name
    except PadError:
        return ""
