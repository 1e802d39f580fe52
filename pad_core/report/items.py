"""The paper's tables and figures, one entry each, with its claims."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pad_core.model.condition import TABLE_1
from pad_core.report.catalogue import Catalogue
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
    higher,
    judge_all,
    occluded,
    trend,
)
from pad_core.report.claims_of_sleep import dreams_improve, rem_stays_apart, state_approaches
from pad_core.report.item import Item
from pad_core.report.item_kinds import (
    SEPARABILITY_KEY,
    EarlyAndLateDreams,
    LatentSpace,
    LossCurves,
    OcclusionCurves,
    SeparabilityTable,
    SleepAndWake,
    TrainingCurves,
)
from pad_core.report.palette import style


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

_LAYERS = ("conv1", "z")  # early sensory activity, of which the paper speaks, and the latents

ITEMS: dict[str, Item] = {
    "fig3": EarlyAndLateDreams(
        "Fig. 3",
        "Figure 3: dreams become more realistic with learning",
        ("pad",),
        (dreams_improve("NREM"), dreams_improve("REM")),
    ),
    "fig4": TrainingCurves(
        "Fig. 4",
        "Figure 4: REM improves linear separability",
        ("pad", "wo_rem", "wo_memory_mix"),
        (
            trend(
                lambda h: h.get(SEPARABILITY_KEY),
                True,
                "pad",
                _S23,
                "PAD's separability rises as it learns.",
                WHILE_TRAINING,
            ),
            _ABOVE_NO_REM,
            _ABOVE_NO_MIX,
        ),
    ),
    "fig5": OcclusionCurves(
        "Fig. 5",
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
    ),
    "fig6": LatentSpace(
        "Fig. 6",
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
    ),
    "table1": SeparabilityTable(
        "Table 1",
        "Appendix 1-Table 1: final linear separability",
        TABLE_1,
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
    ),
    "app-fig1": LossCurves(
        "Fig. A1",
        "Appendix 1-Figure 1: training losses, CIFAR-10",
        ("wake_only", "wo_rem", "wo_nrem", "pad"),
        _LOSSES,
        "CIFAR-10",
    ),
    "app-fig2": LossCurves(
        "Fig. A2",
        "Appendix 1-Figure 2: training losses, SVHN",
        ("wake_only", "wo_rem", "wo_nrem", "pad"),
        _LOSSES,
        "SVHN",
    ),
    "app-fig3": TrainingCurves(
        "Fig. A3",
        "Appendix 1-Figure 3: separability over 100 epochs, all conditions",
        TABLE_1,
        (
            _ABOVE_NO_REM,
            _ABOVE_NO_MIX,
            *(
                declines(
                    lambda h: h.get(SEPARABILITY_KEY),
                    condition,
                    "Appendix A.2",
                    f"{style(condition).label}: separability falls after many epochs.",
                )
                for condition in ("wo_nrem", "wake_only")
            ),
        ),
    ),
    "app-fig4": TrainingCurves(
        "Fig. A4",
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
    ),
    "app-fig5": TrainingCurves(
        "Fig. A5",
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
    ),
    "app-fig6": OcclusionCurves(
        "Fig. A6",
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
    ),
    "signatures": SleepAndWake(
        "Discussion",
        "Discussion: activity in sleep becomes like that in Wake",
        ("pad",),
        (
            *(state_approaches(state, layer) for state in ("NREM", "REM") for layer in _LAYERS),
            *(rem_stays_apart(layer) for layer in _LAYERS),
        ),
    ),
}


def verdicts(catalogue: Catalogue, dataset: str) -> dict[Claim, Verdict]:
    """A verdict on every claim about a data set, corrected for the number of tests."""
    items = [item for item in ITEMS.values() if item.is_about(dataset)]
    claims = list(dict.fromkeys(claim for item in items for claim in item.claims))
    return dict(zip(claims, judge_all(claims, catalogue, dataset), strict=True))
