"""What one viewer has dreamt is there for the next one, and is nobody else's."""

from dataclasses import replace

import pytest
import torch

from explorer.dreaming import dreams
from explorer.session.choices import PICTURE, Dream
from explorer.widgets import kept_dreams as cache
from explorer.widgets.plane.cache import grid


@pytest.fixture(autouse=True)
def forgotten():
    """Nothing is known from other tests."""
    for kept in (cache._recall, cache._perturb, cache._mix):
        kept.clear()


def test_the_same_dream_is_computed_once(network, monkeypatch):
    asked = []
    mix = dreams.mix
    monkeypatch.setattr(dreams, "mix", lambda *given: asked.append(given) or mix(*given))
    recalled = cache.recall(network, Dream(), {})
    first = cache.mix(network, recalled, Dream())
    assert cache.mix(network, cache.recall(network, Dream(), {}), Dream()) is first
    assert len(asked) == 1


@pytest.mark.parametrize(
    "change", [{"lam": 0.1}, {"lam_prime": 0.1}, {"noise_level": 2.0}, {"seed": 3}]
)
def test_every_dial_of_rem_makes_another_dream(network, change):
    recalled = cache.recall(network, Dream(), {})
    usual, other = (cache.mix(network, recalled, d) for d in (Dream(), replace(Dream(), **change)))
    assert (usual.picture != other.picture).any()


@pytest.mark.parametrize("change", [{"intensity": 0.9}, {"size_px": 8}, {"seed": 3}])
def test_every_dial_of_nrem_makes_another_dream(network, change):
    recalled = cache.recall(network, Dream(), {})
    usual, other = (
        cache.perturb(network, recalled, d) for d in (Dream(), replace(Dream(), **change))
    )
    assert (usual.picture != other.picture).any()


@pytest.mark.parametrize("change", [{"split": "train"}, {"seed": 3}, {"first": 5}, {"second": 5}])
def test_other_memories_are_recalled_anew(network, change):
    usual = cache.recall(network, Dream(), {})
    other = cache.recall(network, replace(Dream(), **change), {})
    assert cache.identity(usual) != cache.identity(other)


def test_a_viewer_s_own_picture_is_no_one_else_s(network):
    dream = replace(Dream(), first=PICTURE)
    grey, black = (
        cache.recall(network, dream, {"first": torch.full((3, 32, 32), value, dtype=torch.uint8)})
        for value in (128, 0)
    )
    assert not torch.equal(grey.current[0], black.current[0])


def test_the_plane_s_grid_is_made_once_and_has_a_dream_for_each_place(network):
    recalled = cache.recall(network, Dream(), {})
    found = grid(network, recalled, 1.0, 0)
    assert grid(network, recalled, 1.0, 0) is found
    assert len(found.dreams) == found.steps**2
    assert grid(network, recalled, 2.0, 0).atlas != found.atlas
