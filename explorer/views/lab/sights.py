"""The sights of the Lab, in the order in which they are offered: a file each."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from explorer.views.lab import deep, lucid, metamers, units
from pad_core.checkpoint.file import PadNetwork


class Sight(NamedTuple):
    """A sight: what its button and its title say, and what draws it below the title.

    ``show`` draws its controls into the sidebar, and says itself whose idea it is; a PadError
    that it raises becomes a sentence on the page.
    """

    label: str
    title: str
    show: Callable[[PadNetwork], None]


SIGHTS = {
    "lucid": Sight("Lucid", "A dream that is steered", lucid.show),
    "deep": Sight("Deep dream", "What drives it most", deep.show),
    "units": Sight("Units", "What a unit stands for", units.show),
    "metamers": Sight("Metamers", "What it does not see", metamers.show),
}
