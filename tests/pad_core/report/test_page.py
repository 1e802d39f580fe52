import html
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import pad_core
from pad_core.checkpoint import file as checkpoint
from pad_core.cli.main import main, parse
from pad_core.errors import PadError
from pad_core.evaluation.statistics import pack_counts
from pad_core.model.condition import CONDITIONS
from pad_core.report import catalogue as catalogue_module
from pad_core.report import claims
from pad_core.report.figures import frechet_bars, ratio_bars, table_bars
from pad_core.report.items import ITEMS, verdicts
from pad_core.report.missing import missing_for
from pad_core.report.page import reproduce
from pad_core.report.palette import STYLES, style


def evaluation(condition: str, seed: int, epoch: int, accuracy: float, **others):
    """A recorded evaluation with plain numbers, accuracies falling evenly with occlusion."""
    occlusion = {str(i): accuracy - (accuracy - 10) * i / 100 for i in range(0, 101, 10)}
    return {
        "dataset": "cifar10-small", "condition": condition, "seed": seed, "epoch": epoch,
        "on": "real images", "n_train": 50_000, "n_test": 10_000,
        "linear_separability": accuracy, "linear_separability_sd": 1.0,
        "converged_separability": accuracy + 4, "occlusion": occlusion,
        "occlusion_interval": {k: [v - 1, v + 1] for k, v in occlusion.items()},
        "occlusion_n": 2_000, "intra_inter_ratio": 0.9, "intra_inter_ratio_se": 0.002,
        "clean_occluded_ratio": 0.5, "clean_occluded_ratio_se": 0.002,
        "frechet": {"classifier, NREM dreams": 100 / epoch, "classifier, REM dreams": 2.0},
        "baselines": {"untrained": {"linear_separability": 36.0, "linear_separability_sd": 1.0,
                                    "converged_separability": 41.0, "intra_inter_ratio": 0.97,
                                    "clean_occluded_ratio": 0.7}},
        "state_similarity": states((0.9, 0.5, 0.5), (0.8, 0.4, 0.3)),
        "protocol": {"readout_seeds": 4, "mask_draws": 2, "size_px": 4},
    } | others  # fmt: skip


def states(conv1: tuple[float, float, float], z: tuple[float, float, float]):
    """A recorded similarity of states, in the order in which they are declared."""
    pairs = ("wake-nrem", "wake-rem", "nrem-rem")
    both = {"conv1": dict(zip(pairs, conv1, strict=True)), "z": dict(zip(pairs, z, strict=True))}
    return {"correlation": both, "cka": both}


@pytest.fixture
def write(exported, tmp_path):
    """Writes a checkpoint file of a condition with these metrics."""
    network = pad_core.load(exported)

    def write(
        condition: str, seed: int = 0, epoch: int = 20, accuracy: float | None = 50.0,
        probe=lambda e: 20.0 + e, **others
    ):  # fmt: skip
        metrics = {} if accuracy is None else evaluation(condition, seed, epoch, accuracy, **others)
        same = {"external": 0.7, "internal": 0.7}
        history = [
            {"epoch": e, "losses": {"image": 1 / e, "kl": 0.1 * e} | same,
             "linear_separability": probe(e)}
            for e in range(1, epoch + 1)
        ]  # fmt: skip
        dataset = network.header.dataset | {"name": "cifar10-small", "spec": "parquet:some/folder"}
        header = replace(
            network.header, condition=CONDITIONS[condition], dataset=dataset, seed=seed,
            epoch=epoch, metrics=metrics, history=history,
        )  # fmt: skip
        path = tmp_path / "catalogue" / f"{condition}-{seed}-{epoch}.safetensors"
        checkpoint.save(path, network.networks, header, network.memories, bits=8)
        return path

    write.folder = tmp_path / "catalogue"
    return write


def judge(item: str, index: int, folder: Path) -> claims.Verdict:
    found, _ = catalogue_module.find([folder])
    return ITEMS[item].claims[index].judge(found, "cifar10-small")


def test_all_of_the_papers_items_are_there_with_claims():
    figures = [*(f"fig{i}" for i in range(3, 7)), *(f"app-fig{i}" for i in range(1, 7))]
    assert sorted(ITEMS) == sorted([*figures, "table1", "signatures"])
    assert all(item.claims for item in ITEMS.values())


def test_with_one_network_each_nothing_is_settled(write):
    write("pad", accuracy=58.0)
    write("wo_rem", accuracy=46.0)
    verdict = judge("fig4", 1, write.folder)
    assert verdict.told == "this network does"
    assert "p < 0.001 (t over test images and probes; too few networks" in verdict.grounds
    assert "n = 1" in verdict.grounds
    write("wo_memory_mix", accuracy=66.0)
    assert judge("fig4", 2, write.folder).told == "this network does not"
    for item in ITEMS.values():
        for claim in item.claims:
            found, _ = catalogue_module.find([write.folder])
            assert "the paper" not in claim.judge(found, "cifar10-small").told


def test_activity_in_sleep_is_judged_against_wakes(write):
    untrained = {"untrained": {"state_similarity": states((0.1, 0.1, 0.9), (0.2, 0.2, 0.9))}}
    recorded = (
        states((0.9, 0.5, 0.5), (0.8, 0.1, 0.1)),
        states((0.8, 0.4, 0.5), (0.7, 0.1, 0.1)),
        states((0.85, 0.46, 0.5), (0.76, 0.1, 0.1)),
    )
    claims_ = [c.text for c in ITEMS["signatures"].claims]
    nrem, rem = (claims_.index(f"With learning, activity in {state} becomes more like Wake's (z).")
                 for state in ("NREM", "REM"))  # fmt: skip
    apart = claims_.index("REM's activity stays less like Wake's than NREM's is (conv1).")
    for seed, one in enumerate(recorded):
        write("pad", seed, 50, state_similarity=one, baselines=untrained)
        if seed == 0:
            assert judge("signatures", nrem, write.folder).told == "this network does"
            assert judge("signatures", rem, write.folder).told == "this network does not"
    verdict = judge("signatures", nrem, write.folder)
    assert verdict.told == "agrees with the paper, 3 networks"
    assert verdict.p == pytest.approx(stats.ttest_1samp([0.6, 0.5, 0.56], 0).pvalue)
    assert "untrained 0.200, PAD 0.753 ± 0.029 (epoch 50, n = 3)" in verdict.grounds
    verdict = judge("signatures", apart, write.folder)
    assert verdict.told == "agrees with the paper, 3 networks"
    assert verdict.p == pytest.approx(stats.ttest_rel([0.9, 0.8, 0.85], [0.5, 0.4, 0.46]).pvalue)
    # Equal differences have no spread to test with, whatever their sign.
    assert judge("signatures", rem, write.folder).kind != "yes"


def test_activity_in_sleep_is_drawn_over_epochs_from_an_untrained_network_on(write):
    untrained = {"untrained": {"state_similarity": states((0.1, 0.1, 0.9), (0.2, 0.3, 0.9))}}
    for epoch, z in ((1, 0.6), (20, 0.7)):
        recorded = states((0.9, 0.5, 0.5), (z, 0.1, 0.1))
        write("pad", 0, epoch, state_similarity=recorded, baselines=untrained)
    write("pad", 1, 20, state_similarity=None)  # of before it was measured
    found, _ = catalogue_module.find([write.folder])
    item = ITEMS["signatures"]
    figure = item.chart(found, "cifar10-small")
    assert [note.text for note in figure.layout.annotations] == ["conv1", "z"]
    drawn = [(t.name, list(t.x), list(t.y)) for t in figure.data if t.xaxis == "x2"]
    assert drawn[0] == ("NREM and Wake", ["0", "1", "20"], [0.2, 0.6, 0.7])
    assert drawn[1] == ("REM and Wake", ["0", "1", "20"], [0.3, 0.1, 0.1])
    assert item.counts(found, "cifar10-small") == [2, 1]  # the last epoch first
    assert "epoch 0 is an untrained network" in item.legend(found, "cifar10-small")


def test_with_two_seeds_each_it_is_welchs(write):
    for seed, (one, other) in enumerate(((58.0, 46.0), (57.0, 47.0))):
        write("pad", seed, accuracy=one)
        write("wo_rem", seed, accuracy=other)
    verdict = judge("fig4", 1, write.folder)
    assert verdict.told == "agrees with the paper, 2 networks"
    expected = stats.ttest_ind([58.0, 57.0], [46.0, 47.0], equal_var=False).pvalue
    assert verdict.p == pytest.approx(expected)
    assert "Welch" in verdict.grounds
    assert "PAD 57.50 ± 0.50" in verdict.grounds
    # Of the same seeds: 12 and 10 points.
    paired = stats.ttest_rel([58.0, 57.0], [46.0, 47.0]).pvalue
    assert f"paired over the 2 seeds that both have, p = {paired:.3f}" in verdict.grounds


@pytest.mark.parametrize(
    "accuracies, status",
    [
        ((50.0, 46.0), "this network does"),
        ((46.0, 50.0), "this network does not"),
        ((50.0, 49.8), "cannot be told"),
    ],
)
def test_verdicts_go_by_direction_and_significance(write, accuracies, status):
    write("pad", accuracy=accuracies[0])
    write("wo_rem", accuracy=accuracies[1])
    assert judge("fig4", 1, write.folder).status == status


def test_an_older_record_of_four_probes_is_tested_with_their_few_degrees_of_freedom(write):
    """As w/o memory mix against w/o REM was: 2.1 points, surer by z than they are."""
    write("wo_memory_mix", accuracy=41.0, linear_separability_sd=1.3)
    write("wo_rem", accuracy=43.1, linear_separability_sd=0.3)
    index = [c.text for c in ITEMS["table1"].claims].index("w/o memory mix is above w/o REM.")
    verdict = judge("table1", index, write.folder)
    images = [math.sqrt(a * (100 - a) / 10_000) for a in (41.0, 43.1)]
    parts = [(images[0], 9_999), (images[1], 9_999), (1.3 / 2, 3), (0.3 / 2, 3)]
    variance = sum(se**2 for se, _ in parts)
    df = variance**2 / sum(se**4 / n for se, n in parts)
    expected = 2 * stats.t.sf(2.1 / math.sqrt(variance), df)
    assert verdict.p == pytest.approx(expected, rel=1e-6)
    assert 2 * stats.norm.sf(2.1 / math.sqrt(variance)) < 0.9 * verdict.p
    assert verdict.told == "this network does not"


def test_occlusion_claims_know_whether_probes_are_in_their_errors(write):
    write("pad", accuracy=58.0)
    write("wo_nrem", accuracy=46.0)
    verdict = judge("fig5", 0, write.folder)
    assert "test images alone (probes not recorded)" in verdict.grounds
    older = verdict.p
    error = {str(i): {"images": 0.51, "readouts": 3.0} for i in range(0, 101, 10)}
    for condition, accuracy in (("pad", 58.0), ("wo_nrem", 46.0)):
        write(condition, accuracy=accuracy, occlusion_se=error)
    verdict = judge("fig5", 0, write.folder)
    assert "t over test images and probes" in verdict.grounds
    assert verdict.p > older  # 8.4 points between probes that scatter by 3
    assert verdict.status == "cannot be told"


def test_two_networks_are_compared_on_the_same_images(write):
    random = np.random.default_rng(0)
    ease = random.random(2_000)
    counts = [random.binomial(20, np.clip(ease + shift, 0, 1)) for shift in (0.0, -0.02)]
    accuracies = [100 * float(c.mean()) / 20 for c in counts]
    same = {"protocol": {"readout_seeds": 10, "mask_draws": 2, "size_px": 4, "seed": 0}}
    error = {"30": {"images": 1.0, "readouts": 0.0}}
    for condition, count, accuracy in zip(("pad", "wo_nrem"), counts, accuracies, strict=True):
        write(
            condition, occlusion={"30": accuracy}, right={"30": pack_counts(count.tolist())},
            right_of={"30": 20}, occlusion_se=error, **same,
        )  # fmt: skip
    verdict = judge("fig5", 0, write.folder)
    expected = stats.ttest_rel(counts[0] / 20, counts[1] / 20).pvalue
    assert verdict.p == pytest.approx(expected, rel=1e-3)
    assert "the same test images" in verdict.grounds
    assert verdict.status == "this network does"
    alone = stats.ttest_ind(counts[0] / 20, counts[1] / 20).pvalue
    assert expected < 0.05 < alone
    # Other masks, or answers that do not fit: no pairs.
    other = {"protocol": same["protocol"] | {"mask_draws": 4}}
    for change in (other, {"right": {"30": "123"}}, {"right": {}}, {"right_of": {"30": 0}}):
        write(
            "wo_nrem", occlusion={"30": accuracies[1]}, occlusion_se=error,
            **({"right": {"30": pack_counts(counts[1].tolist())}, "right_of": {"30": 20}}
               | same | change),
        )  # fmt: skip
        verdict = judge("fig5", 0, write.folder)
        assert "the same test images" not in verdict.grounds
        assert verdict.status == "cannot be told"


@pytest.mark.parametrize(
    "other, status",
    [
        (50.0, "this network does"),
        (40.0, "this network does"),
        (56.0, "this network does not"),
        (52.0, "cannot be told"),  # not shown to be less than 2 points above, nor more
    ],
)
def test_as_good_or_better_has_to_be_shown(write, other, status):
    surely = {"linear_separability_sd": 0.2, "n_test": 100_000}
    write("pad", accuracy=50.0, **surely)
    write("wo_nrem", accuracy=other, **surely)
    assert judge("fig5", 2, write.folder).status == status


def test_that_no_difference_was_found_does_not_make_things_alike(write):
    """Two scattered probes: the difference is not significant, equivalence even less."""
    write("pad", accuracy=50.0, linear_separability_sd=6.0)
    write("rem_noise_only", accuracy=50.5, linear_separability_sd=6.0)
    verdict = judge("app-fig4", 0, write.folder)
    assert verdict.status == "cannot be told"
    assert verdict.p > 0.05
    for seed, (one, other) in enumerate(((50.0, 50.5), (50.4, 50.1), (50.2, 50.3))):
        write("pad", seed, accuracy=one)
        write("rem_noise_only", seed, accuracy=other)
    verdict = judge("app-fig4", 0, write.folder)
    assert verdict.told == "agrees with the paper, 3 networks"
    assert "that it is within 2 points: p" in verdict.grounds
    for seed in range(3):
        write("rem_noise_only", seed, accuracy=40.0 + seed / 10)
    verdict = judge("app-fig4", 0, write.folder)
    assert verdict.told == "does not agree with the paper, 3 networks"


def test_claims_are_corrected_for_their_number(write):
    """Of p-values that Welch calls small, those that fifteen tests make likely are not told."""
    for seed, (pad, rem, none) in enumerate(((50.0, 40.0, 48.5), (50.3, 40.4, 49.1))):
        write("pad", seed, accuracy=pad)
        write("wo_rem", seed, accuracy=rem)
        write("wake_only", seed, accuracy=none)
    found, _ = catalogue_module.find([write.folder])
    alone = {c.text: c.judge(found, "cifar10-small") for i in ITEMS.values() for c in i.claims}
    corrected = {c.text: v for c, v in verdicts(found, "cifar10-small").items()}
    above = "PAD is above Wake only."
    assert alone[above].status == "cannot be told" or alone[above].p < 0.05
    ps = {
        claim.tested or claim.text: alone[claim.text].p
        for item in ITEMS.values()
        for claim in item.claims
        if alone[claim.text].p is not None
    }
    number = len(ps)
    assert number > 3
    for text, verdict in corrected.items():
        if verdict.p is None:
            continue
        assert f"Corrected for all {number} tests (Holm)" in verdict.grounds
        smaller = sum(p < verdict.p for p in ps.values())
        if verdict.p * (number - smaller) >= 0.05:
            assert verdict.status == "cannot be told", text
    sure = corrected["Without REM, separability stays below PAD's."]
    assert sure.status == "agrees"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "odd",
    [
        {"occlusion_se": {"30": {"images": 1e300, "readouts": -1e300}, "50": {}}},
        {"occlusion_se": None, "right": {"30": "é~"}, "right_of": {"30": 3}},
        {"occlusion_se": None, "right": None, "right_of": None},
        {"linear_separability_sd": 1e308, "protocol": {"readout_seeds": -4}},
        {"linear_separability": -1e308, "protocol": {"readout_seeds": 1e308}, "n_test": 0},
        {"intra_inter_ratio_se": 1e200, "intra_inter_ratio": 1e308, "occlusion_n": 0},
        {"baselines": {}, "occlusion_interval": {}, "occlusion": {}, "frechet": {}, "protocol": {}},
        {"right": {"0": "", "30": "1" * 9}, "right_of": {"0": 0, "30": -1, "50": 1e300}},
    ],
)
def test_odd_records_are_judged_or_not_but_break_nothing(write, odd):
    for condition in ("pad", "wo_nrem", "wo_rem"):
        write(condition, **odd)
    found, problems = catalogue_module.find([write.folder])
    assert problems == []
    assert all(v.told for v in verdicts(found, "cifar10-small").values())
    write("pad", seed=1)
    write("wo_nrem", seed=1)
    found, _ = catalogue_module.find([write.folder])
    assert all(v.told for v in verdicts(found, "cifar10-small").values())


def test_a_verdict_says_on_how_many_networks_it_rests(write):
    write("pad", accuracy=50.0, intra_inter_ratio=0.907)
    write("wo_nrem", accuracy=50.0, intra_inter_ratio=0.915)
    verdict = judge("fig6", 2, write.folder)
    assert verdict.told == "this network does"
    assert "test images" in verdict.grounds
    assert judge("table1", 1, write.folder).told == "cannot be told"
    write("pad", seed=1, intra_inter_ratio=0.906)
    write("pad", seed=2, intra_inter_ratio=0.908)
    assert judge("fig6", 2, write.folder).networks == 1  # of the condition with fewest
    for seed in (1, 2):
        write("wo_nrem", seed=seed, intra_inter_ratio=0.915 + seed / 1000)
    assert judge("fig6", 2, write.folder).told == "agrees with the paper, 3 networks"
    assert "t over the changes of 3 networks" in judge("app-fig1", 0, write.folder).grounds


def test_the_exact_ratio_stands_beside_its_own_error(write):
    write("pad", intra_inter_ratio=0.90, intra_inter_ratio_exact=0.910)
    write("wo_nrem", intra_inter_ratio=0.89, intra_inter_ratio_exact=0.930)
    verdict = judge("fig6", 2, write.folder)
    assert "0.930" in verdict.grounds
    assert verdict.status == "this network does"
    expected = 2 * stats.t.sf(0.02 / (0.002 * 2**0.5), 18)  # each from ten tenths of the images
    assert verdict.p == pytest.approx(expected)


def test_nearer_to_the_untrained_network_is_tested(write):
    write("pad", intra_inter_ratio=0.90)
    for ratio, status in (
        (0.96, "this network does"), (0.91, "this network does not"), (0.936, "cannot be told")
    ):  # fmt: skip
        write("wo_rem", intra_inter_ratio=ratio)  # the untrained one's is 0.97
        assert judge("fig6", 1, write.folder).status == status


def test_no_error_bar_where_one_network_has_no_sem(write):
    write("pad", epoch=1)
    write("pad")
    found, _ = catalogue_module.find([write.folder])
    groups = found.groups("cifar10-small", ["pad", "wo_rem"])
    assert not table_bars(groups, "cifar10-small").data[0].error_y.visible
    assert not frechet_bars(found.early_and_late_frechet("cifar10-small")).data[0].error_y.visible
    untrained, pad = ratio_bars(groups).data[0].error_y.array
    assert math.isnan(untrained)  # of which no standard error is recorded
    assert pad == 0.002
    write("pad", seed=1, accuracy=52.0)
    write("wo_rem")
    found, _ = catalogue_module.find([write.folder])
    groups = found.groups("cifar10-small", ["pad", "wo_rem"])
    ours = table_bars(groups, "cifar10-small").data[0].error_y
    assert ours.visible
    assert ours.array[0] == 1.0
    assert all(math.isnan(sem) for sem in ours.array[1:])


def test_each_figures_legend_says_what_it_shows(write):
    write("pad", epoch=1)
    write("pad")
    found, _ = catalogue_module.find([write.folder])
    told = {name: item.legend(found, "cifar10-small") for name, item in ITEMS.items()}
    assert all("n = 1" in text and "SEM over" not in text for text in told.values())
    assert [name for name in ITEMS if "needs no probe" in told[name]] == [
        "fig3",
        "fig6",
        "signatures",
    ]
    assert "during training: one probe" in told["fig4"]
    assert "by evaluate, means over 4 probes" in told["table1"]
    assert "95 % over test images" in told["fig5"]
    write("pad", seed=1)
    write("wo_rem")
    found, _ = catalogue_module.find([write.folder])
    assert "± SEM; where n = 1" in ITEMS["fig4"].legend(found, "cifar10-small")
    fig5 = ITEMS["fig5"].legend(found, "cifar10-small")  # PAD alone, n = 2
    assert "± SEM. The paper's networks were trained on 50,000 images of CIFAR-10: " in fig5


def test_what_is_missing_is_named_with_its_command(write):
    write("pad", accuracy=58.0)
    bare = write("wo_rem", accuracy=None)
    found, _ = catalogue_module.find([write.folder])
    assert judge("table1", 1, write.folder).status == "cannot be told"
    missing = dict(missing_for(found, ITEMS["table1"], "cifar10-small"))
    assert missing["the evaluation of w/o REM"] == f"python -m pad_core evaluate {bare} --record"
    command = missing["a network of w/o NREM"]
    assert command.startswith("python -m pad_core train --dataset parquet:some/folder ")
    assert "--condition wo_nrem --epochs 20" in command
    assert "a network of PAD" not in missing
    missing = dict(missing_for(found, ITEMS["fig3"], "cifar10-small"))
    early = "runs/cifar10-small-pad-early"
    assert f"--epochs 1 --run {early}" in missing["an early network of PAD"]
    assert f"{early}/latest.safetensors" in missing["the evaluation of the early one"]


def test_the_commands_it_gives_are_ones_that_exist(write):
    write("pad", accuracy=None)
    found, _ = catalogue_module.find([write.folder])
    for item in ITEMS.values():
        for _, command in missing_for(found, item, "cifar10-small"):
            parse(command.split()[3:])


def test_trends_are_those_of_the_whole_curve(write):
    write("pad", probe=lambda e: 20.0 + e if e < 20 else 15.0)  # one bad probe, at the end
    found = {
        c.text: judge("app-fig1", i, write.folder).status
        for i, c in enumerate(ITEMS["app-fig1"].claims)
    }
    assert found == {
        "The image loss falls with learning.": "this network does",
        "The KL loss falls with learning.": "this network does not",
        "The discriminator's loss (external + internal) falls with learning.": "cannot be told",
    }
    assert judge("fig4", 0, write.folder).status == "this network does"
    write("pad", probe=lambda e: 20.0 + 7 * e % 5)  # scatter
    assert judge("fig4", 0, write.folder).status == "cannot be told"
    for seed in range(3):
        write("pad", seed, probe=lambda e, seed=seed: 20.0 + e + (7 + seed) * e % 5)
    verdict = judge("fig4", 0, write.folder)
    assert verdict.told == "agrees with the paper, 3 networks"


@pytest.mark.parametrize(
    ("epoch", "probe", "status"),
    [
        (60, lambda e: 50 - abs(e - 20) / 4, "this network does"),
        (60, lambda e: 40 + e / 10, "this network does not"),
        (60, lambda e: 50.0 + e % 2, "this network does not"),
        (20, lambda e: 50 - abs(e - 5), "cannot be told"),
    ],
)
def test_a_decline_takes_many_epochs_and_more_than_scatter(write, epoch, probe, status):
    write("wo_nrem", epoch=epoch, probe=probe)
    assert judge("app-fig3", 2, write.folder).status == status
    assert judge("app-fig3", 3, write.folder).status == "cannot be told"


def test_a_decline_of_several_networks_is_tested_over_them(write):
    for seed in range(3):
        write("wo_nrem", seed, 60, probe=lambda e, s=seed: 50 - abs(e - 20) / (4 + s))
        write("wake_only", seed, 60, probe=lambda e, s=seed: 40 + e / (10 + s))
    assert judge("app-fig3", 2, write.folder).told == "agrees with the paper, 3 networks"
    assert judge("app-fig3", 3, write.folder).told == "does not agree with the paper, 3 networks"


def test_dreams_are_compared_early_and_late(write):
    write("pad", epoch=20)
    assert judge("fig3", 0, write.folder).status == "cannot be told"
    write("pad", epoch=1)
    found = judge("fig3", 0, write.folder)  # 100 at epoch 1, 5 at epoch 20
    assert found.told == "this network does"
    assert judge("fig3", 1, write.folder).status == "this network does not"  # 2 and 2
    for seed in (1, 2):
        for epoch in (1, 20):
            distance = {"classifier, NREM dreams": 100 / epoch + seed}
            write("pad", seed, epoch, frechet=distance)
    found = judge("fig3", 0, write.folder)
    assert found.told == "agrees with the paper, 3 networks"
    assert "paired t over networks" in found.grounds


def test_the_catalogue_takes_most_training_and_never_mixes_images_with_reconstructions(write):
    write("pad", epoch=5, accuracy=40.0)
    write("pad", epoch=20, accuracy=50.0)
    write("pad", seed=1, accuracy=90.0, on="reconstructions")
    found, problems = catalogue_module.find([write.folder])
    assert problems == []
    assert [e.header.epoch for e in found.latest("cifar10-small", "pad")] == [20, 20]
    assert [e.header.epoch for e in found.earliest("cifar10-small", "pad")] == [5]
    group = found.group("cifar10-small", "pad")
    assert group.values("linear_separability") == [50.0]


def test_a_longer_network_without_an_evaluation_hides_none_that_has_one(write):
    write("pad", epoch=20, accuracy=58.0)
    write("wo_rem", accuracy=46.0)
    longer = write("pad", epoch=50, accuracy=None)
    assert judge("fig4", 1, write.folder).status == "this network does"
    found, _ = catalogue_module.find([write.folder])
    missing = dict(missing_for(found, ITEMS["table1"], "cifar10-small"))
    assert str(longer) in missing["the evaluation of PAD"]


def test_the_page_is_one_file_that_needs_no_network(write, tmp_path, capsys):
    for condition, accuracy in (("pad", 58.0), ("wo_rem", 46.0), ("wo_nrem", 57.0)):
        write(condition, accuracy=accuracy)
    write("pad", epoch=1, accuracy=30.0)
    out = tmp_path / "new" / "page.html"
    (write.folder / "damaged.safetensors").write_bytes(b"nothing")
    problems = []
    reproduce(list(ITEMS), [write.folder], out, problems.append)
    assert ["damaged.safetensors" in problem for problem in problems] == [True]
    page = out.read_text("utf-8")
    without_plotly = re.sub(r"<script>.*?</script>", "", page, count=1, flags=re.DOTALL)
    assert not re.findall(r"(?:src|href)=[\"'](?:https?:)?//", without_plotly)
    assert page.count("Plotly.newPlot(") >= 8
    assert without_plotly.count("data:image/png;base64,") == 2
    # The paper's values stand beside ours.
    for value in ("58.25 ± 0.70", "46.00 ± 0.43", "58.00", "beside the paper's CIFAR-10"):
        assert value in html.unescape(without_plotly)
    for name, item in ITEMS.items():
        assert f'id="{name}"' in page
        assert item.claims[0].where.split(",")[0] in page


def test_texts_from_files_are_no_html(write, tmp_path):
    evil = "<img src=x onerror=alert(1)>&</script>"
    path = write("pad", accuracy=50.0, on=f"real {evil}")
    network = pad_core.load(path)
    dataset = network.header.dataset | {"name": f"cifar10 {evil}", "note": evil}
    header = replace(network.header, dataset=dataset)
    checkpoint.save(path, network.networks, header, network.memories, bits=8)
    out = tmp_path / "page.html"
    reproduce(list(ITEMS), [write.folder], out)
    page = out.read_text("utf-8")
    assert "<img src=x" not in page
    assert "&</script>" not in page
    assert html.escape(evil) in page  # the note, below each heading


@pytest.mark.parametrize("name", list(ITEMS))
def test_every_item_owns_its_chart_and_its_legend(write, name):
    item = ITEMS[name]
    for condition in item.conditions:
        for epoch in (1, 20):
            write(condition, epoch=epoch)
    found, _ = catalogue_module.find([write.folder])
    assert item.chart(found, "cifar10-small").data
    assert item.chart_beside_paper(found, "cifar10-small").data
    kinds = [part.kind for part in item.parts(found, "cifar10-small")]
    assert kinds == {
        "fig3": ["picture", "picture", "chart"], "fig5": ["chart", "note"],
        "fig6": ["chart", "chart"], "table1": ["table", "chart", *["table"] * 4],
        "app-fig6": ["chart", "note"],
    }.get(name, ["chart"])  # fmt: skip
    assert item.what(found, "cifar10-small") in item.legend(found, "cifar10-small")
    assert item.counts(found, "cifar10-small")
    nothing = catalogue_module.Catalogue([])
    assert item.chart(nothing, "cifar10-small") is None
    assert item.parts(nothing, "cifar10-small") == []


def test_items_have_short_names_of_their_own():
    assert ITEMS["fig4"].short == "Fig. 4"
    assert ITEMS["app-fig3"].short == "Fig. A3"
    assert len({item.short for item in ITEMS.values()}) == len(ITEMS)


def test_nothing_at_hand_gives_a_page_that_says_how_to_begin(tmp_path):
    (tmp_path / "empty").mkdir()
    lines = reproduce(["table1"], [tmp_path / "empty"], tmp_path / "page.html")
    assert any(
        "python -m pad_core train --dataset cifar10 --condition pad --epochs 50" in line
        for line in lines
    )


def test_the_command_lists_its_items_and_refuses_others_in_one_line(capsys, tmp_path):
    assert main(["reproduce"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in ITEMS)
    assert main(["reproduce", "fig33", "--out", str(tmp_path / "x.html")]) == 2
    assert "did you mean 'fig3'" in capsys.readouterr().err
    assert main(["reproduce", "fig3", "--checkpoints", str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(PadError):
        reproduce(["fig3"], [tmp_path / "nowhere"], tmp_path / "x.html")
    assert main(["reproduce", "--out", str(tmp_path / "x.html")]) == 2
    assert "name one, such as table1" in capsys.readouterr().err
    assert main(["reproduce", "fig33", "all"]) == 2
    assert "No item 'fig33'" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_an_error_of_the_command(capsys, tmp_path):
    damaged, out = tmp_path / "damaged.safetensors", tmp_path / "x.html"
    damaged.write_bytes(b"nothing")
    command = ["reproduce", "table1", "--checkpoints", str(damaged), "--out", str(out)]
    assert main(command) == 1
    shown = capsys.readouterr()
    assert "damaged.safetensors" in shown.err
    assert "damaged.safetensors" not in shown.out
    assert out.exists()


def test_all_beside_an_item_is_all(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert main(["reproduce", "table1", "all", "--checkpoints", "empty"]) == 0
    page = (tmp_path / "reports" / "all.html").read_text("utf-8")
    assert all(page.count(f'id="{name}"') == 1 for name in ITEMS)
    capsys.readouterr()


def test_every_condition_has_a_style_of_its_own():
    assert set(CONDITIONS) <= set(STYLES)
    for field in ("label", "colour", "dark"):
        values = [getattr(s, field) for s in STYLES.values()]
        assert len(set(values)) == len(values)
    assert style("my-own") == style("my-own")
    assert style("my-own").label == "my-own"


def test_the_papers_data_sets_are_recognised():
    assert claims.paper_name("cifar10-jpeg") == "CIFAR-10"
    assert claims.paper_name("svhn-small") == "SVHN"
    assert claims.paper_name("fashion-mini") is None
    assert claims.paper_name("cifar100") is None
