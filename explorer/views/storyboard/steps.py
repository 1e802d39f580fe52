"""The storyboard's steps: the pictures and text of each, its losses, and who learns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from math import isfinite

from explorer.views.storyboard.flow import FlowPicture, arrow
from explorer.views.storyboard.story import Story
from pad_core.checkpoint.file import PadNetwork
from pad_core.model.condition import Condition, Kind, Phase
from pad_core.model.phases import LEARNS
from pad_core.report.conditions_in_words import listed

Parts = list[FlowPicture | str]


@dataclass(frozen=True)
class Step:
    """One step: its phase, name, text (HTML), pictures, losses, and a formula (HTML), if any."""

    phase: Phase
    name: str
    text: str
    parts: Callable[[Story], Parts]
    losses: tuple[str, ...] = ()
    formula: str = ""


PHASES: dict[Phase, str] = {"wake": "Wake", "nrem": "NREM", "rem": "REM", "contrast": "Contrast"}
_PERTURBED: dict[Kind, str] = {
    "squares": "patches turn grey",
    "translation": "it is shifted",
    "rotation": "it is turned",
    "noise": "its pixels get noise",
    "blur": "it is blurred",
}


@dataclass(frozen=True)
class _Loss:
    """A loss in words, its symbol and formula (HTML), and the paper's equation, for n examples."""

    words: str
    symbol: str
    formula: str
    source: str


_LOSSES = {
    "image": _Loss(
        "How far the copy is from the image",
        "ℒ<sub>img</sub>",
        "⟨(<i>x</i> − <i>G</i>(<i>z</i>))²⟩",
        "Eq. 2, as a mean over pixels, where the paper has their sum, and {n} {examples}",
    ),
    "kl": _Loss(
        "How far latents are from a normal distribution",
        "ℒ<sub>KL</sub>",
        "½⟨<i>μ</i>² + <i>σ</i>² − 1 − ln <i>σ</i>²⟩",
        "Eq. 4: mean over 256 units, <i>μ</i> and <i>σ</i> of each over {n} {examples}",
    ),
    "external": _Loss(
        "How much the encoder doubts what is real",
        "ℒ<sub>real</sub>",
        "−ln <i>d</i>(<i>x</i>)",
        "Eq. 5, mean over {n} {examples}",
    ),
    "nrem": _Loss(
        "How far the recovered latents are from the memory",
        "ℒ<sub>NREM</sub>",
        "⟨(<i>z</i> − <i>E<sub>z</sub></i>(<i>G</i>(<i>z</i>) ⊙ Ω))²⟩",
        "Eq. 6, as a mean over 256 units, where the paper has their sum, and {n} {examples}",
    ),
    "internal": _Loss(
        "How much the encoder takes the dream for real",
        "ℒ<sub>REM</sub>",
        "−ln(1 − <i>d</i>(<i>G</i>(<i>z</i><sub>mix</sub>)))",
        "Eq. 8, mean over {n} {examples}",
    ),
}
_CONTRASTS = {
    "nt_xent": _Loss(
        "How little both latents are alike, beside those of other dreams",
        "ℒ<sub>con</sub>",
        "−ln(e<sup>sim(<i>z</i>′, <i>z</i>″)/<i>τ</i></sup> / Σ e<sup>sim(<i>z</i>′, "
        "·)/<i>τ</i></sup>)",
        "NT-Xent of SimCLR: cosine similarities, the sum over all others, mean over {n} {examples}",
    ),
    "barlow_twins": _Loss(
        "How far units of both latents are from agreeing, each with its own alone",
        "ℒ<sub>con</sub>",
        "⟨(1 − <i>C<sub>ii</sub></i>)²⟩ + redundancy × Σ<sub><i>i</i>≠<i>j</i></sub> "
        "<i>C<sub>ij</sub></i>² / 256",
        "Barlow Twins: <i>C</i> is the correlation of units of <i>z</i>′ with units of <i>z</i>″ "
        "over {n} {examples}",
    ),
}
# What a network does with a loss, unless it descends it.
_ROLES = {
    "external": {"generator": "has no part in it"},
    "kl": {"generator": "has no part in it"},
    "internal": {
        "generator": "learns to make this larger: the gradient’s sign is switched on its way in"
    },
}


def _image(story: Story) -> FlowPicture:
    if "image" in story.pictures:
        return FlowPicture("<i>x</i>", story.pictures["image"], "image")
    return FlowPicture("<i>G</i>(<i>z</i>)", story.pictures["recalled"], "stands in for the image")


def _of(story: Story, name: str, symbol: str, caption: str) -> FlowPicture:
    return FlowPicture(symbol, story.pictures[name], caption)


def _z(story: Story) -> FlowPicture:
    return _of(story, "z", "<i>z</i>", "latents, 256 numbers")


def _recalled(story: Story, caption: str) -> FlowPicture:
    return _of(story, "recalled", "<i>G</i>(<i>z</i>)", caption)


def _judged(story: Story, name: str) -> str:
    if name not in story.realness:
        return f"{arrow('E')} <em>d: not trained</em>"
    d = story.realness[name]
    verdict = "takes it for real" if d >= 0.5 else "takes it for a dream"
    return f"{arrow('E')} <em>d = {d:.2f}</em><small>{verdict}</small>"


STEPS = (
    Step(
        "wake",
        "See",
        "The eyes are open. The encoder <i>E</i> turns an image into 256 numbers, its latents "
        "<i>z</i>, and the hippocampus <b>stores</b> them. The image itself is not kept.",
        lambda s: [_image(s), arrow("E"), _z(s), "→", "hippocampus"],
        ("kl",),
    ),
    Step(
        "wake",
        "Rebuild",
        "The generator <i>G</i> rebuilds the image from its latents. Both networks learn to "
        "make the copy like the original.",
        lambda s: [_image(s), arrow("E"), _z(s), arrow("G"), _recalled(s, "reconstruction")],
        ("image",),
    ),
    Step(
        "wake",
        "Recognise",
        "A second output of the encoder, <i>d</i>, judges whether what it sees comes from outside. "
        "Awake, it does, and <i>E</i> learns to say so.",
        lambda s: [_image(s), _judged(s, "image")],
        ("external",),
    ),
    Step(
        "nrem",
        "Replay",
        "The eyes are closed. The hippocampus <b>replays</b> a single memory, and the generator "
        "dreams of it.",
        lambda s: ["hippocampus", "→", _z(s), arrow("G"), _recalled(s, "dream")],
    ),
    Step(
        "nrem",
        "Occlude",
        "The dream is <b>perturbed</b>: patches turn grey, of another size each time, so that only "
        "a part of the memory can be seen.",
        lambda s: [
            _recalled(s, "dream"), "⊙", _of(s, "mask", "Ω", "mask"), "=",
            _of(s, "occluded", "<i>G</i>(<i>z</i>) ⊙ Ω", "occluded dream"),
        ],
    ),
    Step(
        "nrem",
        "Recover",
        "The encoder learns to find the memory even so. What is left of an object must then be "
        "enough to know it: latents become <b>robust</b>.",
        lambda s: [
            _of(s, "occluded", "<i>G</i>(<i>z</i>) ⊙ Ω", "occluded dream"), arrow("E"),
            _of(s, "z_occluded", "<i>E</i>(·)", "recovered latents"), "≈", _z(s),
        ],
        ("nrem",),
    ),
    Step(
        "rem",
        "Mix",
        "Two memories and spontaneous activity, noise, are <b>mixed</b>: latents that no image "
        "ever had.",
        lambda s: [
            _of(s, "z", "λ′λ × <i>z</i>", "a memory"), "+",
            _of(s, "z_old", "λ′(1−λ) × <i>z</i><sub>old</sub>", "an older memory"), "+",
            _of(s, "noise", "(1−λ′)σ × ε", "noise"), "=",
            _of(s, "z_mix", "<i>z</i><sub>mix</sub>", "mixture"),
        ],
        formula="<i>z</i><sub>mix</sub> = λ′(λ<i>z</i> + (1−λ)<i>z</i><sub>old</sub>) + "
        "(1−λ′)σε, where the paper has λ = λ′ = ½ and σ = 1.",
    ),
    Step(
        "rem",
        "Dream",
        "The generator dreams it up and tries to pass it off as an image from outside; the "
        "encoder learns to see through it. This <b>adversarial</b> game organises latents by what "
        "images mean.",
        lambda s: [
            _of(s, "z_mix", "<i>z</i><sub>mix</sub>", "mixture"), arrow("G"),
            _of(s, "dream", "<i>G</i>(<i>z</i><sub>mix</sub>)", "dream"), _judged(s, "dream"),
        ],
        ("internal",),
    ),
)  # fmt: skip


_APART = Step(
    "contrast",
    "Push apart",
    "The same dream is perturbed once more. The encoder learns to give both the <b>same</b> "
    "latents, and other memories' dreams <b>other</b> ones.",
    lambda s: [
        _of(s, "occluded", "<i>G</i>(<i>z</i>)′", "perturbed dream"), arrow("E"),
        _of(s, "z_occluded", "<i>z</i>′", "its latents"), "≈",
        _of(s, "z_again", "<i>z</i>″", "latents of the other"), arrow("E", "←"),
        _of(s, "again", "<i>G</i>(<i>z</i>)″", "perturbed again"),
    ],
    ("contrast",),
)  # fmt: skip
_N_BEFORE_REM = next(place for place, step in enumerate(STEPS) if step.phase == "rem")


def steps(condition: Condition) -> tuple[Step, ...]:
    """The steps of a condition's night: the paper's, with this condition's differences."""
    told = [_as_lived(step, condition) for step in STEPS]
    if condition.contrast_phase is not None:
        told.insert(_N_BEFORE_REM, replace(_APART, phase=condition.contrast_phase))
    return tuple(told)


def _as_lived(step: Step, condition: Condition) -> Step:
    if step.name == "Occlude" and condition.perturbation != ("squares",):
        done = listed([_PERTURBED[kind] for kind in condition.perturbation])
        return Step(
            "nrem",
            "Perturb",
            f"The dream is <b>perturbed</b>: {done}, each by an amount drawn anew.",
            lambda s: [
                _recalled(s, "dream"), "→",
                _of(s, "occluded", "<i>G</i>(<i>z</i>)′", "perturbed dream"),
            ],
        )  # fmt: skip
    if step.name == "Recover" and condition.perturbation != ("squares",):
        return replace(
            step,
            text="The encoder learns to find the memory even so: latents become <b>robust</b> "
            "against such changes.",
            parts=lambda s: [
                _of(s, "occluded", "<i>G</i>(<i>z</i>)′", "perturbed dream"), arrow("E"),
                _of(s, "z_occluded", "<i>E</i>(·)", "recovered latents"), "≈", _z(s),
            ],
        )  # fmt: skip
    if step.name == "Mix" and condition.rem_replay == "mixed":
        return replace(step, text=step.text + _how_mixed(condition))
    return step


def _how_mixed(condition: Condition) -> str:
    """How a condition's mixtures differ from the paper's; '' if they don't."""
    said = ""
    if condition.mixing == "components":
        said += (
            " This network mixes by <b>components</b>: each of the 256 numbers is that of "
            "<i>z</i> with probability λ, else that of <i>z</i><sub>old</sub>."
        )
    if condition.memories > 2:
        said += (
            f" In training it mixed {condition.memories} memories: the others share 1−λ. Two are "
            "shown."
        )
    if condition.hippocampus > 1:
        said += (
            f" In training, older memories came from the last {condition.hippocampus} mini-batches."
        )
    return said


def lesson(step: Step, story: Story, network: PadNetwork) -> str:
    """The step's text, its losses with values, and who learns, as HTML."""
    body = f'<p class="pad-said">{step.text}</p>'
    if step.formula:
        body += f"<details><summary>The formula</summary><p>{step.formula}</p></details>"
    condition = network.condition
    if step.phase not in condition.phases:
        body += (
            f"<p><b>{escape(condition.name)}</b> was trained without {PHASES[step.phase]}: it "
            "never lived this. What is shown is what it would have met.</p>"
        )
    if story.real and step.losses == ("external",) and story.realness.get("image", 1.0) < 0.5:
        body += "<p>Here it is wrong: it takes this picture for one from inside.</p>"
    examples = "dreams"
    if step.phase == "wake":
        examples = "images" if story.real else "reconstructions"
    for name in step.losses:
        loss = _CONTRASTS[condition.contrast] if name == "contrast" else _LOSSES[name]
        source = loss.source.format(n=story.batch_size, examples=examples)
        value = story.losses[name]
        number = f"{value:.3f}" if isfinite(value) else "needs more memories"
        weight = condition.loss_weights[name]
        factor = "" if weight == 1 else f" It counts {weight:g} times in this condition."
        if weight == 0:
            factor = " In this condition, it teaches nothing."
        body += (
            f'<details class="pad-loss"><summary>{loss.words}: <b>{number}</b></summary>'
            f"<p>{loss.symbol} = {loss.formula}</p><small>{source}.</small></details>"
        )
        body += f"<p>{factor.strip()}</p>" if factor else ""
        for learner in ("encoder", "generator"):
            body += _learner(step, name, learner)
    body += (
        _how_often(step.phase, condition)
        if step.losses
        else '<p class="pad-rest">Nothing is learned at this step.</p>'
    )
    return f'<section class="pad-panel pad-lesson">{body}</section>'


def _how_often(phase: Phase, condition: Condition) -> str:
    """A phase's number in a cycle and its learning rate, if they are unusual."""
    name, n, said = PHASES[phase], condition.phases.count(phase), ""
    if n > 1:
        said += f"A cycle of this condition has {n} {name} phases. "
    if (rate := condition.rate(phase)) != 1:
        said += f"{name} learns at {rate:g} times the learning rate."
    return f"<p>{said.strip()}</p>" if said else ""


def _learner(step: Step, loss: str, learner: str) -> str:
    learns = learner in LEARNS[step.phase]
    role = "learns to make this smaller" if learns else "rests"
    role = _ROLES.get(loss, {}).get(learner, role)
    active = learns and "no part" not in role
    letter = learner[0].upper()
    return (
        f'<p class="pad-learner{" pad-active" if active else ""}"><b><i>{letter}</i></b> '
        f"The {learner} {role}.</p>"
    )
