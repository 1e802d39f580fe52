"""t-SNE of the map's latents."""

import numpy as np
import pytest
import torch

from explorer.views.map.neighbourhoods import tsne


@pytest.mark.parametrize("dims", [2, 3])
def test_groups_stay_groups_and_the_picture_is_the_same_each_time(dims):
    random = torch.Generator().manual_seed(0)
    centres = 30 * torch.randn(3, 256, generator=random)
    latents = centres.repeat_interleave(60, 0) + torch.randn(180, 256, generator=random)
    places = tsne(latents, dims)
    assert places.shape == (180, dims)
    assert places.dtype == np.float32
    apart = np.linalg.norm(places[:, None] - places, axis=2) + np.diag(np.full(180, np.inf))
    assert (apart.argmin(axis=1) // 60 == np.arange(180) // 60).mean() > 0.95
    assert np.array_equal(places, tsne(latents, dims))


def test_few_latents_have_a_picture_too():
    assert np.isfinite(tsne(torch.randn(4, 256), 2)).all()
