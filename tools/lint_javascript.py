"""Lint the pages' scripts as the browser gets them: the files of a module, joined.

``python -m tools.lint_javascript``; exit status 1 if something is wrong. Joined, a name that two
files declare, that none declares or that none uses is found.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from explorer.views.map.component import LAYER_SCRIPTS, SCRIPTS

ROOT = Path(__file__).resolve().parents[1]
_CONFIG = {
    "env": {"browser": True, "es2024": True},
    "categories": {"correctness": "error"},
    "rules": {
        "no-undef": "error",
        "no-redeclare": "error",
        "no-var": "error",
        "prefer-const": "error",
        "eqeqeq": ["error", "always", {"null": "ignore"}],
    },
}


def modules() -> dict[str, str]:
    """The modules that the browser gets, by file name; each script is in one at least."""
    folder = ROOT / "explorer"
    of_the_map = folder / "views/map/browser"
    found = {
        str(path.relative_to(ROOT)): path.read_text("utf-8")
        for path in sorted(folder.rglob("*.js"))
        if path.parent != of_the_map
    }
    for name, scripts in (("map", SCRIPTS), ("layer", LAYER_SCRIPTS)):
        texts = [(of_the_map / script).read_text("utf-8") for script in scripts]
        found[f"explorer/views/map/{name}-joined.js"] = "\n".join(texts)
    return found


def _program() -> str:
    """The path of this environment's oxlint, even if PATH leads to another."""
    beside = Path(sys.executable).parent
    return (
        shutil.which("oxlint", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}") or "oxlint"
    )


def lint(texts: dict[str, str]) -> str:
    """What oxlint finds in these modules; '' if all is well."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ".oxlintrc.json").write_text(json.dumps(_CONFIG))
        for name, text in texts.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        done = subprocess.run(
            [_program(), "--deny-warnings", "--format=unix"],
            cwd=folder, capture_output=True, text=True, encoding="utf-8",
        )  # fmt: skip
    return "" if done.returncode == 0 else done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(lint(modules()) or None)
