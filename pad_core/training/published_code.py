"""Read checkpoints of the authors' published code: torch files with pickled lists."""

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

# The file's lists of losses, one value an epoch each. Our losses are sums and differences of its
# discriminator's and generator's losses.
_IMAGE, _NREM, _KL = "r_losses_real", "r_losses_fake", "kl_losses"
_BOTH, _FOOLED = "d_losses", "g_losses"  # external + internal, and −internal
LOSSES = (_BOTH, _FOOLED, _IMAGE, _NREM, _KL)
_EARLY, _EARLY_EPOCHS = "trained2.pth", 2  # the weights after its second epoch, without losses


class Published(NamedTuple):
    """The content of such a file.

    networks: in our layout. epoch: number of trained epochs, None if the file does not tell it.
    losses: by our names, one dictionary for each epoch; values may not be finite.
    """

    networks: Networks
    epoch: int | None
    losses: list[dict[str, float]]


def read(path: Path, networks: Networks) -> Published:
    """Read a file of the published code, made with any of its script's options.

    Smaller networks (``--nf``, ``--nz``) get extra units without connections, and networks for
    one grey channel see the mean of three equal ones. Latents and dreams stay the same.

    Args:
        networks: of our layout; their weights are replaced.

    Raises:
        PadError: another kind of file, or weights that are missing, misshapen or not finite. No
            code in the file is run: it may hold tensors, containers, and numbers, also NumPy's.
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
        open_file(path).close()  # opening a pipe would never end
    try:
        # torch.load would read a pickle called x.safetensors by its name, as another format.
        with path.open("rb") as file, torch.serialization.safe_globals(_NUMPY):
            return torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise PadError(f"There is no file {path}.") from None
    except OSError as error:
        raise PadError(f"Cannot read {path}: {error.strerror}.") from None
    except Exception:  # on damaged or hostile files the unpickler raises errors of many kinds
        raise PadError(
            f"{path} holds more than weights, or is damaged or of another format; it is not "
            f"opened, because it could run code: give a file that the published code wrote."
        ) from None


# --- NumPy's numbers ------------------------------------------------------------------------------


class _NumberType:
    """Takes the place of a NumPy number's type in a pickle: 'f8', 'i4' and the like."""

    def __init__(self, code: object = "", *_: object) -> None:
        self.code = code if isinstance(code, str) else ""
        self.order = "<"

    def __setstate__(self, state: object) -> None:
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">"):
            self.order = str(state[1])


def _number(kind: object, content: object) -> float:
    """A NumPy number from its bytes; no code of NumPy runs."""
    formats = {"f8": "d", "f4": "f", "f2": "e", "i8": "q", "i4": "i", "i2": "h"}
    if isinstance(content, str):  # Python 2 and old protocols store bytes so
        content = content.encode("latin-1")
    if not isinstance(kind, _NumberType) or not isinstance(content, bytes):
        raise pickle.UnpicklingError("no number")
    code = formats.get(kind.code.lstrip("<>="), "")
    if not code or len(content) != struct.calcsize(code):
        raise pickle.UnpicklingError("no number")
    return float(struct.unpack(kind.order + code, content)[0])


# The names under which NumPy's versions pickle numbers, and what replaces them.
_NUMPY: list[Any] = [
    (_number, "numpy.core.multiarray.scalar"),
    (_number, "numpy._core.multiarray.scalar"),
    (_NumberType, "numpy.dtype"),
]


def _numbers(found: object) -> list[float]:
    values = found if isinstance(found, list | tuple) else []
    return [float(v) if isinstance(v, int | float) else math.nan for v in values]


def _by_epoch(lists: dict[str, list[float]]) -> list[dict[str, float]]:
    """Losses by our names for each epoch; the published code records all of them."""

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

# Sizes of a layer's weight, from the options nf, nz and the images' channels.
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
    """The script's options that decide the sizes of its networks; the defaults are ours."""

    nf: int = 64
    nz: int = LATENT_SIZE
    channels: int = CHANNELS

    def shape(self, layer: str, kind: str) -> tuple[int, ...]:
        """Shape of a weight or bias; a transposed convolution has its output channels second."""
        sizes = _SIZES[layer](self)
        return (*sizes, 4, 4) if kind == "weight" else (sizes[layer.startswith("t")],)


def _options(path: Path, found: object) -> _Options:
    """The options that an encoder was made with; the defaults if it has no such layers."""
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
                    f"{where} lacks '{layer}.0.{kind}' of shape {shape}; give a file of float "
                    "networks as the published script writes it."
                )
            if not bool(value.isfinite().all()):
                raise PadError(f"{where}: '{layer}.0.{kind}' has values that are not finite.")
            state[f"{layer}.{kind}"] = _filled(value.detach().float(), layer, kind)
    if given:
        raise PadError(f"{where} has an unknown entry {next(iter(given))!r}.")
    return state


def _filled(value: torch.Tensor, layer: str, kind: str) -> torch.Tensor:
    """A weight or bias in our size, with zeros where the published network has no unit."""
    if layer == "conv1" and kind == "weight" and value.shape[1] == 1:  # the mean of equal channels
        value = value.expand(-1, CHANNELS, -1, -1) / CHANNELS
    elif layer == "tconv4":
        value = value.expand(-1, CHANNELS, -1, -1) if kind == "weight" else value.expand(CHANNELS)
    filled = torch.zeros(_Options().shape(layer, kind))
    filled[tuple(slice(size) for size in value.shape)] = value
    return filled
