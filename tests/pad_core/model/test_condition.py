import json
from dataclasses import replace

import pytest

from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS, PAD, TABLE_1, Condition, Mixture, find_condition


def test_the_conditions_of_the_paper():
    assert TABLE_1 == ("pad", "wo_memory_mix", "wo_rem", "wo_nrem", "wake_only")
    variants = ("rem_noise_only", "rem_memory_only", "rem_before_nrem", "nrem_mixed_memory")
    assert tuple(CONDITIONS) == TABLE_1 + variants
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
    for name in set(CONDITIONS) - {"wo_rem", "wake_only"}:
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


def test_overrides_change_the_name_too():
    condition = find_condition("pad", {"lam_prime": "0.8", "phases": '["wake", "rem"]'})
    assert condition.lam_prime == 0.8
    assert condition.phases == ("wake", "rem")
    assert condition.name == "pad+lam_prime=0.8+phases=wake-rem"
    assert find_condition("pad", {"name": "mine", "lam": "1"}).name == "mine"


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
        ({"phases": ["wake", "rem", "rem"]}, "at most once"),
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
    assert mixed.idle_fields.keys() == {"rem_replay", "weight_internal"}


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
