"""How much an evaluation measures: numbers of images, draws and probes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Protocol:
    """How much is measured. The defaults take a minute a network on two cores.

    occlusion_images: test images on the occlusion curve, with mask_draws masks each.
    dreams: of each kind, against as many test images, for the AUC of d.
    frechet_images: training images and dreams of each kind, 10,000 in the paper.
    knn_images, robustness_images, state_images: test images for nearest neighbours, for each
        corruption, and for activity in Wake, NREM and REM.
    label_draws: draws of the labelled images, for each number of them.
    trunk_images: training and test images whose features are probed in full.
    quality_images: of either side for precision, recall and the kernel distance.
    nearest_images: dreams of each kind, and test images, whose nearest image is sought.
    fine_tune_epochs: of the encoder with all labels; 0 leaves it out.
    """

    readout_seeds: int = 10
    occlusion_images: int = 2_000
    mask_draws: int = 2
    size_px: int = 4
    dreams: int = 2_000
    frechet_images: int = 10_000
    seed: int = 0
    knn_images: int = 2_000
    label_draws: int = 5
    trunk_images: int = 5_000
    robustness_images: int = 1_000
    quality_images: int = 5_000
    nearest_images: int = 500
    state_images: int = 500
    fine_tune_epochs: int = 0


USUAL = Protocol()
FULL = Protocol(
    occlusion_images=1_000_000, mask_draws=4, dreams=10_000, knn_images=1_000_000, label_draws=20,
    trunk_images=20_000, robustness_images=10_000, quality_images=10_000, nearest_images=2_000,
    state_images=1_000,
)  # fmt: skip
