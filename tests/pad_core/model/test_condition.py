import json
from dataclasses import replace

import pytest

from pad_core.errors import PadError
from pad_core.model.condition import (
    CONDITIONS,
    DISCUSSION,
    PAD,
    PAPER,
    TABLE_1,
    Condition,
    Mixture,
    Recollection,
    find_condition,
)

# The fields that conditions had before those of the Discussion.
FORMER = (
    "name", "phases", "lam", "lam_prime", "noise_level", "rem_replay", "nrem_replay",
    "wake_noise_variance", "weight_image", "weight_kl", "weight_external", "weight_nrem",
    "weight_internal",
)  # fmt: skip


def test_the_conditions_of_the_paper():
    assert TABLE_1 == ("pad", "wo_memory_mix", "wo_rem", "wo_nrem", "wake_only")
    variants = ("rem_noise_only", "rem_memory_only", "rem_before_nrem", "nrem_mixed_memory")
    assert TABLE_1 + variants == PAPER
    assert tuple(CONDITIONS) == PAPER + DISCUSSION
    phases = {name: condition.phases for name, condition in CONDITIONS.items()}
    assert phases["pad"] == ("wake", "nrem", "rem")
    assert phases["rem_before_nrem"] == ("wake", "rem", "nrem")
    assert phases["wo_rem"] == ("wake", "nrem")
    assert phases["wo_nrem"] == ("wake", "rem")
    assert phases["wake_only"] == ("wake",)


def test_changes_without_rem():
    for name in ("wo_rem", "wake_only"):
        assert CONDITIONS[name].weight_external == 0
        assert CONDITIONS[name].wake_noise_variance == 0.5
    assert CONDITIONS["wo_rem"].weight_nrem == 0.5
    for name in set(PAPER) - {"wo_rem", "wake_only"}:
        assert CONDITIONS[name].wake_noise_variance == 0
        assert set(CONDITIONS[name].loss_weights.values()) == {1.0}


def test_where_each_condition_dreams():
    assert PAD.rem_mixture == Mixture(0.5, 0.5, 1.0)
    assert CONDITIONS["wo_memory_mix"].rem_mixture == Mixture(1.0, 1.0, 0.0)
    assert CONDITIONS["rem_noise_only"].rem_mixture.lam_prime == 0
    assert CONDITIONS["rem_memory_only"].rem_mixture.lam_prime == 1


def test_round_trip_through_json():
    for condition in CONDITIONS.values():
        assert Condition.from_dict(json.loads(json.dumps(condition.to_dict()))) == condition


def test_a_condition_of_ones_own(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text('{"base": "wo_nrem", "name": "dreamier", "lam_prime": 0.8}')
    expected = replace(CONDITIONS["wo_nrem"], name="dreamier", lam_prime=0.8)
    assert find_condition(str(path)) == expected


def test_what_is_typed_may_be_nested_without_end():
    with pytest.raises(PadError, match="phases start with 'wake'"):
        find_condition("pad", {"phases": "[" * 100_000, "name": "deep"})


def test_overrides_change_the_name_too():
    condition = find_condition("pad", {"lam_prime": "0.8", "phases": '["wake", "rem"]'})
    assert condition.lam_prime == 0.8
    assert condition.phases == ("wake", "rem")
    assert condition.name == "pad+lam_prime=0.8+phases=wake-rem"
    assert find_condition("pad", {"name": "mine", "lam": "1"}).name == "mine"
    same = {"rate_nrem": "1", "phases": "wake,nrem,rem"}  # what PAD has
    assert find_condition("pad", same) == PAD
    for number in ("0.25", ".25", "+0.25", " .25 "):
        assert find_condition("pad", same | {"lam": number}).name == "pad+lam=0.25"


def test_long_names_of_different_conditions_differ():
    all_ways = "squares,translation,rotation,noise,blur"
    names = {
        find_condition("pad", {"perturbation": all_ways, "perturbation_strength": text}).name
        for text in ("0.25", "0.5")
    }
    assert len(names) == 2
    assert {len(name) for name in names} == {80}


def test_several_names_may_be_typed_with_commas():
    assert find_condition("pad", {"phases": "wake, rem"}).phases == ("wake", "rem")
    assert find_condition("pad", {"perturbation": "squares,blur"}).perturbation == (
        "squares",
        "blur",
    )
    with pytest.raises(PadError, match="base is a field of files alone"):
        find_condition("pad", {"base": "wake_only"})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"lam": 1.2}, "lam is a number from 0 to 1"),
        ({"lam_prime": -0.1}, "from 0 to 1"),
        ({"lam": float("nan")}, "from 0 to 1"),
        ({"lam": "half"}, "from 0 to 1"),
        ({"lam": True}, "from 0 to 1"),
        ({"noise_level": -1}, "at least 0"),
        ({"noise_level": 10**400}, "at least 0"),
        ({"base": ["pad"]}, "no condition"),
        ({"weight_kl": float("inf")}, "at least 0"),
        ({"phases": ["rem"]}, "start with 'wake'"),
        ({"phases": ["wake", "nap"]}, "start with 'wake'"),
        ({"phases": ["wake"] + ["rem"] * 32}, "up to 32"),
        ({"phases": ["wake", "contrast"]}, "needs the field contrast"),
        ({"perturbation": []}, "one or several of squares, translation"),
        ({"perturbation": ["squares", "snow"]}, "one or several of squares, translation"),
        ({"perturbation": [["blur"]]}, "one or several"),
        ({"perturbation": 3}, "one or several"),
        ({"perturbation": ["blur", "blur"]}, "names one twice"),
        ({"perturbation_strength": 1.5}, "from 0 to 1"),
        ({"mixing": "both"}, "'convex' or 'components'"),
        ({"mixing": ["convex"]}, "'convex' or 'components'"),
        ({"memories": 1}, "memories is a whole number from 2 to 16"),
        ({"memories": 2.0}, "a whole number from 2 to 16"),
        ({"memories": True}, "a whole number from 2 to 16"),
        ({"hippocampus": 257}, "a whole number from 1 to 256"),
        ({"hippocampus": 0}, "a whole number from 1 to 256"),
        ({"recency": -0.1}, "from 0 to 1"),
        ({"rate_wake": 0}, "rate_wake is a number above 0"),
        ({"rate_rem": -1.0}, "a number above 0"),
        ({"rate_nrem": float("inf")}, "a number above 0"),
        ({"contrast": "simclr"}, "'none' or 'nt_xent' or 'barlow_twins'"),
        ({"weight_contrast": -1}, "at least 0"),
        ({"temperature": 0}, "temperature is a number above 0"),
        ({"redundancy": "low"}, "at least 0"),
        ({"phases": []}, "start with 'wake'"),
        ({"rem_replay": "twice"}, "'single' or 'mixed'"),
        ({"name": "a/b"}, "name has 1 to 80"),
        ({"name": ""}, "name has 1 to 80"),
        ({"lamda": 0.5}, "no field 'lamda'.*did you mean 'lam'"),
        ({"base": "pud"}, "no condition 'pud'.*did you mean 'pad'"),
        ({"phases": 3}, "start with 'wake'"),
        ({"phases": [["wake"]]}, "start with 'wake'"),
    ],
)
def test_wrong_fields_are_refused_in_words(fields, message):
    with pytest.raises(PadError, match=message):
        Condition.from_dict({"base": "pad", "name": "x"} | fields)


def test_wrong_files_are_refused_in_words(tmp_path):
    with pytest.raises(PadError, match="Cannot read .*none.json"):
        find_condition(str(tmp_path / "none.json"))
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(PadError, match="is not JSON"):
        find_condition(str(tmp_path / "bad.json"))
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(PadError, match="JSON object"):
        find_condition(str(tmp_path / "list.json"))
    (tmp_path / "nameless.json").write_text('{"base": "pad"}')
    with pytest.raises(PadError, match="needs a field 'name'"):
        find_condition(str(tmp_path / "nameless.json"))
    with pytest.raises(PadError, match="did you mean 'wo_rem'"):
        find_condition("wo_ram")


@pytest.mark.parametrize("name", CONDITIONS)
def test_every_condition_can_be_written_out_in_full(name, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(CONDITIONS[name].to_dict()))
    assert find_condition(str(path)) == CONDITIONS[name]
    renamed = CONDITIONS[name].to_dict() | {"name": "mine", "base": name}
    path.write_text(json.dumps(renamed))
    assert find_condition(str(path)) == replace(CONDITIONS[name], name="mine")


def test_built_in_names_mean_the_built_in_conditions(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text('{"base": "pad", "name": "wo_nrem", "lam": 0.2}')
    with pytest.raises(PadError, match="'wo_nrem' is the name of a built-in condition"):
        find_condition(str(path))
    with pytest.raises(PadError, match="'pad' is the name of a built-in condition"):
        find_condition("pad", {"name": "pad", "lam": "0.2"})


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("wo_memory_mix", {"lam": "0.8"}, "lam has no effect.*mixes memories"),
        ("wo_memory_mix", {"noise_level": "2"}, "noise_level has no effect"),
        ("wo_rem", {"lam_prime": "0.8"}, "lam_prime has no effect"),
        ("wo_rem", {"weight_internal": "0.5"}, "weight_internal has no effect.*no REM"),
        ("wo_nrem", {"nrem_replay": "mixed"}, "nrem_replay has no effect.*no NREM"),
        ("wake_only", {"weight_nrem": "2"}, "weight_nrem has no effect.*no NREM"),
        ("rem_noise_only", {"lam": "0.2"}, "lam has no effect.*leaves no memories"),
        ("rem_memory_only", {"noise_level": "2"}, "noise_level has no effect.*leaves no noise"),
        ("wo_nrem", {"perturbation": "blur"}, "perturbation has no effect.*no NREM"),
        ("wake_only", {"contrast": "nt_xent"}, "contrast has no effect.*no NREM"),
        ("wo_rem", {"memories": "4"}, "memories has no effect.*mixes memories"),
        ("rem_noise_only", {"mixing": "components"}, "mixing has no effect.*leaves no memories"),
        ("rem_noise_only", {"hippocampus": "4"}, "hippocampus has no effect.*leaves no memories"),
        ("pad", {"recency": "0.5"}, "recency has no effect.*hippocampus = 1"),
        ("pad", {"lam": "1", "memories": "3"}, "memories has no effect.*lam = 1"),
        ("wo_nrem", {"rate_nrem": "2"}, "rate_nrem has no effect.*no NREM"),
        ("pad", {"rate_contrast": "2"}, "rate_contrast has no effect"),
        ("pad", {"weight_contrast": "2"}, "weight_contrast has no effect.*no contrastive loss"),
        ("barlow_phase", {"temperature": "1"}, "temperature has no effect.*'barlow_twins'"),
        ("contrast_phase", {"redundancy": "1"}, "redundancy has no effect.*'nt_xent'"),
    ],
)
def test_changes_without_effect_are_refused(name, overrides, message, tmp_path):
    with pytest.raises(PadError, match=message):
        find_condition(name, overrides)
    path = tmp_path / "mine.json"
    values = {field: json.loads(v) if v[0].isdigit() else v for field, v in overrides.items()}
    path.write_text(json.dumps({"base": name, "name": "mine"} | values))
    with pytest.raises(PadError, match=message):
        find_condition(str(path))


def test_changes_that_make_others_effective_are_taken():
    assert find_condition("wo_memory_mix", {"rem_replay": "mixed", "lam": "0.8"}).lam == 0.8
    mixed = find_condition("wo_rem", {"nrem_replay": "mixed", "lam_prime": "0.8"})
    assert mixed.idle_fields.keys() == {
        "rem_replay", "weight_internal", "rate_rem", "recency", "rate_contrast",
        "weight_contrast", "temperature", "redundancy",
    }  # fmt: skip
    long = find_condition("pad", {"hippocampus": "8", "recency": "0.5", "memories": "4"})
    assert long.recollection == Recollection(4, 8, 0.5)


@pytest.mark.parametrize(
    ("changes", "trained"),
    [
        ({}, True),
        ({"phases": ("wake", "nrem")}, True),  # by the external loss alone
        ({"phases": ("wake", "nrem"), "weight_external": 0.0}, False),
        ({"weight_external": 0.0}, True),
        ({"weight_external": 0.0, "weight_internal": 0.0}, False),
    ],
)
def test_the_discriminator_is_trained_where_a_loss_reaches_it(changes, trained):
    assert replace(CONDITIONS["pad"], **changes).trains_discriminator is trained


def test_only_conditions_without_rem_leave_the_discriminator_alone():
    alone = {name for name, c in CONDITIONS.items() if not c.trains_discriminator}
    assert alone == {name for name, c in CONDITIONS.items() if "rem" not in c.phases}
    assert {"wo_rem", "wake_only"} <= alone


@pytest.mark.parametrize("name", PAPER)
def test_what_older_files_say_of_a_condition_is_read_as_before(name):
    whole = CONDITIONS[name].to_dict()
    assert Condition.from_dict({field: whole[field] for field in FORMER}) == CONDITIONS[name]
    assert set(whole) > set(FORMER)


def test_what_the_discussion_proposes_differs_from_the_paper_and_from_one_another():
    plain = [replace(c, name="x") for c in CONDITIONS.values()]
    assert all(plain.count(one) == 1 for one in plain)
    for name in DISCUSSION:
        base = CONDITIONS[name].to_dict()
        idle = CONDITIONS[name].idle_fields
        changed = [field for field, value in base.items() if value != PAD.to_dict()[field]]
        assert not set(changed) & set(idle), name


def test_a_single_perturbation_may_be_named_alone():
    assert find_condition("pad", {"perturbation": "blur"}).perturbation == ("blur",)
    several = find_condition("pad", {"perturbation": '["blur", "squares"]'})
    assert several.perturbation == ("blur", "squares")
    assert several.name == "pad+perturbation=blur-squares"


def test_phases_may_come_several_times():
    again = find_condition("pad", {"phases": '["wake", "nrem", "rem", "nrem", "wake"]'})
    assert again.phases == ("wake", "nrem", "rem", "nrem", "wake")


def test_the_contrastive_loss_is_learnt_in_one_place():
    assert PAD.contrast_phase is None
    assert "contrast" not in PAD.loss_weights
    assert CONDITIONS["nrem_contrast"].contrast_phase == "nrem"
    assert CONDITIONS["contrast_phase"].contrast_phase == "contrast"
    assert CONDITIONS["contrast_phase"].loss_weights["contrast"] == 1.0
    awake = replace(PAD, phases=("wake", "rem"), contrast="nt_xent")
    assert awake.contrast_phase is None
