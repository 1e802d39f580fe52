"""What the latent map's points are coloured by: the choice, and what is posted to the map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.session.state import chosen
from explorer.views.map import cache, colours, component
from explorer.views.map.bar import wide
from explorer.views.map.cache import Shown
from explorer.views.map.loading import draw_when_done
from explorer.widgets import page
from explorer.widgets.pick import menu
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.load import DataSet
from pad_core.report.palette import RIGHT, SCALE, WRONG, style

_NAMES = {
    "class": "class",
    "d": "d, how external",
    "error": "error of G(z)",
    "nearest": "nearest neighbour",
    "probe": "linear probe",
}
_TOLD = {  # the name of a value, and what it is
    "error": ("error", "error of G(z): root mean square, in grey levels of 255"),
    "nearest": ("distance", "distance to the nearest other latent, in typical distances"),
}


def choose_colour(networks: Sequence[PadNetwork], dataset: DataSet | None) -> None:
    """Choose what the points of these networks are coloured by.

    What can't be had is put right, and says so.
    """
    names = dict(_NAMES)
    untrained = [one for one in networks if not one.condition.trains_discriminator]
    if untrained:
        del names["d"]
    if dataset is None:
        del names["error"]
    if chosen().map.colour == "d" and untrained:
        who = style(untrained[0].header.condition.name).label
        page.put_right(f"{who} never learned to tell images from dreams: no d.", colour="class")
    shown = menu(
        "colour",
        "Colour",
        names,
        wide(160),
        "*d*: the network's own verdict on the image, 0 to 1, where it learned one. "
        "*Error of G(z)*: of the reconstruction against the real image. *Nearest neighbour*: the "
        "distance to the nearest other latent shown. *Linear probe*: whether a logistic "
        "regression, fitted on the stored training memories, is right.",
    )
    if shown != chosen().map.colour:  # real images may be on their way
        st.caption(":material/info: By class until real images are here.")


@st.fragment(key="colours")
def colour(shown: list[Shown]) -> None:
    """Post the colours once they are computed; the map shows classes meanwhile."""
    by = chosen().map.colour
    if by == "class" or (by == "error" and shown[0].dataset is None):
        component.post("colours", {"empty": True})
        return
    found = [cache.coloured(one, by) for one in shown]
    values = [result.value for result in found if result.value is not None]
    if not all(result.done for result in found):
        draw_when_done("colours", lambda: [cache.coloured(one, by) for one in shown])
    if error := next((result.error for result in found if result.error), ""):
        component.post("colours", {"empty": True, "told": error})
    elif len(values) < len(shown):
        component.post("colours", {"empty": True, "told": f"Measuring: {_NAMES[by]} …"})
    else:
        arrays = {f"values{i}": one for i, one in enumerate(values)}
        component.post("colours", _header(shown, by, values), **arrays)


def _header(shown: list[Shown], by: str, values: list[np.ndarray]) -> dict[str, object]:
    if by == "probe":
        among = ", which are among these," if (shown[0].cloud.splits == "train").any() else ""
        told = f"linear probe, fitted on the training memories{among}"
        return {"kind": "answers", "told": told, "palette": [WRONG, RIGHT]}
    low, high = colours.ends(np.concatenate(values))
    what = "image" if shown[0].dataset is not None else "recalled image G(z)"
    name, told = _TOLD.get(by, ("d", f"d of the {what}: 0 internal, 1 external"))
    scale = {"low": low, "high": high, "palette": SCALE}
    return {"kind": "scale", "name": name, "told": told} | scale
