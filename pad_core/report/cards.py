"""Cards: a description of each shipped network, from the headers of the files alone."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from pad_core.checkpoint.evaluation_record import ROWS
from pad_core.checkpoint.schema import Header
from pad_core.checkpoint.training_config import Recipe
from pad_core.errors import PadError, printable
from pad_core.model.condition import Condition, as_arguments
from pad_core.report.catalogue import Catalogue, Entry
from pad_core.report.claims import beside_paper
from pad_core.report.conditions_in_words import cycle, details, told
from pad_core.report.palette import style
from pad_core.report.summary import numbers
from pad_core.system.fields import as_options, fields_of

_TOP = """# Networks in this folder

`python -m pad_core cards` writes this page from the files' headers. A file holds encoder and
generator, and the latents of 2,000 training and 1,000 test images (or of all, if the data set has
fewer); it holds no photographs. Separability *by the paper's protocol* is what the paper reports;
*converged* is another measure, as a rule higher. Every number is that of one network; its spread
is over probe seeds.
"""
_COLUMNS = [row for row in ROWS if row.card]


def cards(catalogue: Catalogue) -> str:
    """A Markdown page: a table of all entries, then a card for each.

    Args:
        catalogue: from ``catalogue.find``; its order is that of the cards.
    """
    head = (
        "| file | data | condition | seed | epochs | "
        + " | ".join(row.card for row in _COLUMNS)
        + " |"
    )
    lines = [_TOP, head, "|" + "---|" * (5 + len(_COLUMNS))]
    lines += [_table_row(entry) for entry in catalogue.entries]
    for entry in catalogue.entries:
        lines += ["", *_card(entry)]
    return "\n".join(lines) + "\n"


def remake_command(header: Header, name: str) -> str | None:
    """The commands that train and export the network again; None for an imported one.

    name: of the file, without its ending; the run folder gets it, too.
    """
    known = {k: v for k, v in header.recipe.items() if k in fields_of(Recipe)}
    if "epochs" not in known:
        return None
    own = {"condition": header.condition, "seed": header.seed, "epochs": header.epoch}
    try:
        recipe = Recipe(**known | own)
    except PadError:  # it was written by something else
        return None
    always = ("dataset", "seed", "epochs", "precision")
    typed = as_options(recipe, always, {"condition": as_arguments(recipe.condition)})
    kind = str(header.recipe.get("device", "cpu")).split()[0]
    if kind in ("cuda", "mps"):  # a CPU rounds sums differently
        typed += ["--device", kind]
    run = shlex.quote(f"runs/{name}")
    return (
        f"python -m pad_core train {shlex.join(typed)} --run {run} "
        f"&& python -m pad_core export {run} --out {shlex.quote(name)}.safetensors"
    )


def inert(text: str) -> str:
    """Escape a text from a file for Markdown and HTML."""
    text = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # An underscore within a word stays. '://' is escaped: no address becomes a link.
    special = r"[\\`*\[\]|#~$!]|(?<![^\W_])_|_(?![^\W_])|(?i:(?<=www)\.)|:(?=//)"
    return re.sub(special, r"\\\g<0>", text)


def code(text: str) -> str:
    """A text from a file as code, between more backticks than any run of them in it."""
    text = printable(text)
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"


def _long(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _table_row(entry: Entry) -> str:
    header, name = entry.header, code(entry.path.name).replace("|", r"\|")
    values = [_value(header.metrics, *row.path, digits=row.digits) for row in _COLUMNS]
    cells: Sequence[object] = [
        name, inert(entry.dataset), inert(style(header.condition.name).label), header.seed,
        header.epoch, *values,
    ]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def _card(entry: Entry) -> list[str]:
    header = entry.header
    data, recipe, metrics = header.dataset, header.recipe, header.metrics
    size = entry.path.stat().st_size / 1e6
    condition = header.condition
    lines = [
        f"## {inert(entry.path.name)}",
        "",
        f"- **Condition** {inert(style(condition.name).label)}: {cycle(condition.phases)}; "
        f"seed {header.seed}, {header.epoch} epoch{'s' * (header.epoch != 1)}.",
        *_differences(condition),
        f"- **Data** {inert(entry.dataset)}: {data['n_train']:,} training and "
        f"{data['n_test']:,} test images. {inert(data.get('note', ''))}".rstrip(),
        f"- **File** {size:.2f} MB, {header.export.get('bits', 16)} bits a weight"
        f"{_rounding(header)}.",
    ]
    if limits := beside_paper(header):
        lines.append(f"- **Beside the paper** {inert(limits)}")
    if "device" in recipe:
        took = sum(entry.get("seconds", 0.0) for entry in header.history)
        lines.append(
            f"- **Trained** on {inert(recipe['device'])} with PyTorch {inert(recipe['torch'])}, "
            f"convolutions in {inert(recipe['precision'])}, mini-batches of "
            f"{recipe['batch_size']}; {_long(took)}."
        )
    if command := remake_command(header, printable(entry.path.stem)):
        lines.append(f"- **Remade** by {code(command)}")
    if entry.evaluation is None:
        return [*lines, "- **Measured**: not yet (`python -m pad_core evaluate FILE --record`)."]
    if metrics["linear_separability"] is None:
        n = f"{metrics['n_train']:,} training and {metrics['n_test']:,} test images"
        return [
            *lines,
            f"- **Measured** on {metrics['on']} ({n}); without classes there is no probe.",
        ]
    spread = _value(metrics, "linear_separability_sd", digits=2)
    lines.append(
        f"- **Measured** on {inert(metrics['on'])} ({metrics['n_train']:,} to fit, "
        f"{metrics['n_test']:,} to test; occlusion on {metrics['occlusion_n']:,}); SD over "
        f"{metrics['protocol'].get('readout_seeds', '?')} probe seeds {spread} points."
    )
    baselines = metrics.get("baselines") or {}
    for name, what in (("untrained", "An untrained network"), ("pixels", "Raw pixels")):
        if name in baselines:
            reached = _value(baselines, name, "linear_separability", digits=2)
            converged = _value(baselines, name, "converged_separability", digits=2)
            lines.append(f"- {what}: {reached} % by the paper's protocol, {converged} % converged.")
    return lines


def _differences(condition: Condition) -> list[str]:
    """How the condition differs from the paper's; empty if it does not."""
    found = details(condition)
    words = "; ".join(f"{subject}: {said}" for subject, said in found.items())
    line = told(condition)
    return [f"- **Beyond the paper's cycle** {line} ({words})".replace("  ", " ")] if found else []


def _rounding(header: Header) -> str:
    """The cost of rounding weights, if it was measured."""
    if (cost := header.export.get("rounding_cost_points")) is None:
        return ""
    return f", which changed converged separability by {round(-cost, 2) + 0.0:+.2f} points"


def _value(measured: Mapping[str, Any], *path: str, digits: int) -> str:
    values = numbers([measured], *path)
    return f"{values[0]:.{digits}f}" if values else "–"
