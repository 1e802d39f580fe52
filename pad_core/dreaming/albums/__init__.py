"""Kinds of dreams as folders of pictures: a file each, beside ``album`` that all of them share."""

from pad_core.dreaming.albums import (
    deep,
    development,
    hybrids,
    lesions,
    lucid,
    metamers,
    night,
    recall,
    units,
)
from pad_core.dreaming.albums.album import Kind

KINDS: dict[str, Kind] = {
    "lucid": lucid.KIND,
    "deep": deep.KIND,
    "units": units.KIND,
    "metamers": metamers.KIND,
    "hybrids": hybrids.KIND,
    "night": night.KIND,
    "lesions": lesions.KIND,
    "recall": recall.KIND,
    "development": development.KIND,
}
"""By what they are called on the command line."""
