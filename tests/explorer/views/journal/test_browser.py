"""The journal in a real browser: kept, still there after a reload, taken along, opened again."""

import subprocess
import sys

from explorer.journal.exports import read_manifest
from tests.explorer.browser import atlas, browser_only, go_to
from tests.helpers import ROOT

pytestmark = browser_only


def test_a_dream_is_kept_found_again_downloaded_and_made_again(address, visit, tmp_path):
    page = visit(f"{address}&seed=21&lam=0.75")
    dreamt = atlas(page, "rem")[-32:]
    page.get_by_role("button", name="Keep this").click()
    page.get_by_role("textbox", name="Title").fill("Seen in a browser")
    page.get_by_role("button", name="Keep these dreams").click()
    page.get_by_text("It stands in the Journal now").wait_for()
    page.get_by_role("button", name="Keep these dreams").wait_for(state="hidden")

    go_to(page, "Journal", "Make")
    page.get_by_role("heading", name="Seen in a browser").wait_for()
    page.reload()
    page.get_by_role("heading", name="Seen in a browser").wait_for()
    assert (atlas(page, "kept") == dreamt).all()

    page.get_by_role("button", name="Files").click()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download seen-in-a-browser-picture.png").click()
    file = tmp_path / "picture.png"
    downloading.value.save_as(file)
    assert read_manifest(file.read_bytes())["dream"]["choices"]["seed"] == "21"
    folder = address.split("folder=")[1].split("&")[0].replace("%2F", "/")
    command = [sys.executable, "-m", "explorer", "rebuild", str(file), "--out",
               str(tmp_path / "again.png"), "--checkpoint", folder]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "again.png").read_bytes() == file.read_bytes()

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Open in Dream").click()
    page.wait_for_selector(".pad-rem")
    page.wait_for_url(lambda url: "seed=21" in url and "lam=0.75" in url)
    assert (atlas(page, "rem")[-32:] == dreamt).all()


def test_a_dream_is_renamed_deleted_and_brought_back(address, visit):
    page = visit(f"{address}&seed=22")
    page.get_by_role("button", name="Keep this").click()
    page.get_by_role("textbox", name="Title").fill("Short-lived")
    page.keyboard.press("Enter")
    page.get_by_text("It stands in the Journal now").wait_for()
    go_to(page, "Journal", "Make")
    page.get_by_role("heading", name="Short-lived").wait_for()

    page.get_by_role("button", name="Rename").first.click()
    page.get_by_role("textbox", name="Title").fill("Long-lived")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Long-lived").wait_for()

    page.get_by_role("button", name="Delete").first.click()
    page.get_by_role("heading", name="Long-lived").wait_for(state="detached")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("heading", name="Long-lived").wait_for()
