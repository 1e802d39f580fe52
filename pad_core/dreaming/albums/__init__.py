"""Kinds of dreams as folders of pictures: a file each, beside ``album`` that all of them share."""

from pad_core.dreaming.albums import lucid
from pad_core.dreaming.albums.album import Kind

KINDS: dict[str, Kind] = {"lucid": lucid.KIND}
"""By what they are called on the command line."""
