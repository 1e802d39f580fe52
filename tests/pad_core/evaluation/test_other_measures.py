"""The fields that ``other_measures`` gives, against their parts."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

import pad_core
from pad_core.checkpoint.file import load_header, update_metrics
from pad_core.data.images import to_unit
from pad_core.data.imagesets import ImageSet
from pad_core.data.load import DataSet
from pad_core.evaluation import other_measures, paper_measures
from pad_core.evaluation.corruptions import STRENGTHS
from pad_core.evaluation.evaluate import evaluate, measure_baselines
from pad_core.evaluation.frechet import Features
from pad_core.evaluation.linear_probe import fit_converged
from pad_core.evaluation.neighbours import knn_accuracy, nearest
from pad_core.evaluation.protocol import Protocol
from pad_core.evaluation.statistics import unpack_counts
from pad_core.report.summary import rows_for, tables
from pad_core.system.randomness import generator

PIXELS = Features("a test's features", lambda images: images.flatten(1)[:, ::512])
QUICK = Protocol(
    readout_seeds=2, occlusion_images=60, dreams=50, frechet_images=80, knn_images=60,
    label_draws=2, trunk_images=80, robustness_images=30, quality_images=60, nearest_images=20,
    state_images=20,
)  # fmt: skip


@pytest.fixture(scope="module")
def network(exported):
    return pad_core.load(exported)


@pytest.fixture(scope="module")
def found(network, small):
    return evaluate(network, small, PIXELS, QUICK)


@pytest.fixture(scope="module")
def material(network, small):
    return paper_measures.material_from_dataset(network.networks.encoder, small, QUICK.trunk_images)


def test_material_is_the_same_with_the_trunk_and_without(material, network, small):
    plain = paper_measures.material_from_dataset(network.networks.encoder, small)
    assert plain.trunk is None
    assert torch.equal(plain.latents, material.latents)
    assert torch.equal(plain.train_latents, material.train_latents)


def test_neighbours_are_counted_on_as_many_images_as_said(found, material):
    assert found["knn_n"] == 60
    places = paper_measures.evaluated_images(100, 60, 0)
    for metric in ("cosine", "euclidean"):
        expected = knn_accuracy(
            material.train_latents, material.train_labels, material.latents[places],
            material.labels[places], metric=metric,
        )  # fmt: skip
        assert found["knn"][metric]["20"] == pytest.approx(expected[20], abs=1e-3)


def test_few_labels_stop_where_a_class_has_no_more(found):
    assert set(found["few_labels"]) == {"1", "10"}  # 256 images of ten classes
    assert 10 < found["few_labels"]["1"]["mean"] < found["few_labels"]["10"]["mean"]


def test_the_trunk_is_probed_beside_z(found, material):
    trunk, places = material.trunk, material.trunk.train.places
    assert (found["trunk_n_train"], found["trunk_n_test"]) == (80, 80)
    pooled = fit_converged(trunk.train.pooled, material.train_labels, 10)
    expected = pooled.accuracy(trunk.test.pooled, material.labels)
    assert found["trunk"]["pooled_converged_separability"] == pytest.approx(expected)
    z = fit_converged(material.train_latents[places], material.train_labels[places], 10)
    tested = trunk.test.places
    expected = z.accuracy(material.latents[tested], material.labels[tested])
    assert found["trunk"]["latents_converged_separability"] == pytest.approx(expected)
    assert all(10 < value < 100 for value in found["trunk"].values())


def test_confusions_agree_with_accuracies(found, small):
    confusion = torch.tensor(found["confusion"])
    assert confusion.sum() == 100
    right = 100 * confusion.diagonal().sum().item() / 100
    assert right == pytest.approx(found["converged_separability"])
    counts = small.test.labels.bincount(minlength=10)
    assert confusion.sum(dim=1).tolist() == counts.tolist()
    by_class = torch.tensor(found["class_accuracies"]["paper"])
    mean = float((by_class * counts).sum() / counts.sum())
    assert mean == pytest.approx(found["linear_separability"], abs=1e-3)
    assert found["balanced_accuracy"]["paper"] == pytest.approx(float(by_class.mean()), abs=1e-3)


def test_answers_about_each_image_are_kept(found, small, network):
    assert set(found["right"]) == set(found["right_of"]) == {"0", "30", "50"}
    assert found["right_of"] == {"0": 2, "30": 4, "50": 4}  # two probes, two masks each
    for key, n in (("0", 100), ("30", 60), ("50", 60)):
        counts = unpack_counts(found["right"][key])
        assert len(counts) == n
        accuracy = 100 * counts.mean() / found["right_of"][key]
        expected = found["linear_separability"] if key == "0" else found["occlusion"][key]
        assert accuracy == pytest.approx(expected, abs=1e-3)


def test_errors_of_the_occlusion_curve_contain_images_and_probes(found, network, small, material):
    probes = paper_measures.fit_probes(material, 2)
    places = paper_measures.evaluated_images(100, 60, 0)
    point = next(
        paper_measures.occlusion_curve(
            network.networks.encoder, probes, small.test.images[places],
            small.test.labels[places], intensities=(30,),
        )
    )  # fmt: skip
    share = point.right.double().numpy() / point.of
    assert point.se_images == pytest.approx(100 * share.std() / 60**0.5)
    error = found["occlusion_se"]["30"]
    assert error["images"] == pytest.approx(point.se_images, rel=1e-4)
    assert error["readouts"] == pytest.approx(point.se_probes, rel=1e-4)
    # By hand: each probe's accuracy over both draws of masks.
    random = generator(0, "occlusion curve", 30)
    answers = []
    for _ in range(2):
        latents = paper_measures.encode_occluded(
            network.networks.encoder, small.test.images[places], 0.3, 4, random
        )
        truth = small.test.labels[places]
        answers.append([(r.predict(latents) == truth).double().mean() for r in probes.paper])
    by_probe = 100 * np.mean(answers, axis=0)
    assert point.se_probes == pytest.approx(by_probe.std(ddof=1) / 2**0.5)


def test_the_exact_clean_occluded_ratio_has_the_error_of_both_its_distances(found, material):
    random = torch.Generator().manual_seed(0)
    clean = material.latents
    occluded = clean + 0.1 * torch.randn(clean.shape, generator=random)
    ratios = paper_measures.organisation(clean, material.labels, clean, occluded)
    apart = cdist(clean.double(), clean.double())
    different = material.labels[:, None] != material.labels[None]
    inter = apart[different.numpy()].mean()
    each = (clean.double() - occluded.double()).norm(dim=1).numpy()
    assert ratios["clean_occluded_ratio_exact"] == pytest.approx(each.mean() / inter, rel=1e-4)
    assert ratios["clean_occluded_ratio_se"] >= each.std(ddof=1) / 10 / inter * 0.999
    assert found["clean_occluded_ratio_exact"] == pytest.approx(
        found["clean_occluded_ratio"], rel=0.1
    )


def test_geometry_lies_within_its_bounds(found):
    assert 1 <= found["effective_rank"] <= 256
    assert 1 <= found["participation_ratio"] <= 256
    assert sum(found["spectrum"]) == pytest.approx(1, abs=1e-3)
    assert found["spectrum"] == sorted(found["spectrum"], reverse=True)
    assert 0 < found["alignment"] < 4
    assert found["uniformity"] < 0


def test_dreams_stand_beside_test_images(found):
    for field in ("dream_quality", "nearest"):
        assert set(found[field]) == {"NREM dreams", "REM dreams", "test images"}
    assert found["dream_quality_n"] == 60
    assert found["nearest_n"] == 20
    real = found["dream_quality"]["test images"]
    dreams = found["dream_quality"]["REM dreams"]
    assert real["coverage"] > dreams["coverage"]  # an untrained generator paints grey
    assert real["kernel_distance"] < dreams["kernel_distance"]


def test_nearest_images_tell_recall_from_dreams(network, small, material):
    """A generator that paints the training images themselves recalls, one that paints others
    does not."""
    beside = other_measures.reference(small.train.images, small.test.images, PIXELS, QUICK)
    latents, images = material.train_latents, to_unit(small.train.images)

    class Recalls(torch.nn.Module):
        def forward(self, z):
            return images[torch.cdist(z, latents).argmin(dim=1)]

    copier = replace(network, networks=network.networks._replace(generator=Recalls()))
    found = other_measures.nearest_images(copier, material, beside, 20, 0)["nearest"]
    assert found["NREM dreams"]["pixels_own"] == 100
    assert found["NREM dreams"]["pixels_nearer"] == 100
    assert found["NREM dreams"]["pixels_distance"] == pytest.approx(0, abs=0.05)
    expected = nearest(
        to_unit(small.test.images[paper_measures.evaluated_images(100, 20, 0)]), small.train.images
    ).distances.median()
    assert found["test images"]["pixels_distance"] == pytest.approx(float(expected))


def test_robustness_has_each_corruption_at_five_strengths(found, network, small, material):
    for field in ("robustness", "robustness_converged"):
        values = found[field]
        assert set(values) == {"clean", "mean", *STRENGTHS}
        assert all(list(values[kind]) == ["1", "2", "3", "4", "5"] for kind in STRENGTHS)
    places = paper_measures.evaluated_images(100, 30, 0)
    read_out = fit_converged(material.train_latents, material.train_labels, 10)
    expected = read_out.accuracy(material.latents[places], material.labels[places])
    assert found["robustness_converged"]["clean"]["0"] == pytest.approx(expected, abs=1e-3)
    everything = [found["robustness"][kind][str(s)] for kind in STRENGTHS for s in range(1, 6)]
    assert found["robustness"]["mean"]["0"] == pytest.approx(sum(everything) / 30, abs=1e-3)


def test_ratios_of_squared_distances_stand_beside(found):
    assert found["intra_inter_ratio_squared"] < found["intra_inter_ratio_exact"]
    assert found["clean_occluded_ratio_squared"] < found["clean_occluded_ratio"]


def test_a_header_keeps_all_of_it_and_what_it_cannot_hold_is_never_written(
    exported, found, tmp_path
):
    path = tmp_path / "network.safetensors"
    path.write_bytes(exported.read_bytes())
    update_metrics(path, found)
    assert load_header(path).metrics == json.loads(json.dumps(found))
    for field, value in (("knn", "high"), ("spectrum", [1, "x"]), ("knn_n", -1)):
        before = path.read_bytes()
        with pytest.raises(pad_core.PadError, match=f"metrics.{field}"):
            update_metrics(path, found | {field: value})
        assert path.read_bytes() == before


def test_of_memories_what_needs_images_is_null(network):
    found = evaluate(network, None, PIXELS, QUICK)
    assert found["dream_quality"] == found["nearest"] == {}
    assert found["state_similarity"] is found["trunk"] is None
    assert found["robustness"]["noise"]["5"] > 0
    assert found["knn"]["cosine"]["20"] > 10


def test_few_images_leave_numbers_out_and_the_rest_stands(network, small):
    """Three training images a class: nothing for precision or for 200 neighbours."""
    some = torch.cat([(small.train.labels == k).nonzero()[:3, 0] for k in range(10)])
    train = ImageSet(small.train.images[some], small.train.labels[some])
    tiny = DataSet("tiny", "x", train, small.test, small.class_names, "")
    found = evaluate(network, tiny, PIXELS, replace(QUICK, quality_images=5))
    assert found["dream_quality"] == {}
    assert set(found["knn"]["cosine"]) == {"20"}
    assert set(found["few_labels"]) == {"1"}
    assert found["linear_separability"] > 0


def test_dreams_of_latents_that_were_never_met_are_named_so(found):
    assert found["phases"] == ["wake", "nrem", "rem"]
    (table,) = tables([found])
    assert "never met" not in table.caption
    (table,) = tables([found, found | {"condition": "wo_rem", "phases": ["wake", "nrem"]}])
    assert "REM dreams of w/o REM are of latents that these networks never met" in table.caption


def test_the_table_shows_what_was_measured_and_nothing_for_older_records(found):
    names = [row.name for row in rows_for([found])]
    for expected in ("20 nearest neighbours, cosine, %", "recall, REM dreams", "uniformity"):
        assert expected in names
    older = {k: v for k, v in found.items() if k not in ("knn", "robustness")}
    assert not any("nearest neighbours" in row.name for row in rows_for([older]))
    assert len(tables([found])[0].rows) == len(names)


def test_an_untrained_networks_measures_stand_beside(small, exported, found, tmp_path):
    baselines = measure_baselines(small, QUICK, lambda what, share: None)
    untrained = baselines["untrained"]
    assert untrained["knn"]["cosine"]["20"] > 10
    assert 1 < untrained["effective_rank"] < 256
    assert untrained["few_labels"]["10"]["mean"] > 10
    path = tmp_path / "network.safetensors"
    path.write_bytes(exported.read_bytes())
    update_metrics(path, found | {"baselines": baselines})
    assert load_header(path).metrics["baselines"] == baselines


@pytest.mark.slow
def test_fine_tuning_stands_beside_an_untrained_encoders(network, small):
    protocol = replace(QUICK, fine_tune_epochs=2)
    found = evaluate(network, small, PIXELS, protocol)["fine_tuned"]
    assert found["epochs"] == len(found["by_epoch"]) == 2
    assert found["accuracy"] == found["by_epoch"][-1]
    baselines = measure_baselines(small, protocol, lambda what, share: None)
    assert baselines["untrained"]["fine_tuned"] > 10
    assert evaluate(network, None, PIXELS, protocol)["fine_tuned"] is None
