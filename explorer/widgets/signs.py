"""The signs of the three states: a sun for Wake, a slow wave for NREM, an eye for REM; as HTML.

``style.css`` draws them.
"""

from __future__ import annotations

from collections.abc import Collection

_NAMES = {"wake": "Wake", "nrem": "NREM", "rem": "REM"}


def signs(phases: Collection[str]) -> str:
    """The signs of all three states; struck through are those not among a network's phases."""
    return "".join(sign(state, lacks=state not in phases) for state in _NAMES)


def lived(phases: Collection[str]) -> str:
    """The signs of all three states, and in words which of them a network lacks."""
    lacks = [name for state, name in _NAMES.items() if state not in phases]
    if len(lacks) == 2:
        said = f"only {next(name for name in _NAMES.values() if name not in lacks)}"
    else:
        said = f"no {lacks[0]}" if lacks else "all three"
    return f"{signs(phases)}{said}"


def sign(state: str, lacks: bool = False) -> str:
    """The sign of 'wake', 'nrem' or 'rem'; struck through where a network lacks it."""
    words = f"without {_NAMES[state]}" if lacks else _NAMES[state]
    return (
        f'<span class="pad-sign-{state}{" pad-lacks" if lacks else ""}" role="img" '
        f'aria-label="{words}" title="{words}"></span>'
    )
