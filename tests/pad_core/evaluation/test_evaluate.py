import json
import shutil
from dataclasses import replace

import pytest
import torch

import pad_core
from pad_core.cli.main import main
from pad_core.data.images import to_unit
from pad_core.data.imagesets import ImageSet
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from pad_core.evaluation import evaluate_files as evaluator
from pad_core.evaluation import paper_measures
from pad_core.evaluation.evaluate import (
    FIELDS,
    Protocol,
    evaluate,
    measure_baselines,
    measure_reference,
    separability,
)
from pad_core.evaluation.frechet import Features, classifier_features
from pad_core.evaluation.linear_probe import fit_converged, train_sgd
from pad_core.model.condition import CONDITIONS
from pad_core.model.networks import build_networks
from pad_core.report.summary import grouped, mean_and_sem

QUICK = Protocol(
    readout_seeds=2, occlusion_images=60, dreams=50, frechet_images=80, knn_images=60,
    label_draws=2, trunk_images=80, robustness_images=30, quality_images=60, nearest_images=20,
    state_images=20,
)  # fmt: skip
PIXELS = Features("a test's features", lambda images: images.flatten(1)[:, ::512])


@pytest.fixture(scope="module")
def on_images(network, small):
    return evaluate(network, small, PIXELS, QUICK)


@pytest.fixture(scope="module")
def on_memories(network):
    return evaluate(network, None, PIXELS, QUICK)


def test_the_object_has_the_documented_fields_and_is_json(on_images, on_memories):
    assert set(on_images) == set(on_memories) == set(FIELDS)
    assert json.loads(json.dumps(on_images, allow_nan=False)) == on_images
    for name in ("dataset", "condition", "on"):
        assert isinstance(on_images[name], str)
    assert (on_images["seed"], on_images["epoch"]) == (3, 0)
    assert (on_images["n_train"], on_images["n_test"]) == (256, 100)
    assert set(on_images["occlusion"]) == {str(i) for i in range(0, 101, 10)}
    assert set(on_images["frechet"]) == {
        f"{PIXELS.name}, {kind} dreams" for kind in ("NREM", "REM")
    }
    assert on_images["frechet_n"] == 80


def test_it_says_what_it_was_measured_on(on_images, on_memories):
    assert on_images["on"] == "real images"
    assert on_memories["on"] == "reconstructions"
    # Neither can be measured without images from outside.
    assert on_memories["realness_auc"] is None
    assert on_memories["frechet"] == {}


def test_a_discriminator_that_nothing_taught_is_not_measured(network, small):
    header = replace(network.header, condition=CONDITIONS["wo_rem"])
    found = evaluate(replace(network, header=header), small, PIXELS, QUICK)
    assert found["realness_auc"] is found["realness_auc_nrem"] is None
    assert found["frechet"]


def test_numbers_are_those_of_their_parts(network, small, on_images):
    encoder = network.networks.encoder
    train, test = paper_measures.latents_of(encoder, small)
    expected = [
        train_sgd(train, small.train.labels, 10, seed).accuracy(test, small.test.labels)
        for seed in (0, 1)
    ]
    assert on_images["linear_separability_by_seed"] == pytest.approx(expected, abs=1e-3)
    assert on_images["linear_separability"] == pytest.approx(sum(expected) / 2, abs=1e-3)
    spread = abs(expected[0] - expected[1]) / 2**0.5
    assert on_images["linear_separability_sd"] == pytest.approx(spread, abs=1e-3)
    converged = fit_converged(train, small.train.labels, 10).accuracy(test, small.test.labels)
    assert on_images["converged_separability"] == pytest.approx(converged)
    while_training = separability(encoder, small, probe_seed=0)
    assert while_training["linear_separability"] == pytest.approx(expected[0], abs=1e-3)
    assert while_training["converged_separability"] == pytest.approx(converged)


def test_evaluating_twice_gives_the_same(network, small, on_images):
    torch.manual_seed(5)
    assert evaluate(network, small, PIXELS, QUICK) == on_images


def test_nothing_is_fitted_to_test_images(network, small, on_images):
    """With other test labels, probes and baselines stay the same: only accuracies change."""
    wrong = ImageSet(small.test.images, (small.test.labels + 1) % 10)
    turned = DataSet(small.name, small.spec, small.train, wrong, small.class_names, small.note)
    m, n = (
        paper_measures.material_from_dataset(network.networks.encoder, d) for d in (small, turned)
    )
    one, other = paper_measures.fit_probes(m, 1), paper_measures.fit_probes(n, 1)
    assert torch.equal(one.paper[0].weight, other.paper[0].weight)
    assert torch.equal(one.converged.weight, other.converged.weight)
    assert evaluate(network, turned, PIXELS, QUICK)["converged_separability"] < 25


def test_occlusion_starts_at_the_clean_accuracy_and_ends_where_all_look_alike(network, small):
    encoder = network.networks.encoder
    material = paper_measures.material_from_dataset(encoder, small)
    probes = paper_measures.fit_probes(material, 2)
    points = list(
        paper_measures.occlusion_curve(encoder, probes, small.test.images, small.test.labels)
    )
    assert [p.intensity for p in points] == list(range(0, 101, 10))
    clean = [r.accuracy(material.latents, material.labels) for r in probes.paper]
    assert points[0].accuracy == pytest.approx(sum(clean) / 2, abs=0.01)
    assert points[0].converged == pytest.approx(
        probes.converged.accuracy(material.latents, material.labels)
    )
    # All images are grey: every probe names one class, and classes are a tenth each.
    share = small.test.labels.bincount(minlength=10).double().max().item()
    assert points[-1].accuracy <= share + 1e-9
    assert all(p.low <= p.accuracy <= p.high for p in points)


def test_each_image_and_draw_has_a_mask_of_its_own(small):
    encoder = build_networks(0).encoder
    image = small.test.images[:1].repeat(4, 1, 1, 1)
    random = torch.Generator().manual_seed(0)
    latents = paper_measures.encode_occluded(encoder, image, 0.5, 4, random)
    assert len({tuple(row.tolist()) for row in latents}) == 4
    again = paper_measures.encode_occluded(encoder, image, 0.5, 4, random)
    assert not torch.equal(latents, again)


def test_square_size_matters(network, small):
    curves = []
    material = paper_measures.material_from_dataset(network.networks.encoder, small)
    probes = paper_measures.fit_probes(material, 1)
    for size in (1, 8):
        points = paper_measures.occlusion_curve(
            network.networks.encoder, probes, small.test.images, small.test.labels,
            size_px=size, intensities=(50,),
        )  # fmt: skip
        curves.append(next(points).converged)
    assert curves[0] != curves[1]


def test_realness_auc_sees_a_discriminator_that_knows(network, small):
    """A head that reads the brightness of the first pixels tells bright images from grey dreams."""
    images = torch.full((20, 3, 32, 32), 255, dtype=torch.uint8)
    latents = torch.zeros(20, 256)  # an untrained generator paints these grey

    class Knowing:
        def logits(self, x):
            return x.mean((1, 2, 3))

    knowing = replace(network, networks=network.networks._replace(encoder=Knowing()))
    found = paper_measures.reality_monitoring(knowing, images, latents)
    assert found == {"realness_auc": 1.0, "realness_auc_nrem": 1.0}


def test_rem_dreams_are_mixtures_and_nrem_dreams_single_memories(network):
    latents = network.memories["train"].latents
    nrem = torch.cat(list(paper_measures.nrem_images(network.networks, latents)))
    with torch.inference_mode():
        assert torch.allclose(nrem, network.networks.generator(latents), atol=1e-5)
    rem = torch.cat(list(paper_measures.rem_images(network, latents, seed=0)))
    assert rem.shape == nrem.shape
    assert not torch.allclose(rem, nrem, atol=1e-3)
    single = replace(network.header, condition=replace(network.condition, rem_replay="single"))
    same = torch.cat(
        list(paper_measures.rem_images(replace(network, header=single), latents, seed=0))
    )
    assert torch.allclose(same, nrem, atol=1e-5)


def test_baselines_stand_beside(small):
    found = measure_baselines(small, QUICK, lambda what, share: None)
    assert set(found) == {"untrained", "pixels"}
    flat = to_unit(small.train.images).flatten(1), to_unit(small.test.images).flatten(1)
    expected = fit_converged(flat[0], small.train.labels, 10).accuracy(flat[1], small.test.labels)
    assert found["pixels"]["converged_separability"] == pytest.approx(expected)
    for values in found.values():
        assert 10 < values["converged_separability"] < 100
        assert 0.5 < values["intra_inter_ratio"] < 1.1
        assert 0 < values["clean_occluded_ratio"] < 2


def test_progress_is_reported_upwards_to_the_end(network, small):
    shares = []
    evaluate(network, small, PIXELS, QUICK, step=lambda what, share: shares.append(share))
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0


def test_a_checkpoint_without_memories_says_so(network):
    empty = {split: replace(m, latents=m.latents[:0], labels=m.labels[:0], indices=m.indices[:0])
             for split, m in network.memories.items()}  # fmt: skip
    with pytest.raises(PadError, match="holds no memories"):
        evaluate(replace(network, memories=empty), None, PIXELS, QUICK)


# --- The command ----------------------------------------------------------------------------------

REQUIRED = (
    "file", "sha256", "dataset", "condition", "seed", "epoch", "n_train", "n_test", "on",
    "linear_separability", "converged_separability", "occlusion", "intra_inter_ratio",
    "clean_occluded_ratio", "realness_auc", "frechet",
)  # fmt: skip


@pytest.fixture
def file(exported, tmp_path):
    return shutil.copy(exported, tmp_path / "network.safetensors")


def test_json_is_a_list_of_objects_and_record_writes_them(file, capsys, monkeypatch):
    monkeypatch.setattr("pad_core.evaluation.evaluate.Protocol", lambda: QUICK)
    assert main(["evaluate", str(file), "--data", "memories", "--json", "--record"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert set(REQUIRED) <= set(found)
    network = pad_core.load(file)
    # The file was rewritten: the hash is that of the file as it lies there now.
    assert network.sha256 == found.pop("sha256")
    assert found.pop("file") == str(file)
    assert network.metrics == found


def test_the_table_names_measures_conditions_and_what_they_rest_on(file, capsys, monkeypatch):
    monkeypatch.setattr("pad_core.evaluation.evaluate.Protocol", lambda: QUICK)
    monkeypatch.setenv("COLUMNS", "160")
    assert main(["evaluate", str(file), "--data", "memories"]) == 0
    shown = capsys.readouterr().out
    for words in ("paper's protocol", "converged separability", "PAD", "reconstructions"):
        assert words in shown


def test_errors_take_one_line(file, tmp_path, capsys):
    missing = tmp_path / "nothing.safetensors"
    for arguments in ([str(missing)], [str(file), "--data", "cifar11"]):
        assert main(["evaluate", *arguments]) == 2
        error = capsys.readouterr().err
        assert error.startswith("pad_core evaluate: ")
        assert error.count("\n") == 1


def test_results_on_other_classes_are_not_recorded(file, tmp_path, monkeypatch, small, capsys):
    other = replace(small, class_names=tuple("abcdefghij"))
    monkeypatch.setattr(evaluator, "load_dataset", lambda spec, root: other)
    before = pad_core.load(file).sha256
    assert main(["evaluate", str(file), "--data", "folder:x", "--record"]) == 2
    assert "classes are not those" in capsys.readouterr().err
    assert pad_core.load(file).sha256 == before


def test_without_inception_the_classifier_takes_its_place_by_its_own_name(monkeypatch, capsys):
    def fails(weights, device):
        raise PadError("No weights.")

    monkeypatch.setattr(evaluator, "inception_features", fails)
    features = evaluator._features("download", "cpu", record=False)
    assert "FID" not in features.name
    assert capsys.readouterr().err.startswith("No FID: No weights. The Fréchet")


@pytest.mark.parametrize(
    ("fid", "record", "message"),
    [
        ("download", True, "No FID to record: No weights. Leave out --fid or --record."),
        ("no/such/file", False, "There is no file no/such/file"),
        (__file__, False, "No weights."),
    ],
)
def test_other_features_take_the_place_of_no_named_weights_and_of_no_record(
    file, monkeypatch, capsys, fid, record, message
):
    def fails(weights, device):
        raise PadError("No weights.")

    monkeypatch.setattr(evaluator, "inception_features", fails)
    before = file.read_bytes()
    assert main(["evaluate", str(file), "--fid", fid, *["--record"] * record]) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert message in shown.err
    assert file.read_bytes() == before


def test_seeds_are_grouped_by_condition_in_the_papers_order(on_images):
    seeds = [on_images | {"seed": s, "linear_separability": 50.0 + s} for s in (0, 1, 2)]
    other = on_images | {"condition": "wo_rem"}
    memories = on_images | {"on": "reconstructions"}
    later = on_images | {"epoch": 9}  # of a seed that is there already
    groups = grouped([other, later, *seeds, seeds[1], memories])
    assert [(g.dataset, g.condition, g.epoch, len(g.evaluations)) for g in groups] == [
        ("small", "pad", 0, 3),
        ("small", "pad", 9, 1),
        ("small", "wo_rem", 0, 1),
        ("small (reconstructions)", "pad", 0, 1),
    ]
    assert mean_and_sem(groups[0].values("linear_separability")) == "51.00 ± 0.58"
    assert mean_and_sem([50.0]) == "50.00"
    assert mean_and_sem([]) == "–"


def test_what_several_networks_share_changes_no_number(small, exported):
    network, features = pad_core.load(exported), classifier_features()
    protocol = replace(QUICK, frechet_images=100)
    shared = measure_reference(small, features, protocol)
    alone, together = (
        evaluate(network, small, features, protocol, beside=beside) for beside in (None, shared)
    )
    assert alone == together
    assert len(alone["frechet"]) == 2
    moved = shared.moments._replace(mean=shared.moments.mean + 1)
    elsewhere = evaluate(network, small, features, protocol, beside=shared._replace(moments=moved))
    assert elsewhere["frechet"] != alone["frechet"]
