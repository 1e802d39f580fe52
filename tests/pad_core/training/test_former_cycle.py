"""The paper's nine conditions live, to the bit, the cycle they lived before conditions had more
fields: that cycle stands here as it was, without any of them."""

import math

import pytest
import torch

from pad_core.checkpoint.training_config import Recipe
from pad_core.model import losses, phases
from pad_core.model.condition import CONDITIONS
from pad_core.model.occlusion import draw_uniforms, masks
from pad_core.training.cycle import Trainer

# name: (phases, λ′, REM mixes, NREM mixes, variance in Wake, weights that are not 1)
FORMER = {
    "pad": (("wake", "nrem", "rem"), 0.5, True, False, 0.0, {}),
    "wo_memory_mix": (("wake", "nrem", "rem"), 0.5, False, False, 0.0, {}),
    "wo_rem": (("wake", "nrem"), 0.5, True, False, 0.5, {"external": 0.0, "nrem": 0.5}),
    "wo_nrem": (("wake", "rem"), 0.5, True, False, 0.0, {}),
    "wake_only": (("wake",), 0.5, True, False, 0.5, {"external": 0.0}),
    "rem_noise_only": (("wake", "nrem", "rem"), 0.0, True, False, 0.0, {}),
    "rem_memory_only": (("wake", "nrem", "rem"), 1.0, True, False, 0.0, {}),
    "rem_before_nrem": (("wake", "rem", "nrem"), 0.5, True, False, 0.0, {}),
    "nrem_mixed_memory": (("wake", "nrem", "rem"), 0.5, True, True, 0.0, {}),
}
LEARNS = {
    "wake": ("encoder", "generator"), "nrem": ("encoder",), "rem": ("encoder", "generator"),
}  # fmt: skip


class Former:
    """The former cycle, around a trainer's networks, optimisers and random streams."""

    def __init__(self, trainer, name):
        self.networks, self.optimisers = trainer.networks, trainer.optimisers
        self.streams, self.precision = trainer.streams, trainer.recipe.precision
        self.coasts = trainer.recipe.adam_coasts
        self.order, self.lam_prime, self.rem_mixes, self.nrem_mixes, self.variance, weights = (
            FORMER[name]
        )
        self.weights = dict.fromkeys(("image", "kl", "external", "nrem", "internal"), 1.0) | weights
        self.current = self.previous = None

    def cycle(self, images):
        named = {}
        for phase in self.order:
            with torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bf16"):
                found = self.live(phase, images)
            live = {name: loss for name, loss in found.items() if self.weights[name] > 0}
            total = torch.stack([self.weights[name] * loss for name, loss in live.items()]).sum()
            for optimiser in self.optimisers.values():
                optimiser.zero_grad(set_to_none=not self.coasts)
            total.backward()
            for name in LEARNS[phase]:
                self.optimisers[name].step()
            named |= {name: loss.detach() for name, loss in live.items()}
        return named

    def live(self, phase, images):
        encoder, generator = self.networks
        if phase == "wake":
            noise = None
            if self.variance:
                noise = self.normal("wake noise", (len(images), 256)) * math.sqrt(self.variance)
            found, latents = phases.wake(self.networks, images, noise)
            self.previous, self.current = self.current, latents.detach()
            return found
        if phase == "nrem":
            random = self.streams["nrem mask"]
            intensity = torch.rand((1,), generator=random)
            size = torch.randint(1, 9, (1,), generator=random)
            mask = masks(draw_uniforms(1, random), intensity, size)
            replayed = self.recall(self.nrem_mixes, "nrem noise")
            with torch.no_grad():
                dream = generator(replayed) * mask
            return {"nrem": losses.reconstruction(replayed, encoder.latents(dream))}
        return phases.rem(self.networks, self.recall(self.rem_mixes, "rem noise"))

    def recall(self, mixed, stream):
        if not mixed:
            return self.current
        noise = self.normal(stream, self.current.shape)
        previous = self.current if self.previous is None else self.previous
        memories = 0.5 * self.current + (1.0 - 0.5) * previous
        return self.lam_prime * memories + (1.0 - self.lam_prime) * (1.0 * noise)

    def normal(self, stream, shape):
        return torch.randn(shape, generator=self.streams[stream])


def trainer(name, **fields):
    return Trainer(Recipe("x", CONDITIONS[name], epochs=1, batch_size=6, **fields))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        *((name, {}) for name in FORMER),
        pytest.param("nrem_mixed_memory", {"precision": "bf16"}, marks=pytest.mark.slow),
        ("wo_rem", {"adam_coasts": True}),
    ],
)
def test_the_papers_conditions_live_as_they_did_to_the_bit(name, fields, random):
    now, twin = trainer(name, **fields), trainer(name, **fields)
    former = Former(twin, name)
    for _ in range(3):
        images = torch.rand((6, 3, 32, 32), generator=random) * 2 - 1
        found, expected = now.cycle(images), former.cycle(images)
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[loss], expected[loss]) for loss in expected)
    ours, theirs = now.state(), twin.state()
    assert {key for key in ours if key != "hippocampus"} == set(theirs)
    assert torch.equal(ours.pop("hippocampus"), former.current)
    for key, value in ours.items():
        assert torch.equal(value, theirs[key]), key
