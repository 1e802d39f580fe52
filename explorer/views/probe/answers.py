"""What networks' linear probes read in one picture, as HTML."""

from __future__ import annotations

from html import escape

from explorer.views.probe.example import N_CLASSES_SHOWN, Answer, Example, Sight, answer
from explorer.views.probe.example_panel import Said
from explorer.views.probe.live_probe import Reading
from pad_core.checkpoint.file import PadNetwork
from pad_core.report.palette import style


def said(network: PadNetwork, reading: Reading, sight: Sight, shown: Example) -> Said:
    """The likeliest classes with their probabilities, and whether the probes are right."""
    if reading.probes:
        told = answer(reading.probes, sight.latent, network.class_names, shown.label)
        return Said(_bars(network, told, shown), _mark(told, shown))
    if reading.error:
        return Said(f"<p>{escape(reading.error)}</p>")
    n = min(N_CLASSES_SHOWN, len(network.class_names))
    rows = "<tr><th>…</th><td></td><td></td></tr>" * n
    return Said(f'<table class="pad-bars">{rows}</table>')


def _bars(network: PadNetwork, told: Answer, shown: Example) -> str:
    """The likeliest classes, the true one in bold."""
    look, rows = style(network.header.condition.name), ""
    for name, probability in told.likeliest:
        label = f"<b>{escape(name)}</b>" if name == shown.label else escape(name)
        rows += (
            f"<tr><th>{label}</th><td>{100 * probability:.0f} %</td>"
            f'<td><i style="width: {100 * probability:.1f}%; '
            f'background: light-dark({look.colour}, {look.dark})"></i></td></tr>'
        )
    return f'<table class="pad-bars">{rows}</table>'


def _mark(told: Answer, shown: Example) -> str:
    """Whether the network's probes are right, as HTML; '' if the true class is unknown."""
    if told.right is None:
        return ""
    sure = f"{told.right} of {told.asked} probes say {escape(shown.label)}."
    if 0 < told.right < told.asked:
        return f'<em title="{sure}">{told.right} of {told.asked} right</em>'
    kind, text = ("right", "✓\u2002right") if told.right else ("wrong", "✗\u2002wrong")
    return f'<em class="pad-{kind}" title="{sure}">{text}</em>'
