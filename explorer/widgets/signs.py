"""The signs of the three states: a sun for Wake, a slow wave for NREM, an eye for REM; as HTML.

``style.css`` draws them.
"""

from __future__ import annotations

from collections.abc import Collection

_NAMES = {"wake": "Wake", "nrem": "NREM", "rem": "REM"}


def signs(phases: Collection[str]) -> str:
    """The signs of all three states; struck through are those not among a network's phases."""
    return "".join(sign(state, lacks=state not in phases) for state in _NAMES)


def sign(state: str, lacks: bool = False) -> str:
    """The sign of 'wake', 'nrem' or 'rem'; struck through where a network lacks it."""
    words = f"without {_NAMES[state]}" if lacks else _NAMES[state]
    return (
        f'<span class="pad-sign-{state}{" pad-lacks" if lacks else ""}" role="img" '
        f'aria-label="{words}" title="{words}"></span>'
    )
