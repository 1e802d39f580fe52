"""The scripts of the explorer's components: modules put together from files."""

import re
import tomllib
from pathlib import Path

from explorer.views.map import component
from tests.helpers import ROOT

FOLDER = Path(component.__file__).with_name("browser")


def test_each_script_is_shipped_used_once_and_declares_names_of_its_own():
    scripts = {name: (FOLDER / name).read_text("utf-8") for name in component.SCRIPTS}
    assert len(scripts) == len(component.SCRIPTS)
    declared = [
        name
        for text in scripts.values()
        for name in re.findall(r"^(?:const|class|function) (\w+)", text, re.MULTILINE)
    ]
    assert len(declared) == len(set(declared)) >= 10
    whole = "\n".join(scripts.values())
    assert len(re.findall("^export ", whole, re.MULTILINE)) == 1
    assert not re.findall("^import ", whole, re.MULTILINE)
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "browser/*" in pyproject["tool"]["setuptools"]["package-data"]["explorer.views.map"]
