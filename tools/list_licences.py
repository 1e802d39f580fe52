"""Writes ``docs/licences.md``: licences of the packages that are installed, and of the data.

``python -m tools.list_licences``, in an environment with all that ``.[dev]`` names. Each package
says of itself what its licence is; this lists those that the requirements lead to.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/licences.md"
OWN = "pad-dream-explorer"
PAGE_TEXT = """# Licences

The code is under the [MIT licence](../LICENSE). `python -m tools.list_licences` writes this page.

## Data

| what | where | from | licence |
|---|---|---|---|
{data}

Data sets that `train` downloads, and those that a user names, are not part of this repository:
their own terms hold. A checkpoint holds weights and latents, no image.

## Packages

What the requirements lead to, in the versions of which these are the licences as each package
states them. Nothing of it is part of this repository. PyTorch's default build for Linux brings
NVIDIA's libraries, which are under NVIDIA's own terms; its build for processors does without.

| package | version | licence | needed for |
|---|---|---|---|
{packages}
"""
DATA = (
    ("fashion-mini, 6,000 images", "`pad_core/data/fashion_mini/`",
     "Fashion-MNIST, Zalando SE", "MIT (`LICENSE` beside it)"),
    ("networks and their memories' latents", "`checkpoints/cifar10-*`",
     "trained on CIFAR-10 (Krizhevsky, 2009)", "MIT, as the code; CIFAR-10 states none"),
    ("networks and their memories' latents", "`checkpoints/svhn-*`",
     "trained on SVHN (Netzer et al., 2011)",
     "MIT, as the code; SVHN is for non-commercial use"),
    ("networks and their memories' latents", "`checkpoints/fashion-mnist-*`",
     "trained on Fashion-MNIST, Zalando SE", "MIT, as the code; Fashion-MNIST is under MIT"),
    ("a small classifier's features", "`pad_core/evaluation/features.safetensors`",
     "trained on these three sets", "MIT, as the code"),
    ("the paper's published values", "`pad_core/report/paper.py`",
     "Deperrois et al., *eLife* 2022", "CC BY 4.0"),
)  # fmt: skip
_CLASSIFIER = "License :: "
_CALLED = {  # where a package says it in words
    "Apache Software License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "MIT License": "MIT",
    "BSD": "BSD",
    "BSD License": "BSD",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC license": "ISC",
    "ISC License (ISCL)": "ISC",
    "NVIDIA Proprietary Software": "LicenseRef-NVIDIA-Proprietary",
}


def needed() -> dict[str, set[str]]:
    """Canonical names of all packages that are needed, each with what for: 'running', 'dev'."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = {"running": (ROOT / "requirements.txt").read_text("utf-8").splitlines()}
    groups |= project["optional-dependencies"]
    found: dict[str, set[str]] = {}
    for group, lines in groups.items():
        for name in _closure(map(Requirement, filter(None, lines))):
            found.setdefault(name, set()).add(group)
    return {name: {"running"} if "running" in why else why for name, why in found.items()}


def _closure(wanted: Iterable[Requirement]) -> Iterator[str]:
    """These packages and all that they need here, as far as they are installed."""
    queue, seen = list(wanted), set()
    while queue:
        requirement = queue.pop()
        name, extras = canonicalize_name(requirement.name), requirement.extras or {""}
        if name == OWN or (name, frozenset(extras)) in seen:
            continue
        seen.add((name, frozenset(extras)))
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # of another system, or an extra that isn't installed
        yield name
        for line in package.requires or []:
            further = Requirement(line)
            if further.marker is None or any(further.marker.evaluate({"extra": e}) for e in extras):
                queue.append(further)


def licence(package: Distribution) -> str:
    """What a package states as its licence, by its SPDX name where it is known."""
    stated = package.metadata.get("License-Expression")
    if stated:
        return stated
    first = (package.metadata.get("License") or "").strip().split("\n")[0]
    classes = [
        line.rpartition(" :: ")[2]
        for line in package.metadata.get_all("Classifier") or []
        if line.startswith(_CLASSIFIER) and line.count(" :: ") > 1
    ]
    words = first if re.fullmatch(r"(?!Copyright|UNKNOWN)[\w .+-]{2,40}", first) else ""
    said = words or " AND ".join(classes)
    return _CALLED.get(said, said) or "not stated"


def page() -> str:
    """The page's text."""
    data = "\n".join(f"| {' | '.join(row)} |" for row in DATA)
    rows = []
    for name, why in sorted(needed().items()):
        package = distribution(name)
        cells = (name, package.version, licence(package), ", ".join(sorted(why)))
        rows.append(f"| {' | '.join(cells)} |")
    return PAGE_TEXT.format(data=data, packages="\n".join(rows))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(needed())} packages")
