"""PAD: perturbed and adversarial dreaming (Deperrois et al., eLife 2022).

Train networks that live through Wake, NREM and REM sleep, take sleep phases away from
them, and look at what they dream. ``pad_core.load(path)`` gives a trained network.
"""

from pad_core.checkpoint.file import PadNetwork, load
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS, Condition

__all__ = ["CONDITIONS", "Condition", "PadError", "PadNetwork", "load"]
__version__ = "0.1.0"
