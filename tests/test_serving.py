"""What docs/serving.md starts: one balancer, and explorers that the balancer knows by name."""

import os
import shutil
import subprocess

import pytest
import yaml

from tests.helpers import ROOT

FOLDER = ROOT / "docs/serving"


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))["services"]


def test_the_balancer_asks_for_the_explorers_by_the_name_that_they_have(services):
    settings = (FOLDER / "haproxy.cfg").read_text("utf-8")
    assert " explorer:8501 " in settings and "explorer" in services
    for variable in services["balancer"]["environment"]:
        assert f"${{{variable}}}" in settings
    for mounted in services["balancer"]["volumes"]:
        assert (FOLDER / mounted.partition(":")[0]).is_file()


def test_the_image_is_made_of_files_that_are_here(services):
    build = services["explorer"]["build"]
    root = (FOLDER / build["context"]).resolve()
    copied = [line.split() for line in build["dockerfile_inline"].splitlines() if "COPY" in line]
    assert root == ROOT and copied
    assert all((root / line[1]).exists() for line in copied)
    assert (root / services["explorer"]["command"][2]).is_file()


@pytest.mark.skipif(not shutil.which("haproxy"), reason="HAProxy is not installed")
def test_the_balancer_reads_its_settings():
    own = os.environ | {"SITE": "localhost", "COOKIE_KEY": "x"}
    done = subprocess.run(
        ["haproxy", "-c", "-f", FOLDER / "haproxy.cfg"], env=own, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
