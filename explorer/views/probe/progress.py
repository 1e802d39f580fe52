"""How much of the networks' work in the background is done, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from explorer.views.probe.accuracy import ENCODING
from explorer.views.probe.live_probe import Reading

_WORTH_A_BAR_S = 2.0
_TELLING = 0.03  # a share of the work that tells how long the rest will take


@dataclass(frozen=True)
class Remaining:
    """Work on several networks: what is done, the share of it, 0 to 1, and seconds left.

    seconds: None while too little is done to tell.
    """

    doing: str
    share: float
    seconds: float | None


class Progress:
    """The progress of one viewer's networks, looked at again and again."""

    def __init__(self) -> None:
        self._doing, self._began, self._share = "", 0.0, 0.0

    def look(self, readings: Collection[Reading], now: float | None = None) -> Remaining | None:
        """What is being done; None if nothing is, or nothing that takes longer than a moment.

        Args:
            now: seconds of a clock, ``time.monotonic`` unless given.
        """
        now = time.monotonic() if now is None else now
        doing, share = _share(readings)
        if doing != self._doing or share < self._share:  # other work began
            self._doing, self._began, self._share = doing, now, share
        gained, spent = share - self._share, now - self._began
        if not doing:
            return None
        if gained < _TELLING:
            return Remaining(doing, share, None) if spent > _WORTH_A_BAR_S else None
        left = spent * (1 - share) / gained
        return Remaining(doing, share, left) if spent + left > _WORTH_A_BAR_S else None


def _share(readings: Collection[Reading]) -> tuple[str, float]:
    """What is being done, and the share of all networks' work on it; encoding comes first."""
    going = [reading.doing for reading in readings if reading.doing]
    if not going:
        return "", 0.0
    doing = ENCODING if ENCODING in going else going[0]
    done = [
        # Who does something else has done this; who does nothing waits, or has done all.
        one.share if one.doing == doing else float(one.fitted or bool(one.doing or one.error))
        for one in readings
    ]
    return doing, sum(done) / len(done)
