"""Dreams that are looked for: what a trained network can be made to show without new training.

``reader`` says what a network makes of a picture. ``goals`` says what a dream is to become, and
``ascent`` takes it there, a step at a time. With these ``lucid`` steers latents, ``deepdream``
steers pixels on a ``canvas``, or latents from noise, and ``metamers`` looks for other pictures
of the same latents. ``units`` tells what single latents stand for. The paper proposes the first in
its Discussion; each module names its own source, and says what is ours.

Everything is the same again for the same seed, network and version on one kind of processor.
"""
