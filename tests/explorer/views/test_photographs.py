"""Who comes without an address has photographs chosen, and goes on to any page."""

import pytest

from explorer.journal.entry import Kept
from explorer.library import networks
from explorer.session.choices import BY_SEED, PICTURE, Choices, Dream
from explorer.views.lab.sights import SIGHTS
from tests.explorer.pages import opened

CHOSEN = {"split": "photographs", "first": 3, "second": 1}
PAGES = [
    *(("dream", {"sight": sight}) for sight in ("night", "plane", "wall")),
    *(("wall", {"wall": pictures}) for pictures in ("recalled", "nrem", "rem")),
    *(("lab", {"lab": sight}) for sight in SIGHTS),
    *((view, {}) for view in ("start", "storyboard", "map", "probe", "train", "journal", "about")),
    ("curves", {"curves": "epochs"}),
]


@pytest.mark.parametrize(("view", "query"), PAGES)
def test_each_page_opens_on_photographs(root, view, query):
    at = opened(view, 120, **CHOSEN, **query)
    assert not at.error


@pytest.mark.parametrize(("view", "query"), [("lab", {"lab": "lucid"}), ("dream", {})])
def test_the_menu_names_the_split_that_is_shown(root, view, query, monkeypatch):
    at = opened(view, 120, **CHOSEN, **query)
    (menu,) = [box for box in at.selectbox if box.label == "Memories of"]
    assert menu.value == ("test" if view == "lab" else "photographs")
    monkeypatch.setattr("explorer.dreaming.memories.album", lambda names: None)
    (menu,) = [box for box in opened(view, 120, **CHOSEN).selectbox if box.label == "Memories of"]
    assert menu.value == "test"


def test_photographs_give_way_to_the_seeds_memories_where_only_stored_ones_are_shown():
    assert Dream(**CHOSEN).stored == Dream(split="test", first=BY_SEED, second=BY_SEED)
    assert Dream(split="photographs", first=PICTURE).stored.first == PICTURE
    assert Dream(split="train", first=3).stored == Dream(split="train", first=3)


def test_a_kept_dream_says_what_it_was_made_of(root, monkeypatch):
    key = next(iter(networks.list_checkpoints("", None).headers))
    network = networks.load(key, None)
    choices = Choices.of(**CHOSEN)
    assert " · photographs, seed 0" in Kept.now(network, choices).facts[1]
    monkeypatch.setattr("explorer.dreaming.memories.album", lambda names: None)
    kept = Kept.now(network, choices)  # of a network for which none ship
    assert kept.dream.split == "test"
    assert " · test memories, seed 0" in kept.facts[1]
