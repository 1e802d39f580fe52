"""The record of an evaluation: one declaration for each field.

What the fields mean (``FIELDS``), the checks of a header (``schema``), the rows of every table
and the columns of the cards (``ROWS``) all derive from it. Declare a new measure here and compute
it in ``pad_core.evaluation``.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple, TypedDict, get_type_hints

from pad_core.system.declared import Count, Name, Number

MOST_CLASSES = 100  # up to here the confusion matrix is recorded

Maybe = Number | None
ByName = dict[str, Maybe]


class TableRow(NamedTuple):
    """A number's row in a table: its name, decimals, and place in an evaluation.

    path: within its field where a field declares it, in the whole evaluation in ``ROWS``; '*'
    stands for every name recorded there, and so does '{}' in ``name``. card: the heading of its
    column in the cards, '' for none.
    """

    name: str
    digits: int
    path: tuple[str, ...] = ()
    card: str = ""


class Field:
    """What a field of an evaluation means, and its rows in tables.

    needed: an evaluation without it is refused, because it says of which network or images it is.
    subject: the table in which its rows stand.
    """

    def __init__(
        self, meaning: str, *rows: TableRow, needed: bool = False, subject: str = "As in the paper"
    ) -> None:
        self.meaning, self.rows, self.needed, self.subject = meaning, rows, needed, subject


_READ_OUTS, _GEOMETRY = "Other read-outs", "Geometry of the latents"
_JUDGED, _ROBUST, _SLEEP = "Dreams", "Other disturbances", "Sleep beside Wake"

_DREAMS = ("NREM dreams", "REM dreams")


class Evaluation(TypedDict, total=False):
    """A JSON-ready object. A value that could not be measured is null, or empty."""

    dataset: Annotated[Name, Field("data set the network was measured on", needed=True)]
    dataset_sha256: Annotated[str | None, Field("its fingerprint, null where none is known")]
    trained_on: Annotated[Name, Field("data set it was trained on, as its header names it")]
    condition: Annotated[
        Name,
        Field(
            "name of the condition; '+adam_coasts=True' behind it where Adam coasted", needed=True
        ),
    ]
    seed: Annotated[Count, Field("of the network's training", needed=True)]
    epoch: Annotated[Count, Field("of training it had finished", needed=True)]
    phases: Annotated[
        list[Name],
        Field(
            "that the condition lives through; without 'rem', the network has never met such "
            "latents as REM dreams are made of"
        ),
    ]
    on: Annotated[
        Name,
        Field(
            "'real images', or 'reconstructions' of stored memories if the data set is not there",
            needed=True,
        ),
    ]
    n_train: Annotated[Count, Field("latents that probes were fitted to", needed=True)]
    n_test: Annotated[Count, Field("latents that they were tested on", needed=True)]
    linear_separability: Annotated[
        Maybe,
        Field(
            "percent, the paper's protocol (§4.4.1–2), mean over probe seeds",
            TableRow("linear separability, paper's protocol, %", 2, card="by the paper's protocol"),
            needed=True,
        ),
    ]
    linear_separability_sd: Annotated[
        Maybe,
        Field(
            "its standard deviation over probe seeds, in points",
            TableRow("   SD over probe seeds, points", 2),
        ),
    ]
    linear_separability_by_seed: Annotated[list[Number], Field("percent for each probe seed")]
    converged_separability: Annotated[
        Maybe,
        Field(
            "percent, converged logistic regression: another measure",
            TableRow("converged separability, %", 2, card="converged"),
            subject=_READ_OUTS,
        ),
    ]
    occlusion: Annotated[
        dict[str, Number],
        Field(
            "intensity in percent → accuracy in percent (Figure 5), paper's protocol",
            *(
                TableRow(f"{p} % occluded, paper's protocol, %", 2, (p,), card=f"{p} % occluded")
                for p in ("30", "50")
            ),
        ),
    ]
    occlusion_interval: Annotated[
        dict[str, tuple[Number, Number]],
        Field("intensity → 95 % interval over images, in percent"),
    ]
    occlusion_se: Annotated[
        dict[str, ByName] | None,
        Field(
            "intensity → standard errors of its accuracy in points: over 'images', and over "
            "'readouts' (null for one)"
        ),
    ]
    right: Annotated[
        dict[str, str] | None,
        Field(
            "intensity 0 (all test images), 30 and 50 → how many pairs of probe and mask were "
            "right about each image, a character each: 0–9, A–Z, a–z for 0 to 61; for tests on "
            "the same images"
        ),
    ]
    right_of: Annotated[ByName | None, Field("intensity → the number of these pairs")]
    occlusion_converged: Annotated[
        dict[str, Number],
        Field("intensity → accuracy in percent of the converged probe"),
    ]
    occlusion_n: Annotated[Count, Field("images on the occlusion curve", needed=True)]
    intra_inter_ratio: Annotated[
        Maybe,
        Field(
            "by the paper's sampled pairs (§4.4.4, Figure 6e)",
            TableRow("intra/inter-class distance", 3, card="intra/inter"),
        ),
    ]
    intra_inter_ratio_exact: Annotated[
        Maybe, Field("the same over all pairs", TableRow("   over all pairs", 3))
    ]
    intra_inter_ratio_se: Annotated[
        Maybe,
        Field(
            "standard error over ten disjoint parts of the images, exact pairs; over fewer parts "
            "if a class has fewer than 20 images"
        ),
    ]
    clean_occluded_ratio: Annotated[
        Maybe,
        Field(
            "by the paper's sampled pairs at 30 % occlusion (Figure 6f)",
            TableRow("clean-occluded/inter distance", 3, card="clean-occluded/inter"),
        ),
    ]
    clean_occluded_ratio_exact: Annotated[Maybe, Field("the same over all images and all pairs")]
    clean_occluded_ratio_se: Annotated[Maybe, Field("its standard error over images")]
    intra_inter_ratio_squared: Annotated[
        Maybe,
        Field(
            "of squared distances over all pairs, as in the published code (there on training "
            "images)",
            TableRow("intra/inter, squared, over all pairs", 3),
            subject=_GEOMETRY,
        ),
    ]
    clean_occluded_ratio_squared: Annotated[
        Maybe,
        Field(
            "mean squared distance over that between classes",
            TableRow("clean-occluded/inter, squared", 3),
            subject=_GEOMETRY,
        ),
    ]
    realness_auc: Annotated[
        Maybe,
        Field(
            "ROC AUC of d, test images against REM dreams; null without real images, or if no "
            "loss trains d",
            TableRow("AUC of d, images against REM dreams", 3),
            subject=_JUDGED,
        ),
    ]
    realness_auc_nrem: Annotated[
        Maybe,
        Field(
            "the same against NREM dreams",
            TableRow("AUC of d, images against NREM dreams", 3),
            subject=_JUDGED,
        ),
    ]
    frechet: Annotated[
        ByName,
        Field(
            "name of the features and kind of dream → distance; empty without real images",
            TableRow("{}", 3, ("*",)),
            subject=_JUDGED,
        ),
    ]
    frechet_n: Annotated[Count, Field("images on each side of it")]
    knn: Annotated[
        dict[str, ByName] | None,
        Field(
            "'cosine', 'euclidean' → k → percent right of the k nearest training latents' vote",
            *(
                TableRow(f"{k} nearest neighbours, {metric}, %", 2, (metric.lower(), k))
                for metric in ("cosine", "Euclidean")
                for k in ("20", "200")
            ),
            subject=_READ_OUTS,
        ),
    ]
    knn_n: Annotated[Count, Field("test images it rests on")]
    few_labels: Annotated[
        dict[str, ByName] | None,
        Field(
            "labelled images a class → 'mean' percent of converged probes and 'sd' over draws; "
            "a number that some class does not have is left out",
            TableRow("1 label a class, converged, %", 2, ("1", "mean")),
            TableRow("10 labels a class, converged, %", 2, ("10", "mean")),
            TableRow("100 labels a class, converged, %", 2, ("100", "mean")),
            subject=_READ_OUTS,
        ),
    ]
    trunk: Annotated[
        ByName | None,
        Field(
            "percent: linear probes of the features before z, averaged over their 4 × 4 places "
            "('pooled_…', all images; the paper's protocol with at most four seeds) and in full "
            "('features_…'), and of z fitted to as few images ('latents_…')",
            TableRow("trunk, pooled, paper's protocol, %", 2, ("pooled_linear_separability",)),
            TableRow("trunk, pooled, converged, %", 2, ("pooled_converged_separability",)),
            TableRow("trunk in full, fewer images, %", 2, ("features_converged_separability",)),
            TableRow("z of as few images, converged, %", 2, ("latents_converged_separability",)),
            subject=_READ_OUTS,
        ),
    ]
    trunk_n_train: Annotated[
        Count, Field("images that the probes of features in full were fitted to")
    ]
    trunk_n_test: Annotated[Count, Field("images that they were tested on")]
    confusion: Annotated[
        list[list[Maybe]] | None,
        Field(
            "counts of the converged probe, true class by predicted class; null beyond "
            f"{MOST_CLASSES} classes"
        ),
    ]
    class_accuracies: Annotated[
        dict[str, list[Maybe]] | None,
        Field("'paper', 'converged' → percent right of each class"),
    ]
    balanced_accuracy: Annotated[
        ByName | None,
        Field(
            "'paper', 'converged' → mean over classes of these, which counts all classes alike",
            TableRow("balanced accuracy, paper's protocol, %", 2, ("paper",)),
            subject=_READ_OUTS,
        ),
    ]
    majority_class: Annotated[
        Maybe,
        Field(
            "percent right by always naming the most frequent training class: chance",
            TableRow("chance: the most frequent class, %", 2),
            subject=_READ_OUTS,
        ),
    ]
    effective_rank: Annotated[
        Maybe,
        Field(
            "RankMe of the training latents: from 1 to 256 dimensions",
            TableRow("effective rank (RankMe)", 1),
            subject=_GEOMETRY,
        ),
    ]
    participation_ratio: Annotated[
        Maybe,
        Field(
            "(Σλ)²/Σλ² of their covariance: from 1 to 256 dimensions",
            TableRow("participation ratio", 1),
            subject=_GEOMETRY,
        ),
    ]
    spectrum: Annotated[
        list[Maybe] | None, Field("each principal component's share of their variance")
    ]
    alignment: Annotated[
        Maybe,
        Field(
            "mean squared distance on the unit sphere of images from themselves 30 % occluded",
            TableRow("alignment with occluded images", 3),
            subject=_GEOMETRY,
        ),
    ]
    class_alignment: Annotated[
        Maybe,
        Field(
            "the same between different images of one class; 2 is chance",
            TableRow("alignment within classes", 3),
            subject=_GEOMETRY,
        ),
    ]
    uniformity: Annotated[
        Maybe,
        Field(
            "log mean exp(−2d²) of all pairs on the unit sphere; lower is more even",
            TableRow("uniformity", 3),
            subject=_GEOMETRY,
        ),
    ]
    dream_quality: Annotated[
        dict[str, ByName] | None,
        Field(
            "kind of dream, and 'test images' beside → precision, recall, density, coverage, and "
            "KID's formula ('kernel_distance', with its standard error) on the Fréchet distance's "
            "features",
            *(
                TableRow(f"{name}, {kind}", digits, (kind, key))
                for name, key, digits in (
                    ("precision", "precision", 3),
                    ("recall", "recall", 3),
                    ("density", "density", 3),
                    ("coverage", "coverage", 3),
                    ("KID's formula, same features", "kernel_distance", 4),
                )
                for kind in (*_DREAMS, "test images")
            ),
            subject=_JUDGED,
        ),
    ]
    dream_quality_n: Annotated[Count, Field("images on each side of it")]
    nearest: Annotated[
        dict[str, ByName] | None,
        Field(
            "kind of dream, and 'test images' beside → in 'pixels' and 'features': the median "
            "distance to the nearest training image; the percent of pairs in which a dream is "
            "nearer to one than a test image ('…_nearer'; 50: dreams are as far as new images); "
            "and the percent of dreams whose nearest image is the one they come from ('…_own')",
            *(
                TableRow(f"% nearer than new images, {space}, {kind}", 1, (kind, f"{space}_nearer"))
                for space in ("pixels", "features")
                for kind in _DREAMS
            ),
            subject=_JUDGED,
        ),
    ]
    nearest_n: Annotated[
        Count, Field("dreams of each kind; features of frechet_n training images, pixels of all")
    ]
    robustness: Annotated[
        dict[str, ByName] | None,
        Field(
            "corruption → strength 1 to 5 → percent right, paper's protocol; 'clean' and 'mean' → "
            "'0'",
            TableRow("mean of 30 corruptions, paper's, %", 2, ("mean", "0")),
            TableRow("the same images clean, paper's, %", 2, ("clean", "0")),
            subject=_ROBUST,
        ),
    ]
    robustness_converged: Annotated[
        dict[str, ByName] | None, Field("the same of the converged probe")
    ]
    robustness_n: Annotated[Count, Field("test images it rests on")]
    state_similarity: Annotated[
        dict[str, dict[str, ByName]] | None,
        Field(
            "'correlation' and 'cka' → the encoder's layer → 'wake-nrem', 'wake-rem', 'nrem-rem': "
            "similarity of activity for the same memory; null without real images",
            *(
                TableRow(
                    f"activity of {layer}, {pair.replace('-', ' and ')}, r",
                    3,
                    ("correlation", layer, pair),
                )
                for layer in ("conv1", "conv2", "conv3", "z")
                for pair in ("wake-nrem", "wake-rem")
            ),
            subject=_SLEEP,
        ),
    ]
    state_similarity_n: Annotated[Count, Field("test images it rests on")]
    fine_tuned: Annotated[
        dict[str, Maybe | list[Maybe]] | None,
        Field(
            "'accuracy' in percent on all test images after 'epochs' of fine-tuning the encoder "
            "with all labels, and 'by_epoch'; null unless it was asked for",
            TableRow("fine-tuned with all labels, %", 2, ("accuracy",)),
            subject=_READ_OUTS,
        ),
    ]
    baselines: Annotated[
        dict[str, dict[str, Maybe | list[Maybe] | dict[str, Maybe | dict[str, Maybe | ByName]]]],
        Field(
            "'untrained' network and raw 'pixels' → their separabilities and ratios; for the "
            "untrained network also neighbours, few labels, geometry and 'state_similarity', with "
            "PAD's mixture"
        ),
    ]
    protocol: Annotated[
        dict[str, Number],
        Field("probe seeds, mask draws, sizes: what the numbers rest on", needed=True),
    ]
    versions: Annotated[dict[str, str], Field("of the packages that computed")]


def _declared() -> dict[str, Field]:
    hints = get_type_hints(Evaluation, include_extras=True)
    return {name: hint.__metadata__[-1] for name, hint in hints.items()}


_DECLARED: dict[str, Field] = _declared()
FIELDS = {name: field.meaning for name, field in _DECLARED.items()}
SUBJECTS = {name: field.subject for name, field in _DECLARED.items() if field.rows}
NEEDED = frozenset(name for name, field in _DECLARED.items() if field.needed)
ROWS = [
    row._replace(path=(name, *row.path)) for name, field in _DECLARED.items() for row in field.rows
]
