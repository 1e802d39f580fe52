"""Checkpoints as the authors' published code writes them: torch files with pickled lists."""

from __future__ import annotations

import math
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch

from pad_core.data.images import CHANNELS
from pad_core.errors import PadError
from pad_core.model.networks import LATENT_SIZE, Networks
from pad_core.system.files import open_file

# The file's lists of losses, one value an epoch each. Of what its discriminator and generator
# lose, our losses are sums and differences.
_IMAGE, _NREM, _KL = "r_losses_real", "r_losses_fake", "kl_losses"
_BOTH, _FOOLED = "d_losses", "g_losses"  # external + internal, and −internal
LOSSES = (_BOTH, _FOOLED, _IMAGE, _NREM, _KL)
_EARLY, _EARLY_EPOCHS = "trained2.pth", 2  # the weights alone, after its second epoch


class Published(NamedTuple):
    """What such a file holds.

    networks: in our layout. epoch: epochs that it was trained, None where it does not say.
    losses: by our names, one dictionary for each epoch, whose values may not be finite.
    """

    networks: Networks
    epoch: int | None
    losses: list[dict[str, float]]


def read(path: Path, networks: Networks) -> Published:
    """Read a file of the published code, with any of its script's options.

    Smaller networks (``--nf``, ``--nz``) are filled up with units that nothing reaches and that
    reach nothing; those for one grey channel see the mean of three equal ones. Their latents and
    dreams stay the same.

    Args:
        networks: of our layout, whose weights are replaced.

    Raises:
        PadError: not such a file, or weights that are missing, misshapen or not finite. Nothing
            in the file is run: it may hold tensors, containers, numbers and NumPy's numbers.
    """
    content = _content(path)
    options = _Options()
    for key, network in (("discriminator", networks.encoder), ("generator", networks.generator)):
        found = content.get(key) if isinstance(content, dict) else None
        if not isinstance(found, dict):
            raise PadError(f"{path} has no entry {key!r}; the published code writes one.")
        if key == "discriminator":
            options = _options(path, found)
        network.load_state_dict(_renamed(found, options, f"{path}: {key}"))
    lists = {name: _numbers(content.get(name)) for name in LOSSES}
    if _BOTH in content:
        epochs: int | None = len(lists[_BOTH])
    else:
        epochs = _EARLY_EPOCHS if path.name == _EARLY else None
    return Published(networks, epochs, _by_epoch(lists))


def _content(path: Path) -> Any:
    if path.exists():
        open_file(path).close()  # a pipe would never open
    try:
        # By its name torch.load would take a pickle called x.safetensors for something else.
        with path.open("rb") as file, torch.serialization.safe_globals(_NUMPY):
            return torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise PadError(f"There is no file {path}.") from None
    except OSError as error:
        raise PadError(f"Cannot read {path}: {error.strerror}.") from None
    except Exception:  # the unpickler raises errors of many kinds on damaged or hostile files
        raise PadError(
            f"{path} is no torch file with weights alone: it is damaged, of another format, or "
            f"holds other objects, which are not opened because they could run code."
        ) from None


# --- NumPy's numbers ------------------------------------------------------------------------------


class _NumberType:
    """What stands in a pickle for the type of a NumPy number: 'f8', 'i4' and the like."""

    def __init__(self, code: object = "", *_: object) -> None:
        self.code = code if isinstance(code, str) else ""
        self.order = "<"

    def __setstate__(self, state: object) -> None:
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">"):
            self.order = str(state[1])


def _number(kind: object, content: object) -> float:
    """A NumPy number out of its bytes, without NumPy: nothing of it is run."""
    formats = {"f8": "d", "f4": "f", "f2": "e", "i8": "q", "i4": "i", "i2": "h"}
    if isinstance(content, str):  # as files of Python 2 and old protocols have bytes
        content = content.encode("latin-1")
    if not isinstance(kind, _NumberType) or not isinstance(content, bytes):
        raise pickle.UnpicklingError("no number")
    code = formats.get(kind.code.lstrip("<>="), "")
    if not code or len(content) != struct.calcsize(code):
        raise pickle.UnpicklingError("no number")
    return float(struct.unpack(kind.order + code, content)[0])


# The names under which NumPy's versions pickle numbers, and what takes their place.
_NUMPY: list[Any] = [
    (_number, "numpy.core.multiarray.scalar"),
    (_number, "numpy._core.multiarray.scalar"),
    (_NumberType, "numpy.dtype"),
]


def _numbers(found: object) -> list[float]:
    values = found if isinstance(found, list | tuple) else []
    return [float(v) if isinstance(v, int | float) else math.nan for v in values]


def _by_epoch(lists: dict[str, list[float]]) -> list[dict[str, float]]:
    """Losses by our names for each epoch; the published code notes them whatever is learnt."""

    def at(name: str, epoch: int) -> float:
        values = lists[name]
        return values[epoch] if epoch < len(values) else math.nan

    return [
        {
            "image": at(_IMAGE, epoch),
            "kl": at(_KL, epoch),
            "external": at(_BOTH, epoch) + at(_FOOLED, epoch),
            "nrem": at(_NREM, epoch),
            "internal": -at(_FOOLED, epoch),
        }
        for epoch in range(len(lists[_BOTH]))
    ]


# --- Weights --------------------------------------------------------------------------------------

# Sizes of a layer's weight after the options nf, nz and the images' channels.
_SIZES: dict[str, Callable[[_Options], tuple[int, int]]] = {
    "conv1": lambda o: (o.nf, o.channels),
    "conv2": lambda o: (2 * o.nf, o.nf),
    "conv3": lambda o: (4 * o.nf, 2 * o.nf),
    "conv4": lambda o: (o.nz, 4 * o.nf),
    "dis": lambda o: (1, 4 * o.nf),
    "tconv1": lambda o: (o.nz, 4 * o.nf),
    "tconv2": lambda o: (4 * o.nf, 2 * o.nf),
    "tconv3": lambda o: (2 * o.nf, o.nf),
    "tconv4": lambda o: (o.nf, o.channels),
}


class _Options(NamedTuple):
    """What of the script's options decides the sizes of its networks; ours as they are usual."""

    nf: int = 64
    nz: int = LATENT_SIZE
    channels: int = CHANNELS

    def shape(self, layer: str, kind: str) -> tuple[int, ...]:
        """Of a weight or bias; a transposed convolution has its output channels second."""
        sizes = _SIZES[layer](self)
        return (*sizes, 4, 4) if kind == "weight" else (sizes[layer.startswith("t")],)


def _options(path: Path, found: object) -> _Options:
    """The options that an encoder was made with; the usual ones where it has no such layers."""
    if not isinstance(found, dict):
        return _Options()
    layers = {str(name).removeprefix("module."): value for name, value in found.items()}
    first, last = layers.get("conv1.0.weight"), layers.get("conv4.0.weight")
    if not (isinstance(first, torch.Tensor) and isinstance(last, torch.Tensor)):
        return _Options()
    if not first.ndim == last.ndim == 4 or first.shape[1] not in (1, CHANNELS):
        return _Options()
    found_options = _Options(first.shape[0], last.shape[0], first.shape[1])
    if found_options.nf > _Options().nf or found_options.nz > LATENT_SIZE:
        raise PadError(
            f"{path} was trained with --nf {found_options.nf} --nz {found_options.nz}; networks of "
            f"up to {_Options().nf} and {LATENT_SIZE} can be imported."
        )
    return found_options


def _renamed(found: dict[str, Any], options: _Options, where: str) -> dict[str, torch.Tensor]:
    """Published names ('conv1.0.weight', after DataParallel 'module.conv1.0.weight') → ours."""
    given = {str(name).removeprefix("module."): value for name, value in found.items()}
    names = [name for name in _SIZES if name.startswith("t") == where.endswith("generator")]
    state = {}
    for layer in names:
        for kind in ("weight", "bias"):
            value = given.pop(f"{layer}.0.{kind}", None)
            shape = options.shape(layer, kind)
            usable = isinstance(value, torch.Tensor) and value.layout == torch.strided
            if not usable or not value.is_floating_point() or value.shape != shape:
                raise PadError(
                    f"{where} lacks '{layer}.0.{kind}' of shape {shape}; only float networks as "
                    "the published script makes them can be imported."
                )
            if not bool(value.isfinite().all()):
                raise PadError(f"{where}: '{layer}.0.{kind}' has values that are not finite.")
            state[f"{layer}.{kind}"] = _filled(value.detach().float(), layer, kind)
    if given:
        raise PadError(f"{where} has an unknown entry {next(iter(given))!r}.")
    return state


def _filled(value: torch.Tensor, layer: str, kind: str) -> torch.Tensor:
    """A weight or bias in our size: zeros where the published network has no unit."""
    if layer == "conv1" and kind == "weight" and value.shape[1] == 1:  # the mean of equal channels
        value = value.expand(-1, CHANNELS, -1, -1) / CHANNELS
    elif layer == "tconv4":
        value = value.expand(-1, CHANNELS, -1, -1) if kind == "weight" else value.expand(CHANNELS)
    filled = torch.zeros(_Options().shape(layer, kind))
    filled[tuple(slice(size) for size in value.shape)] = value
    return filled
