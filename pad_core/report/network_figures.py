"""The report's pictures that need the networks: their dreams and latents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import torch
from plotly.subplots import make_subplots

from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import picture_grid, png_bytes
from pad_core.evaluation.formulas import principal_components
from pad_core.evaluation.paper_measures import LATENT_INTENSITY
from pad_core.model.dreams import rem_dreams
from pad_core.model.occlusion import occlude
from pad_core.report.figures import finished, shaded
from pad_core.report.palette import style
from pad_core.system.randomness import generator

# The paper's Figure 6 shows only classes 0 to 3, in these colours (Okabe and Ito's).
CLASS_COLOURS = ("#8e6bbf", "#2ba3c7", "#d9a400", "#d1495b")


@torch.inference_mode()
def pca_scatter(networks: Sequence[PadNetwork]) -> go.Figure:
    """Figure 6b–d: stored test memories of four classes, clean (full) and 30 % occluded (open).

    Occluded latents are those of occluded reconstructions, E(G(z) ⊙ Ω), since a checkpoint holds
    no images. Both kinds are projected onto the components of the network's clean latents.
    """
    titles = []
    names = [style(network.condition.name).label for network in networks]
    figure = make_subplots(1, len(networks), horizontal_spacing=0.06, subplot_titles=names)
    for column, network in enumerate(networks, start=1):
        memories = network.memories["test"]
        projection = principal_components(memories.latents)
        titles.append(projection.explained)
        shown = torch.cat([(memories.labels == k).nonzero().flatten()[:40] for k in range(4)])
        latents, labels = memories.latents[shown], memories.labels[shown].cpu()
        random = generator(0, "figure 6")
        images = occlude(network.networks.generator(latents).cpu(), LATENT_INTENSITY, 4, random)
        blurred = network.networks.encoder.latents(images.to(latents.device))
        clean, occluded = projection.project(latents), projection.project(blurred)
        for label, colour in enumerate(CLASS_COLOURS):
            mine = (labels == label).numpy()
            lines = np.stack([clean[mine], occluded[mine], np.full((mine.sum(), 2), np.nan)], 1)
            name = network.class_names[label] if label < len(network.class_names) else ""
            common = {"legendgroup": name, "row": 1, "col": column}
            figure.add_scatter(
                x=lines[:, :, 0].ravel(), y=lines[:, :, 1].ravel(), mode="lines", hoverinfo="skip",
                line={"color": shaded(colour, 0.3), "width": 1}, showlegend=False, **common,
            )  # fmt: skip
            for points, symbol, suffix in (
                (clean, "circle", ""),
                (occluded, "circle-open", ", 30 % occluded"),
            ):
                figure.add_scatter(
                    x=points[mine, 0], y=points[mine, 1], mode="markers", name=name + suffix,
                    marker={"color": colour, "symbol": symbol, "size": 6},
                    showlegend=column == 1, **common,
                )  # fmt: skip
    figure = finished(figure, "first component", "second component")
    for column, explained in enumerate(titles, start=1):
        text = f"component 1 ({100 * explained[0]:.0f} % of variance)"
        figure.update_xaxes(title_text=text, row=1, col=column)
        text = f"component 2 ({100 * explained[1]:.0f} %)"
        figure.update_yaxes(title_text=text, row=1, col=column)
    return figure.update_layout(height=440)


@torch.inference_mode()
def dream_grid(network: PadNetwork, n: int = 12) -> bytes:
    """PNG, two rows: NREM dreams G(z) of stored training memories, and REM dreams of mixtures."""
    latents = network.memories["train"].latents
    chosen = torch.randperm(len(latents), generator=generator(0, "figure 3"))[: 2 * n]
    current, previous = latents[chosen[:n]], latents[chosen[n:]]
    rem = rem_dreams(network.networks, current, previous, network.condition.rem_mixture, seed=0)
    both = torch.cat([network.networks.generator(current), rem.dreams])
    return png_bytes(picture_grid(both, columns=n, gap_px=2), scale=2)
