"""The paper's table and figures: what each shows, claims and needs, and how ours is drawn."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pad_core.checkpoint import load
from pad_core.claims import (
    INTRA,
    OCCLUDED_RATIO,
    SEPARABILITY,
    TABLE_1,
    Claim,
    above_untrained,
    alike,
    declines,
    dreams_improve,
    higher,
    occluded,
    paper_name,
    trend,
)
from pad_core.conditions import TABLE_1 as TABLE_1_CONDITIONS
from pad_core.palette import style
from pad_core.shelf import Shelf
from pad_core.summary import Group, mean_and_sem


class Item(NamedTuple):
    """A table or figure: its title, the conditions in it, its claims, and what draws it.

    needs: 'record' (recorded evaluations), 'history' (separability as it trained), 'losses'.
    only: the paper's data set that it is about, where it is about one.
    """

    title: str
    conditions: tuple[str, ...]
    claims: tuple[Claim, ...]
    draw: Callable[[Shelf, str, tuple[str, ...]], str]
    needs: str = "record"
    only: str | None = None


class _Page:
    """Turns figures into HTML; plotly is imported when the first one is drawn."""

    @staticmethod
    def figure(figure: Any) -> str:
        if figure is None:
            return ""
        removed = ["lasso2d", "select2d", "autoScale2d", "zoomIn2d", "zoomOut2d", "pan2d"]
        config = {"displaylogo": False, "responsive": True, "modeBarButtonsToRemove": removed}
        made: str = figure.to_html(full_html=False, include_plotlyjs=False, config=config)
        return made

    @staticmethod
    def picture(png: bytes, text: str) -> str:
        data = base64.b64encode(png).decode()
        alt = html.escape(text)
        return (
            f'<figure><img alt="{alt}" src="data:image/png;base64,{data}">'
            f"<figcaption>{alt}</figcaption></figure>"
        )


def groups_of(shelf: Shelf, dataset: str, conditions: Sequence[str]) -> list[Group]:
    """The recorded evaluations of these conditions, as far as there are any."""
    found = [shelf.group(dataset, condition) for condition in conditions]
    return [group for group in found if group is not None]


def table_1(
    shelf: Shelf, dataset: str, conditions: Sequence[str]
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Table 1 as text: names of the columns, and a row for each condition and baseline.

    Conditions that were not measured have the paper's values alone, where it has any.
    """
    groups = groups_of(shelf, dataset, conditions)
    measured = {group.condition: group for group in groups}
    paper = TABLE_1.get(paper_name(dataset) or "", {})
    rows: list[tuple[str, ...]] = []
    for condition in conditions:
        theirs = paper.get(condition)
        beside = "–" if theirs is None else f"{theirs[0]:.2f} ± {theirs[1]:.2f}"
        group = measured.get(condition)
        if group is None:
            if theirs is not None:
                rows.append((style(condition).label, "missing", beside, *["–"] * 6))
            continue
        ours = group.values("linear_separability")
        first = group.evaluations[0]
        spread = mean_and_sem(group.values("linear_separability_sd"))
        rows.append(
            (
                style(condition).label,
                mean_and_sem(ours),
                beside,
                "–" if theirs is None else f"{sum(ours) / len(ours) - theirs[0]:+.2f}",
                spread,
                mean_and_sem(group.values("converged_separability")),
                ", ".join(str(e["seed"]) for e in group.evaluations),
                ", ".join(sorted({str(e["epoch"]) for e in group.evaluations})),
                f"{first['n_train']:,} / {first['n_test']:,} {first['on']}",
            )
        )
    names = (
        "condition", "ours, %", "paper, %", "difference", "SD over read-outs",
        "converged read-out, %", "seeds", "epoch", "latents: training / test",
    )  # fmt: skip
    baselines = groups[0].evaluations[0].get("baselines", {}) if groups else {}
    for name, values in baselines.items():
        cells = [
            f"{style(name).label} (baseline)",
            f"{values['linear_separability']:.2f}",
            "–",
            "–",
        ]
        sd = values["linear_separability_sd"]
        cells += ["–" if sd is None else f"{sd:.2f}", f"{values['converged_separability']:.2f}"]
        rows.append((*cells, "–", "–", "–"))
    return names, rows


def _draw_table1(shelf: Shelf, dataset: str, conditions: tuple[str, ...]) -> str:
    from pad_core.report_figures import table_bars

    groups = groups_of(shelf, dataset, conditions)
    if not groups:
        return ""
    names, rows = table_1(shelf, dataset, conditions)
    return _table(names, rows) + _Page.figure(table_bars(groups, dataset))


def _draw_history(shelf: Shelf, dataset: str, conditions: tuple[str, ...]) -> str:
    from pad_core.report_figures import history_curves

    return _Page.figure(history_curves(shelf, dataset, conditions))


def _draw_losses(shelf: Shelf, dataset: str, conditions: tuple[str, ...]) -> str:
    from pad_core.report_figures import loss_curves

    return _Page.figure(loss_curves(shelf, dataset, conditions))


def _draw_occlusion(shelf: Shelf, dataset: str, conditions: tuple[str, ...]) -> str:
    from pad_core.report_figures import occlusion_curves

    groups = groups_of(shelf, dataset, conditions)
    if not groups:
        return ""
    first = groups[0].evaluations[0]
    protocol = first["protocol"]
    note = (
        f"Squares of {protocol['size_px']} × {protocol['size_px']} pixels on "
        f"{first['occlusion_n']:,} {first['on']}, {protocol['mask_draws']} masks each; read-outs "
        f"({protocol['readout_seeds']} seeds) fitted to clean latents. Shaded: ± SEM over seeds, "
        "or, for a single network, 95 % over images."
    )
    return _Page.figure(occlusion_curves(groups)) + f"<p class=note>{note}</p>"


def _draw_latents(shelf: Shelf, dataset: str, conditions: tuple[str, ...]) -> str:
    from pad_core.report_figures import pca_scatter, ratio_bars

    entries = [e[0] for c in conditions if (e := shelf.latest(dataset, c))]
    networks = [load(entry.path) for entry in entries]
    networks = [n for n in networks if len(n.memories["test"]) > 2]
    groups = groups_of(shelf, dataset, conditions)
    drawn = _Page.figure(pca_scatter(networks)) if networks else ""
    if groups:
        drawn += _Page.figure(ratio_bars(groups))
    return drawn


def frechet_stages(shelf: Shelf, dataset: str) -> list[tuple[str, Group]]:
    """PAD's earliest and latest networks whose dreams' Fréchet distance was recorded."""
    stages = []
    for stage, early in (("early", True), ("late", False)):
        group = shelf.group(dataset, "pad", early=early)
        if group is not None and group.evaluations[0]["frechet"]:
            stages.append((f"{stage} (epoch {group.epoch})", group))
    return stages


def _draw_dreams(shelf: Shelf, dataset: str, conditions: tuple[str, ...]) -> str:
    from pad_core.report_figures import dream_grid, frechet_bars

    drawn = ""
    for entries in (shelf.earliest(dataset, "pad"), shelf.latest(dataset, "pad")):
        for entry in entries[:1]:
            network = load(entry.path)
            if len(network.memories["train"]) >= 24:
                text = f"Epoch {entry.header.epoch}: NREM dreams above, REM dreams below"
                drawn += _Page.picture(dream_grid(network), text)
    stages = frechet_stages(shelf, dataset)
    return drawn + (_Page.figure(frechet_bars(stages)) if stages else "")


def _loss(*names: str) -> Callable[[dict[str, Any]], float | None]:
    def value(line: dict[str, Any]) -> float | None:
        losses = line["losses"]
        return sum(losses[n] for n in names) if all(n in losses for n in names) else None

    return value


_S23, _S24, _S25 = "§2.3, Figure 4c,d", "§2.4, Figure 5c,d", "§2.5, Figure 6e"
_LOSSES = (
    trend(_loss("image"), False, "pad", "Appendix A.1", "The image loss falls with learning."),
    trend(_loss("kl"), False, "pad", "Appendix A.1", "The KL loss falls with learning."),
    trend(_loss("external", "internal"), False, "pad", "Appendix A.1",
          "The discriminator's loss (external + internal) falls with learning."),
)  # fmt: skip
_ABOVE_NO_REM = higher(
    SEPARABILITY, "pad", "wo_rem", _S23, "Without REM, separability stays below PAD's."
)
_ABOVE_NO_MIX = higher(
    SEPARABILITY, "pad", "wo_memory_mix", _S23,
    "REM from single memories without noise separates worse than PAD.",
)  # fmt: skip
PROBE = "linear_separability"

ITEMS: dict[str, Item] = {
    "fig3": Item(
        "Figure 3: dreams become more realistic with learning",
        ("pad",),
        (dreams_improve("NREM"), dreams_improve("REM")),
        _draw_dreams,
    ),
    "fig4": Item(
        "Figure 4: REM improves linear separability",
        ("pad", "wo_rem", "wo_memory_mix"),
        (
            trend(
                lambda h: h.get(PROBE), True, "pad", _S23, "PAD's separability rises as it learns."
            ),
            _ABOVE_NO_REM,
            _ABOVE_NO_MIX,
        ),
        _draw_history,
        "history",
    ),
    "fig5": Item(
        "Figure 5: NREM makes latents robust to occlusion",
        ("pad", "wo_nrem"),
        (
            higher(
                occluded(30), "pad", "wo_nrem", _S24, "PAD is above w/o NREM at 30 % occlusion."
            ),
            higher(
                occluded(50), "pad", "wo_nrem", _S24, "PAD is above w/o NREM at 50 % occlusion."
            ),
            alike(
                SEPARABILITY,
                "pad",
                "wo_nrem",
                _S24,
                "On clean images PAD is as good as w/o NREM, or better.",
                lower=True,
            ),
        ),
        _draw_occlusion,
    ),
    "fig6": Item(
        "Figure 6: how NREM and REM organise the latents",
        ("pad", "wo_rem", "wo_nrem"),
        (
            higher(INTRA, "wo_rem", "pad", _S25, "Without REM, the intra/inter ratio is higher."),
            above_untrained(
                "wo_rem", _S25, "Without REM, it is about that of an untrained network."
            ),
            higher(INTRA, "wo_nrem", "pad", _S25, "Without NREM, the intra/inter ratio is higher."),
            higher(
                OCCLUDED_RATIO,
                "wo_nrem",
                "pad",
                "§2.5, Figure 6f",
                "Without NREM, occluded images lie further from their clean versions.",
            ),
        ),
        _draw_latents,
    ),
    "table1": Item(
        "Appendix 1-Table 1: final linear separability",
        TABLE_1_CONDITIONS,
        (
            _ABOVE_NO_MIX,
            _ABOVE_NO_REM,
            alike(
                SEPARABILITY,
                "pad",
                "wo_nrem",
                "Appendix 1-Table 1",
                "PAD is as good as w/o NREM, or better.",
                lower=True,
            ),
            higher(
                SEPARABILITY, "pad", "wake_only", "Appendix 1-Table 1", "PAD is above Wake only."
            ),
        ),
        _draw_table1,
    ),
    "app-fig1": Item(
        "Appendix 1-Figure 1: training losses, CIFAR-10",
        ("wake_only", "wo_rem", "wo_nrem", "pad"),
        _LOSSES,
        _draw_losses,
        "losses",
        "CIFAR-10",
    ),
    "app-fig2": Item(
        "Appendix 1-Figure 2: training losses, SVHN",
        ("wake_only", "wo_rem", "wo_nrem", "pad"),
        _LOSSES,
        _draw_losses,
        "losses",
        "SVHN",
    ),
    "app-fig3": Item(
        "Appendix 1-Figure 3: separability over 100 epochs, all conditions",
        TABLE_1_CONDITIONS,
        (
            _ABOVE_NO_REM,
            _ABOVE_NO_MIX,
            *(
                declines(
                    lambda h: h.get(PROBE),
                    condition,
                    "Appendix A.2",
                    f"{style(condition).label}: separability falls after many epochs.",
                )
                for condition in ("wo_nrem", "wake_only")
            ),
        ),
        _draw_history,
        "history",
    ),
    "app-fig4": Item(
        "Appendix 1-Figure 4: what REM dreams are made of",
        ("pad", "rem_noise_only", "rem_memory_only"),
        tuple(
            alike(
                SEPARABILITY,
                "pad",
                other,
                "Appendix A.3",
                f"{style(other).label} does as well as PAD.",
            )
            for other in ("rem_noise_only", "rem_memory_only")
        ),
        _draw_history,
        "history",
    ),
    "app-fig5": Item(
        "Appendix 1-Figure 5: the order of sleep phases",
        ("pad", "rem_before_nrem"),
        (
            alike(
                SEPARABILITY,
                "pad",
                "rem_before_nrem",
                "Appendix A.4",
                "The order of NREM and REM makes no difference.",
            ),
        ),
        _draw_history,
        "history",
    ),
    "app-fig6": Item(
        "Appendix 1-Figure 6: single memories or mixtures in NREM",
        ("pad", "nrem_mixed_memory"),
        tuple(
            higher(
                occluded(p),
                "pad",
                "nrem_mixed_memory",
                "Appendix A.5",
                f"NREM from mixtures is less robust at {p} % occlusion.",
            )
            for p in (30, 50)
        ),
        _draw_occlusion,
    ),
}


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<div class=wide><table class=numbers><tr>{head}</tr>{body}</table></div>"
