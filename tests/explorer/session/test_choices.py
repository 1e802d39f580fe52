"""The viewer's choices, to the page's address and back."""

import pytest

from explorer.session.choices import LIMITS, PARAMETERS, Choices, Dream
from pad_core.system.randomness import MAX_SEED

CHANGED = Choices.of(
    checkpoint="runs/ä b&c=d/latest.safetensors",
    folder="/data/my checkpoints",
    split="train",
    seed=MAX_SEED,
    intensity=0.07,
    size_px=8,
    lam=1.0,
    lam_prime=0.0,
    noise_level=1.25,
    compared=("a b.safetensors", "upload:c&d.safetensors"),
    present="1",
    first=17,
    second=-2,
    sight="plane",
    cloud="stored",
    colour="nearest",
    onto="probe",
    left=3,
    right=5,
    dims="3",
    beside="runs/b.safetensors",
    axes="own",
    joined="1",
    picked=0,
    spot="0:-1.25:3:0.5",
    view="-1_-2_3_4.5_-0.5_0.35",
    drawn="in0_-0.5_0.35_1_2_3_4~out1.3.12_0_0_1_2_3_4_-5_6",
    hidden="0_12",
    wall="rem",
    against="c.safetensors",
    amplified=8,
    measure="paper",
    pixel_noise=0.25,
)


@pytest.mark.parametrize("choices", [Choices.of(), CHANGED])
def test_an_address_brings_back_the_choices(choices):
    assert Choices.from_query(choices.to_query()) == choices


# An address of the first version, with every parameter.
OLD = {
    "checkpoint": "runs/ä b&c=d/latest.safetensors",
    "folder": "/data/my checkpoints",
    "split": "train",
    "seed": "4294967295",
    "intensity": "0.07",
    "size_px": "8",
    "lam": "1",
    "lam_prime": "0",
    "noise_level": "1.25",
    "compared": ["a b.safetensors", "upload:c&d.safetensors"],
    "present": "1",
    "first": "17",
    "second": "-2",
    "sight": "plane",
    "cloud": "stored",
    "dims": "3",
    "beside": "runs/b.safetensors",
    "axes": "own",
    "joined": "1",
    "picked": "0",
    "spot": "0:-1.25:3:0.5",
    "view": "-1_-2_3_4.5_-0.5_0.35",
    "drawn": "in0_-0.5_0.35_1_2_3_4~out1.3.12_0_0_1_2_3_4_-5_6",
    "hidden": "0_12",
    "wall": "rem",
    "against": "c.safetensors",
    "amplified": "8",
    "curves": "epochs",
    "figure": "fig6",
    "log": "1",
    "stage": "20",
    "abreast": "rem",
    "step": "6",
    "measure": "paper",
    "pixel_noise": "0.25",
    "lab": "recall",
    "toward": "unit:17",
    "steps": "30",
    "prior": "1.5",
    "course": "class:3,40,0.1;real,60,0",
    "at": "12",
    "through": "generator",
    "begin": "memory",
    "side": "64",
    "unit": "17",
    "driven": "-2.5",
    "disguise": "others",
    "cue": "occluded",
    "lost": "0.25",
    "beta": "80",
    "lesion": "silence",
    "hurt": "0.1",
    "damage": "few",
    "harm": "0.75",
    "over": "2",
    "kin": "search",
    "one": "1",
    "other": "7",
    "tries": "9",
    "both": "1,4",
    "dreams": "400",
    "forget": "0.8",
    "realness": "-1",
    "novelty": "2",
    "coherence": "0",
    "salience": "0.5",
    "marked": "class:3;component:0",
    "asleep": "nrem",
}


def test_an_address_of_before_means_what_it_meant():
    assert set(OLD) <= set(PARAMETERS)  # newer ones have their defaults
    choices = Choices.from_query(OLD)
    assert choices.to_query() == OLD
    assert choices.networks.compared == ("a b.safetensors", "upload:c&d.safetensors")
    assert choices.dream == Dream("train", MAX_SEED, 17, -2, 0.07, 8, 1.0, 0.0, 1.25)
    assert (choices.wall.pictures, choices.curves.part) == ("rem", "epochs")


def test_an_address_says_all_that_the_pictures_depend_on():
    # Defaults of dials stand in it, too: it means the same if another version changes them.
    assert Choices.of(checkpoint="a.safetensors").to_query() == {
        "checkpoint": "a.safetensors", "split": "test", "seed": "0", "intensity": "0.3",
        "size_px": "4", "lam": "0.5", "lam_prime": "0.5", "noise_level": "1",
    }  # fmt: skip


def test_every_step_of_every_number_survives_the_address():
    for name, (low, high, step) in LIMITS.items():
        for value in [low, high, low + step, high - step, low + 7 * step]:
            value = type(low)(round(value, 2))
            query = Choices.of(**{name: value}).to_query()
            assert Choices.from_query(query).value(name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lam", "1.01"), ("lam", "-0.01"), ("lam", "nan"), ("lam", "inf"), ("lam", "half"),
        ("lam", ""), ("lam_prime", "2"), ("noise_level", "-1"), ("noise_level", "1e9"),
        ("intensity", "1,5"), ("size_px", "0"), ("size_px", "9"), ("size_px", "2.5"),
        ("seed", "-1"), ("seed", "1.5"), ("seed", str(MAX_SEED + 1)), ("seed", "nan"),
        ("split", "validation"), ("first", "-3"), ("second", "1.5"), ("sight", "far"),
        ("view", "1_2_3"), ("view", "0_0_0_1"), ("view", "0_0_nan_1"), ("drawn", "in0_1_2"),
        ("drawn", "in0_1_2_3_4~"), ("drawn", "at0_1_2_3_4"), ("hidden", "-1"), ("hidden", "cat"),
    ],
)  # fmt: skip
def test_what_an_address_gets_wrong_keeps_its_default(name, text):
    assert Choices.from_query({name: text, "lam_prime" if name == "lam" else "lam": "0.25"}) == (
        Choices.of(**{"lam_prime" if name == "lam" else "lam": 0.25})
    )


def test_what_an_address_knows_more_is_ignored():
    assert Choices.from_query({"colour": "red", "seed": "3"}) == Choices.of(seed=3)


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("seed", 3.7, 4), ("seed", -1.0, 0), ("seed", 1e12, MAX_SEED), ("size_px", 0.0, 1),
        ("lam", 1.5, 1.0), ("lam", -0.2, 0.0), ("lam", 0.554, 0.55), ("noise_level", 1e9, 10.0),
    ],
)  # fmt: skip
def test_the_nearest_value_to_what_was_typed(name, typed, value):
    nearest = LIMITS[name].nearest(typed)
    assert nearest == value
    assert type(nearest) is type(value)
