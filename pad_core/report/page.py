"""``reproduce``: the paper's table and figures from our networks, as one page (HTML).

Numbers are those that ``evaluate --record`` and training wrote into the checkpoints; pictures
are made from their stored memories. The page needs no network to open.
"""

from __future__ import annotations

import html
import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from pad_core.errors import PadError, printable
from pad_core.model.condition import closest
from pad_core.report.catalogue import Shelf, find
from pad_core.report.items import ITEMS, PROBE, Item, verdicts
from pad_core.report.legend import legend
from pad_core.report.palette import STYLES, style
from pad_core.report.paper import PAPER_EPOCHS, paper_name
from pad_core.system.files import write_atomically

DEFAULT_DATASET = "cifar10"


def reproduce(items: Sequence[str], paths: Sequence[Path], out: Path) -> list[str]:
    """Write the page; returns lines for the terminal: verdicts, what is missing, where it lies.

    Args:
        items: keys of ``ITEMS``.
        paths: checkpoint files, or folders to look through.

    Raises:
        PadError: an unknown item, or a path that is not there.
    """
    for name in items:
        if name not in ITEMS:
            raise PadError(f"No item {name!r}{closest(name, ITEMS)}; there are {', '.join(ITEMS)}.")
    shelf, problems = find(paths)
    sections, lines = [], list(problems)
    for name in items:
        item = ITEMS[name]
        datasets = [d for d in shelf.datasets if item.only in (None, paper_name(d))]
        parts = []
        for dataset in datasets or [DEFAULT_DATASET]:
            part, told = _section(shelf, name, item, dataset)
            parts.append(part)
            lines += told
        sections.append(
            f'<section id="{name}"><h2>{html.escape(item.title)}</h2>'
            + "".join(parts)
            + "</section>"
        )
    write_atomically(out, _whole(items, sections).encode())
    return [*lines, f"{out}: {out.stat().st_size / 1e6:.1f} MB, opens without a network."]


def _section(shelf: Shelf, name: str, item: Item, dataset: str) -> tuple[str, list[str]]:
    missing = missing_for(shelf, item, dataset)
    lines, rows = [], []
    judged = verdicts(shelf, dataset)
    for claim in item.claims:
        verdict = judged.get(claim) or claim.judge(shelf, dataset)
        lines.append(f"{name}, {dataset}: {verdict.told} – {claim.text} {verdict.grounds}")
        kind = {"agrees": "yes", "does not agree": "no"}.get(verdict.status, "open")
        rows.append(
            f"<tr><td>{html.escape(claim.text)}<br><small>{html.escape(claim.where)}</small></td>"
            f'<td><span class="verdict {kind}">{verdict.told}</span></td>'
            f"<td>{html.escape(verdict.grounds)}</td></tr>"
        )
    for what, command in missing:
        lines.append(f"{name}, {dataset}: missing {what}: {command}")
    notes = "".join(
        f"<li>{html.escape(what)}: <code>{html.escape(command)}</code></li>"
        for what, command in missing
    )
    drawn = item.draw(shelf, dataset, item.conditions)
    if drawn:
        drawn += f"<p class=note>{html.escape(legend(name, shelf, dataset))}</p>"
    head = "<tr><th>The paper's claim</th><th>Ours</th><th>Grounds and test</th></tr>"
    return (
        f"{_heading(shelf, dataset)}{drawn}"
        f"<table class=claims>{head}{''.join(rows)}</table>"
        + (f"<details open><summary>Missing</summary><ul>{notes}</ul></details>" if notes else "")
    ), lines


def _heading(shelf: Shelf, dataset: str) -> str:
    """The data set's name, the paper's for it, and what its files say of where it comes from."""
    paper = paper_name(dataset)
    beside = f" (beside the paper's {paper})" if paper else " (not in the paper)"
    notes = {str(e.header.dataset.get("note") or "") for e in shelf.entries if e.dataset == dataset}
    note = html.escape(" ".join(sorted(notes)).strip())
    heading = f"<h3>{html.escape(dataset)}{beside}</h3>"
    return f"{heading}<p class=note>{note}</p>" if note else heading


def missing_for(shelf: Shelf, item: Item, dataset: str) -> list[tuple[str, str]]:
    """What an item lacks on a data set, each with the command that would make it."""
    specs = [e.header.dataset.get("spec") for e in shelf.entries if e.dataset == dataset]
    spec = shlex.quote((specs[0] if specs else None) or dataset)
    missing = []
    for condition in item.conditions:
        train = f"python -m pad_core train --dataset {spec} --condition {condition}"
        entries = shelf.latest(dataset, condition)
        if not entries:
            epochs = max((e.header.epoch for e in shelf.entries if e.dataset == dataset),
                         default=PAPER_EPOCHS)  # fmt: skip
            command = f"{train} --epochs {epochs} --probe-every 1 --keep-epochs 1"
            missing.append((f"a network of {style(condition).label}", command))
            continue
        bare = [printable(str(e.path)) for e in entries if e.evaluation is None]
        if item.needs != "losses" and bare:  # claims about histories rest on evaluations, too
            missing.append((f"the evaluation of {style(condition).label}", _evaluate(bare)))
        if item.needs == "early":
            early = shelf.earliest(dataset, condition)
            bare = [printable(str(e.path)) for e in early if e.evaluation is None]
            if not early:
                command = f"{train} --epochs 1 --run runs/early"
                missing.append((f"an early network of {style(condition).label}", command))
                bare = ["runs/early/latest.safetensors"]
            if bare:
                missing.append(("the evaluation of the early one", _evaluate(bare)))
        if item.needs == "history":
            probes = [h for e in entries for h in e.header.history if PROBE in h]
            if len(probes) < 2:
                command = f"{train} --epochs {PAPER_EPOCHS} --probe-every 1"
                missing.append((f"separability over epochs of {style(condition).label}", command))
    return missing


def _evaluate(files: Sequence[str]) -> str:
    return f"python -m pad_core evaluate {shlex.join(files)} --record"


_CSS = """
:root { color-scheme: light dark; --line: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 1040px; margin: 2rem auto; }
body { padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: 0.9rem; }
th, td { text-align: left; padding: 0.4rem 0.6rem; vertical-align: top; }
th, td { border-bottom: 1px solid var(--line); }
.numbers td:not(:first-child) { font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide { overflow-x: auto; }
.claims td:first-child { width: 32%; } .claims td:nth-child(2) { white-space: nowrap; }
.verdict { border: 1px solid; border-radius: 1em; padding: 0.05em 0.7em; font-weight: 600; }
.yes { color: #0a8a5f; } .no { color: #d1495b; } .open { color: #888; }
.yes::before { content: "✓ "; } .no::before { content: "✗ "; } .open::before { content: "? "; }
figure { margin: 1rem 0; } img { max-width: 100%; image-rendering: pixelated; }
figcaption, .note { color: #888; font-size: 0.9rem; }
code { font-size: 0.85rem; overflow-wrap: anywhere; }
section { border-top: 2px solid var(--line); margin-top: 2.5rem; }
@media print { section { break-inside: avoid; } }
"""
_SCRIPT = """
const twins = TWINS;
function dress() {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  for (const plot of document.querySelectorAll('.js-plotly-plot')) {
    plot.data.forEach((trace, i) => {
      const swap = c => Array.isArray(c) ? c.map(swap) : (dark && twins[c] ? twins[c] : c);
      trace.own ??= {m: trace.marker?.color, l: trace.line?.color};
      const change = {};
      if (trace.own.m) change['marker.color'] = [swap(trace.own.m)];
      if (trace.own.l) change['line.color'] = [swap(trace.own.l)];
      if (Object.keys(change).length) Plotly.restyle(plot, change, [i]);
    });
  }
}
addEventListener('load', dress);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', dress);
"""
_INTRODUCTION = """<h1>What the paper claims, and what our networks say</h1>
<p>Perturbed and adversarial dreaming, Deperrois et al., eLife 2022. Accuracies follow the paper's
read-out protocol unless they say otherwise. That something is higher or lower “agrees” or “does
not agree” with p &lt; 0.05, else it cannot be told; that things are alike takes an equivalence test
with the margin that is given; a claim about the course of training is tested on all its epochs.
p-values are corrected for the number of tests about a data set (Holm). n is the number of networks
(seeds) of a condition. With n = 1 no claim is settled: tests run over test images and read-out
seeds, tell these networks apart, not conditions, and it only says what “this network does”.
The paper's own values
are means over four networks after 50 epochs; its figures give no numbers, so they are claims in
words here.</p>
"""


def _whole(items: Sequence[str], sections: Sequence[str]) -> str:
    from plotly.offline import get_plotlyjs

    twins = json.dumps({s.colour: s.dark for s in STYLES.values() if s.colour != s.dark})
    links = " · ".join(f'<a href="#{name}">{name}</a>' for name in items)
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>PAD: {', '.join(items)}</title><style>{_CSS}</style>"
        f"<script>{get_plotlyjs()}</script></head><body>{_INTRODUCTION}<nav>{links}</nav>"
        f"{''.join(sections)}<script>{_SCRIPT.replace('TWINS', twins)}</script></body></html>"
    )
