"""A zip dropped onto the Train page in a real browser, as from the desktop's folder."""

import base64
import contextlib
import io
import zipfile

import pytest

from bench.browser import Server
from explorer.session.streamlit_internals import part
from tests.explorer.browser import browser_only
from tests.helpers import ROOT
from tests.pictures import encoded, picture

pytestmark = browser_only

_PROGRAM = """\
import runpy
from pathlib import Path

from explorer.library import networks

networks.ROOT = Path({home!r})
runpy.run_path({script!r})
"""
_DROP = """(place, content) => {
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "my trees.zip", { type: "application/zip" }));
  for (const type of ["dragenter", "dragover", "drop"])
    place.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def served(tmp_path):
    """The address of an explorer, and its folder, a new one."""
    home = tmp_path / "home"
    home.mkdir()
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM.format(home=str(home), script=str(ROOT / "explorer/script.py")))
    env = {"OMP_NUM_THREADS": "1", "PAD_JOURNAL": str(tmp_path / "journal.sqlite3")}
    server = Server(env, stderr=None, patience_s=60, program=program)
    with contextlib.closing(server):
        yield server.address, home


def trees():
    """A zip of two classes, as a Mac makes it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for label, name in enumerate(("beech", "oak")):
            for number in range(6):
                content = encoded(picture(label, number))
                archive.writestr(f"trees/{name}/{number}.png", content)
                archive.writestr(f"__MACOSX/trees/{name}/._{number}.png", b"junk")
    return base64.b64encode(file.getvalue()).decode()


def test_a_dropped_zip_becomes_the_data_that_is_trained_on(served, visit):
    address, home = served
    page = visit(f"{address}train")
    start = page.get_by_role("button", name="Start training").bounding_box()
    assert start["y"] + start["height"] < 720  # in sight, however long the form is
    place = page.locator(".st-key-data-zip section")
    place.evaluate(_DROP, trees())
    main = page.locator(part("main"))
    main.get_by_text("12 images, 2 classes, a sixth held out to test.").wait_for()
    (made,) = (home / "data/dropped").iterdir()
    assert made.name.startswith("my-trees-")
    spec = f"folder:data/dropped/{made.name}"
    assert page.get_by_role("combobox", name="Data set").input_value() == spec
    main.locator("code").filter(has_text=f"--dataset {spec}").wait_for()
    assert page.get_by_role("button", name="Start training").is_enabled()
