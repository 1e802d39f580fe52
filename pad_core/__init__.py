"""PAD: perturbed and adversarial dreaming (Deperrois et al., eLife 2022).

Train networks that live through Wake, NREM and REM sleep, take sleep phases away from
them, and look at what they dream. ``pad_core.load(path)`` gives a trained network. The names
in ``__all__`` are the public interface; everything else may change.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pad_core.checkpoint.file import PadNetwork as PadNetwork
    from pad_core.checkpoint.file import load as load
    from pad_core.checkpoint.file import load_header as load_header
    from pad_core.checkpoint.training_config import Recipe as Recipe
    from pad_core.data.images import picture_grid as picture_grid
    from pad_core.data.images import png_bytes as png_bytes
    from pad_core.data.load import DataSet as DataSet
    from pad_core.data.load import load_dataset as load_dataset
    from pad_core.errors import PadError as PadError
    from pad_core.evaluation.evaluate import evaluate as evaluate
    from pad_core.evaluation.linear_probe import LinearProbe as LinearProbe
    from pad_core.evaluation.linear_probe import fit_converged as fit_converged
    from pad_core.model.condition import CONDITIONS as CONDITIONS
    from pad_core.model.condition import Condition as Condition
    from pad_core.model.condition import Mixture as Mixture
    from pad_core.model.condition import find_condition as find_condition
    from pad_core.model.dreams import NremDreams as NremDreams
    from pad_core.model.dreams import RemDreams as RemDreams
    from pad_core.model.dreams import nrem_dreams as nrem_dreams
    from pad_core.model.dreams import rem_dreams as rem_dreams
    from pad_core.training.export import export_run as export_run
    from pad_core.training.loop import train as train

__version__ = "0.1.0"

# Where each public name is defined. It is imported when it is first used: PyTorch takes seconds,
# which the command line's help does not need.
_DEFINED_IN = {
    "CONDITIONS": "model.condition",
    "Condition": "model.condition",
    "DataSet": "data.load",
    "LinearProbe": "evaluation.linear_probe",
    "Mixture": "model.condition",
    "NremDreams": "model.dreams",
    "PadError": "errors",
    "PadNetwork": "checkpoint.file",
    "Recipe": "checkpoint.training_config",
    "RemDreams": "model.dreams",
    "evaluate": "evaluation.evaluate",
    "export_run": "training.export",
    "find_condition": "model.condition",
    "fit_converged": "evaluation.linear_probe",
    "load": "checkpoint.file",
    "load_dataset": "data.load",
    "load_header": "checkpoint.file",
    "nrem_dreams": "model.dreams",
    "picture_grid": "data.images",
    "png_bytes": "data.images",
    "rem_dreams": "model.dreams",
    "train": "training.loop",
}
__all__ = list(_DEFINED_IN)


def __getattr__(name: str) -> Any:
    if name not in _DEFINED_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_DEFINED_IN[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
