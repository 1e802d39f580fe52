"""PAD: perturbed and adversarial dreaming (Deperrois et al., eLife 2022).

Train networks that live through Wake, NREM and REM sleep, take sleep phases away from
them, and look at what they dream. ``pad_core.load(path)`` gives a trained network. The names
in ``__all__`` are the public interface; everything else may change.
"""

from pad_core.checkpoint.file import PadNetwork, load
from pad_core.data.images import picture_grid, png_bytes
from pad_core.data.load import DataSet, load_dataset
from pad_core.errors import PadError
from pad_core.evaluation.linear_probe import LinearProbe, fit_converged
from pad_core.model.condition import CONDITIONS, Condition, Mixture
from pad_core.model.dreams import NremDreams, RemDreams, nrem_dreams, rem_dreams

__all__ = [
    "CONDITIONS",
    "Condition",
    "DataSet",
    "LinearProbe",
    "Mixture",
    "NremDreams",
    "PadError",
    "PadNetwork",
    "RemDreams",
    "fit_converged",
    "load",
    "load_dataset",
    "nrem_dreams",
    "picture_grid",
    "png_bytes",
    "rem_dreams",
]
__version__ = "0.1.0"
