"""About: the model in a few sentences, and what to cite."""

from __future__ import annotations

import streamlit as st

_BIBTEX = """@article{deperrois2022learning,
  title   = {Learning cortical representations through perturbed and adversarial dreaming},
  author  = {Deperrois, Nicolas and Petrovici, Mihai A. and Senn, Walter and Jordan, Jakob},
  journal = {eLife},
  volume  = {11},
  pages   = {e76384},
  year    = {2022},
  doi     = {10.7554/eLife.76384}
}"""


_MODEL = r"""
The networks shown here learn to see without labels, by *perturbed and adversarial dreaming*.
An encoder *E* turns an image into 256 numbers, its latents *z*, and judges, by *d*, whether what
it sees comes from outside; a generator *G* turns latents into images. They live through cycles
of three states.

**Wake.** An image is encoded, its latents are stored in the hippocampus, and the image is
rebuilt from them. Both networks learn to describe images, and *E* that these come from outside.

**NREM sleep.** A memory is replayed as a dream, parts of which are covered. *E* learns to find
the memory even so, which makes latents robust.

**REM sleep.** Two memories and noise are mixed into a dream. *E* learns to tell it from reality
and *G* to make that hard, which organises latents by what images mean.

A REM dream is
$G\big(\lambda'(\lambda z + (1-\lambda)\,z_\text{old}) + (1-\lambda')\,\sigma\varepsilon\big)$;
the paper's networks were trained at $\lambda = \lambda' = 0.5$ and $\sigma = 1$.

The *Storyboard* shows one such night, step by step.
"""

_OURS = """
The model and its protocol are the paper's. The networks here were trained by this project's own
code from the paper's description, and are not the authors' networks: what each was trained on,
for how long and in which precision stands in its card, in `checkpoints/README.md`.
Where the paper leaves something open, the program does what the authors' published code does.

What is this project's own: the dream plane; the class scores of a dream (a logistic regression
on the memories that a checkpoint stores, applied to what the encoder makes of the dream); *δ*, a
dream's distance to the nearest memory in units of the distance between neighbours; the
converged probe beside the paper's; decoding places of the map; tests and intervals over
seeds.

The *Lab* goes beyond the paper. Lucid dreams and the development of dreams are proposals of its
Discussion. Deep dreams, metamers, hybrids, the filter of dreams and the associative hippocampus
are other authors', whom each sight names. To put them together in a network that sleeps is
ours, and speculative; `docs/beyond.md` says what came out.
"""

_LIMITS = """
- A checkpoint carries the latents of some images, not the images. Without the data set, what the
  *Dream* page calls a memory is what the network recalls: the picture that *G* makes of them.
- Pictures have 32 × 32 pixels; networks were shown small photographs, digits or clothes.
- *d* is the network's own judgement and no probability that was calibrated on anything. In
  networks of CIFAR-10, about half of what it knows are traces of JPEG, as which these images were
  encoded. A network that was trained without REM never learned it.
- The class scores read out at most 2,000 memories, so they are wrong more often than the
  measured probe of all training images, which the *Probe* page shows.
- Dream, memory and hippocampus are names for parts of a model. That people's dreams serve the
  same ends is the paper's hypothesis.
"""


def show() -> None:
    """The page."""
    with st.container(width=1500):
        model, ours = st.columns(2, gap="xlarge")
    with model:
        st.title("Dreams that teach to see")
        st.markdown(_MODEL)
        st.header("Please cite")
        st.markdown(
            "Nicolas Deperrois, Mihai A. Petrovici, Walter Senn and Jakob Jordan, "
            "[Learning cortical representations through perturbed and adversarial dreaming]"
            "(https://doi.org/10.7554/eLife.76384), *eLife* 11:e76384, 2022."
        )
        st.code(_BIBTEX, language="bibtex", wrap_lines=True)
    with ours:
        st.header("What is ours")
        st.markdown(_OURS)
        st.header("What it can't tell")
        st.markdown(_LIMITS)
