"""One name and one colour for each condition, in every chart.

The colours are close to the paper's, and people with colour-blindness can tell them apart (after
Okabe and Ito); ``dark`` is for a dark page. Dashes and symbols also tell conditions apart.
"""

from __future__ import annotations

from typing import NamedTuple


class Style(NamedTuple):
    """A condition's label for people, its colours, Plotly dash and marker symbol."""

    label: str
    colour: str
    dark: str
    dash: str
    symbol: str


STYLES: dict[str, Style] = {
    "pad": Style("PAD", "#111111", "#f2f2f2", "solid", "circle"),
    "wo_memory_mix": Style("w/o memory mix", "#7a4fbf", "#a98be0", "dash", "diamond"),
    "wo_rem": Style("w/o REM", "#d6619f", "#e88abb", "dot", "square"),
    "wo_nrem": Style("w/o NREM", "#e08a00", "#f0a020", "dashdot", "triangle-up"),
    "wake_only": Style("Wake only", "#808080", "#a0a0a0", "longdash", "x"),
    "rem_noise_only": Style("REM from noise", "#00916e", "#20b890", "dash", "star"),
    "rem_memory_only": Style("REM from memories", "#c8321e", "#f06a50", "dot", "cross"),
    "rem_before_nrem": Style("REM before NREM", "#8a5a3c", "#c08a68", "dash", "pentagon"),
    "nrem_mixed_memory": Style("NREM from mixtures", "#0a6fb8", "#4aa8e8", "dash", "hexagon"),
    "nrem_translation": Style("NREM translates", "#117e0b", "#1edc13", "solid", "star-triangle-up"),
    "nrem_rotation": Style("NREM rotates", "#469a35", "#79cb69", "dash", "star-triangle-down"),
    "nrem_noise": Style("NREM with noise", "#377470", "#5fb2ad", "dot", "diamond-tall"),
    "nrem_blur": Style("NREM blurs", "#6d3d17", "#c26c28", "dashdot", "diamond-wide"),
    "nrem_many": Style("NREM perturbs in all ways", "#2b673c", "#4aaf66", "longdash", "octagon"),
    "rem_components": Style("REM mixes components", "#a50e66", "#ed2c9d", "solid", "hourglass"),
    "rem_four_memories": Style(
        "REM of four memories", "#0d953a", "#1deb61", "dash", "square-cross"
    ),
    "rem_long_memory": Style("REM with a long memory", "#758123", "#b9cb3f", "dot", "circle-cross"),
    "long_sleep": Style("Long sleep", "#0e4e8c", "#1982e8", "solid", "triangle-right"),
    "long_sleep_rem_first": Style(
        "Long sleep, REM first", "#4683ac", "#89b3cf", "dash", "triangle-left"
    ),
    "fast_sleep": Style("Fast sleep", "#7614d0", "#a85bef", "solid", "arrow-up"),
    "fast_sleep_rem_first": Style(
        "Fast sleep, REM first", "#7c3b88", "#b26bbe", "dash", "arrow-down"
    ),
    "nrem_contrast": Style("NREM with contrast", "#4d4592", "#837cc1", "dashdot", "hexagram"),
    "contrast_phase": Style("Contrast phase", "#575f2e", "#96a54f", "solid", "star-square"),
    "barlow_phase": Style("Barlow Twins phase", "#b6454c", "#d48e92", "dash", "star-diamond"),
    "untrained": Style("untrained", "#a8a8a8", "#c0c0c0", "dot", "circle-open"),
    "pixels": Style("raw pixels", "#c8b478", "#d8c890", "dot", "square-open"),
}
# Classes, on light and on dark pages: ten colours that people with colour-blindness can tell apart
# (Petroff 2021, arXiv:2107.02270); the darkest are lightened for a dark page.
CLASS_COLOURS = (
    ("#3f90da", "#3f90da"), ("#ffa90e", "#ffa90e"), ("#bd1f01", "#e0432a"),
    ("#94a4a2", "#a3b5b2"), ("#832db6", "#b06ce0"), ("#a96b59", "#b5786a"),
    ("#e76300", "#e76300"), ("#b9ac70", "#b9ac70"), ("#717581", "#7a8090"),
    ("#92dadd", "#92dadd"),
)  # fmt: skip
# A scale of numbers, low to high, on light and on dark pages (viridis, without the end that such a
# page would swallow): lightness alone tells the order, also to people with colour-blindness.
SCALE = (
    ("#7ad151", "#22a884", "#2a788e", "#414487", "#440154"),
    ("#46478f", "#2a788e", "#22a884", "#7ad151", "#fde725"),
)
# Right and wrong answers, on light and on dark pages (after Okabe and Ito).
RIGHT, WRONG = ("#56a0d3", "#4aa8e8"), ("#c84400", "#ff8a3d")
_SIGNS = {"lam": "λ", "lam_prime": "λ′", "noise_level": "σ"}
_OTHERS = ("#4f6d8f", "#6f8f4f", "#8f4f6d", "#4f8f8a")  # for users' own conditions


def style(condition: str) -> Style:
    """The style of a condition; a user's own has its name as label, and a colour by that name."""
    if condition in STYLES:
        return STYLES[condition]
    colour = _OTHERS[sum(condition.encode()) % len(_OTHERS)]
    return Style(_label(condition), colour, colour, "longdashdot", "bowtie")


def _label(name: str) -> str:
    """A name such as 'pad+lam_prime=0.8', which says what was changed, in the paper's signs."""
    base, *changes = name.split("+")
    pairs = [change.split("=", 1) for change in changes]
    if base not in STYLES or not pairs or any(len(pair) < 2 for pair in pairs):
        return name
    told = [f"{_SIGNS.get(field, field.replace('_', ' '))} = {value}" for field, value in pairs]
    return ", ".join([STYLES[base].label, *told])
