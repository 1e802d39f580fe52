"""t-SNE: a nonlinear picture of which latents are near one another."""

from __future__ import annotations

import numpy as np
import torch

_PERPLEXITY = 30.0
_SEED = 0


def tsne(latents: torch.Tensor, dims: int) -> np.ndarray:
    """t-SNE of N ≥ 4 latents (N, 256): float32 (N, dims), the same each time.

    Neighbours stay neighbours, but distances between groups, their sizes and the axes mean
    nothing (van der Maaten and Hinton 2008). It begins with principal components, has no inverse,
    and no place for latents that it wasn't computed from.
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(_PERPLEXITY, (len(latents) - 1) / 3)
    made = TSNE(dims, perplexity=perplexity, init="pca", random_state=_SEED)
    with threadpool_limits(1):  # several threads wait for one another where pages are drawn, too
        return np.asarray(made.fit_transform(latents.numpy()), np.float32)
