"""Kinds of dreams as folders of pictures: a file each, beside ``album`` that all of them share."""

from pad_core.dreaming.albums import deep, lucid, metamers, units
from pad_core.dreaming.albums.album import Kind

KINDS: dict[str, Kind] = {
    "lucid": lucid.KIND,
    "deep": deep.KIND,
    "units": units.KIND,
    "metamers": metamers.KIND,
}
"""By what they are called on the command line."""
