"""The benchmark in a browser measures what it says, in a tiny size."""

import json
import math
import subprocess
import sys

import pytest

from bench import explorer_browser
from bench.browser import Server
from bench.checkpoints import different
from bench.explorer_browser import table
from bench.measure import Result, row
from pad_core.checkpoint import file as checkpoint
from pad_core.errors import PadError
from tests.explorer.browser import browser_only
from tests.helpers import ROOT

WAITS = [
    "streamlit run → first dreams in the page",
    "page opened → first dreams in it, server up",
    "REM slider moved → new dreams in the page, median",
    "slider moved, 64 dreams → new dreams in the page, median",
    "NREM slider moved → new dreams in the page, median",
    "another network chosen → its dreams in the page, median",
    "occlusion moved → accuracies in the page, first estimate, median",
    "occlusion moved → accuracies in the page, seen before, median",
    "page opened on 10 checkpoints, first",
]


def test_its_networks_dream_differently_and_are_what_their_headers_say(tmp_path):
    made = [checkpoint.load(path) for path in different(tmp_path, 3)]
    assert len(list(tmp_path.iterdir())) == 3
    latents = made[0].memories["test"].latents[:1]
    dreams = [network.generate(latents) for network in made]
    assert dreams[0].mean() < dreams[1].mean() < dreams[2].mean()
    assert len({network.header.weights_sha256 for network in made}) == 3
    assert [network.header.seed for network in made] == [1000, 1001, 1002]


def test_a_server_that_does_not_answer_in_time_gets_a_sentence():
    with pytest.raises(PadError, match="did not answer within 0 s"):
        Server(patience_s=0)


def test_what_was_measured_before_a_wait_without_end_is_not_lost(monkeypatch, capsys):
    overdue = pytest.importorskip("playwright.sync_api").TimeoutError
    found = row("streamlit run → first dreams in the page", "s", [4.2], "cpu")

    def measure(quick):
        yield [found]
        raise overdue("Timeout 300000ms exceeded.")

    monkeypatch.setattr(explorer_browser, "measure", measure)
    monkeypatch.setattr(explorer_browser, "find_browser", lambda: "chromium")
    monkeypatch.setattr(explorer_browser.shutil, "which", lambda name: name)
    monkeypatch.setattr(sys, "argv", ["explorer_browser", "--json"])
    with pytest.raises(SystemExit, match="too long: Timeout"):
        explorer_browser.main()
    assert [one["value"] for one in json.loads(capsys.readouterr().out)] == [4.2]


@pytest.mark.slow
@browser_only[0]
@browser_only[1]
@browser_only[2]
def test_all_that_a_viewer_waits_for_is_measured(tmp_path):
    out = tmp_path / "rows.json"
    command = [sys.executable, "-m", "bench.explorer_browser", "--quick", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: Result(**row) for row in json.loads(out.read_text())}
    for name in WAITS:
        assert 0 < rows[name].low <= rows[name].value <= rows[name].high < math.inf
    # What a viewer waits for holds what the server takes, and that what it computes.
    for what in ("REM slider moved", "NREM slider moved", "slider moved, 64 dreams"):
        seen = rows[f"{what} → new dreams in the page, median"]
        answered = rows[f"{what}, from request to answer of the server, median"]
        computed = rows[f"{what}, of that computed, median"]
        assert seen.value > answered.value > computed.value - 1  # which is shown in whole ones
    assert table(list(rows.values())).row_count == len(rows)
