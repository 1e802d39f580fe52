"""The paper's table and figures: what each shows, claims and needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pad_core.model.condition import TABLE_1 as TABLE_1_CONDITIONS
from pad_core.report.catalogue import Shelf
from pad_core.report.claims import (
    INTRA,
    OCCLUDED_RATIO,
    SEPARABILITY,
    WHILE_TRAINING,
    Claim,
    Verdict,
    above_untrained,
    alike,
    declines,
    dreams_improve,
    higher,
    judge_all,
    occluded,
    trend,
)
from pad_core.report.palette import style
from pad_core.report.panels import (
    draw_dreams,
    draw_history,
    draw_latents,
    draw_losses,
    draw_occlusion,
    draw_table1,
)
from pad_core.report.paper import paper_name


class Item(NamedTuple):
    """A table or figure: its title, the conditions in it, its claims, and what draws it.

    needs: 'record' (recorded evaluations), 'early' (also of a network that has learned little),
    'history' (separability as it trained), 'losses'.
    only: the paper's data set that it is about, where it is about one.
    """

    title: str
    conditions: tuple[str, ...]
    claims: tuple[Claim, ...]
    draw: Callable[[Shelf, str, tuple[str, ...]], str]
    needs: str = "record"
    only: str | None = None


def _loss(*names: str) -> Callable[[dict[str, Any]], float | None]:
    def value(line: dict[str, Any]) -> float | None:
        losses = line["losses"]
        return sum(losses[n] for n in names) if all(n in losses for n in names) else None

    return value


_S23, _S24, _S25 = "§2.3, Figure 4c,d", "§2.4, Figure 5c,d", "§2.5, Figure 6e"
_LOSSES = (
    trend(_loss("image"), False, "pad", "Appendix A.1", "The image loss falls with learning.",
          "Image loss, mean over an epoch"),
    trend(_loss("kl"), False, "pad", "Appendix A.1", "The KL loss falls with learning.",
          "KL loss, mean over an epoch"),
    trend(_loss("external", "internal"), False, "pad", "Appendix A.1",
          "The discriminator's loss (external + internal) falls with learning.",
          "External + internal loss, mean over an epoch"),
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
        draw_dreams,
        "early",
    ),
    "fig4": Item(
        "Figure 4: REM improves linear separability",
        ("pad", "wo_rem", "wo_memory_mix"),
        (
            trend(
                lambda h: h.get(PROBE),
                True,
                "pad",
                _S23,
                "PAD's separability rises as it learns.",
                WHILE_TRAINING,
            ),
            _ABOVE_NO_REM,
            _ABOVE_NO_MIX,
        ),
        draw_history,
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
        draw_occlusion,
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
        draw_latents,
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
            *(
                higher(
                    SEPARABILITY,
                    above,
                    below,
                    "Appendix 1-Table 1",
                    f"{style(above).label} is above {style(below).label}.",
                )
                for above, below in (
                    ("pad", "wake_only"),
                    ("wo_nrem", "wo_rem"),
                    ("wo_nrem", "wake_only"),
                    ("wo_memory_mix", "wo_rem"),
                    ("wo_rem", "wake_only"),
                )
            ),
        ),
        draw_table1,
    ),
    "app-fig1": Item(
        "Appendix 1-Figure 1: training losses, CIFAR-10",
        ("wake_only", "wo_rem", "wo_nrem", "pad"),
        _LOSSES,
        draw_losses,
        "losses",
        "CIFAR-10",
    ),
    "app-fig2": Item(
        "Appendix 1-Figure 2: training losses, SVHN",
        ("wake_only", "wo_rem", "wo_nrem", "pad"),
        _LOSSES,
        draw_losses,
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
        draw_history,
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
        draw_history,
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
        draw_history,
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
        draw_occlusion,
    ),
}


def verdicts(shelf: Shelf, dataset: str) -> dict[Claim, Verdict]:
    """A verdict on every claim about a data set, corrected for their number."""
    items = [item for item in ITEMS.values() if item.only in (None, paper_name(dataset))]
    claims = list(dict.fromkeys(claim for item in items for claim in item.claims))
    return dict(zip(claims, judge_all(claims, shelf, dataset), strict=True))
