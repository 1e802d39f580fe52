"""What a newcomer meets first agrees with itself: README, licence, citation, dependencies."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from fnmatch import fnmatch

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import pad_core
from explorer.views.about import page as about
from explorer.widgets import page as explorer_page
from pad_core.cli.main import parse
from tests.helpers import ROOT
from tools import check_vulnerabilities

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
PAGES = [
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/RESULTS.md", "docs/conditions.md",
    "docs/licences.md", "docs/reliability.md", "docs/results.md",
]  # fmt: skip


def text(name):
    return (ROOT / name).read_text("utf-8")


def requirements():
    """All that can be installed: name of its group → requirements."""
    runs = [line for line in text("requirements.txt").splitlines() if line]
    groups = {"": runs, **PROJECT["project"]["optional-dependencies"]}
    return {name: [Requirement(line) for line in lines] for name, lines in groups.items()}


def test_the_readme_has_two_marked_commands_of_one_line_each():
    marked = re.findall(r"<!-- (\w+) -->\n(.*?)<!-- end -->", text("README.md"), re.DOTALL)
    assert [name for name, _ in marked] == ["explore", "test"]
    assert text("README.md").count("<!--") == 4
    commands = {}
    for name, block in marked:
        found = re.fullmatch(r"```bash\n([^\n]+)\n```\n", block)
        assert found, name
        commands[name] = found[1]
        assert found[1].startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert commands["explore"].endswith(" && .venv/bin/streamlit run explorer/app.py")
    assert commands["test"].endswith(' && PATH="$PWD/.venv/bin:$PATH" ./check')


def test_continuous_integration_runs_the_readmes_second_command():
    extract = next(line for line in text(".ci/run").splitlines() if line.startswith("command="))
    found = subprocess.run(
        ["bash", "-c", f'{extract}; echo "$command"'], cwd=ROOT, capture_output=True, text=True
    )
    assert found.stdout.endswith("./check\n")
    assert found.stdout.count("\n") == 1
    assert found.stdout in text("README.md")


def test_versions_agree():
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "pad_core.__version__"}
    assert CITATION["version"] == pad_core.__version__
    newest = re.findall(r"^## (\d\S*)", text("CHANGELOG.md"), re.MULTILINE)[0]
    assert newest == pad_core.__version__


def test_licences_and_authors_agree():
    licence = text("LICENSE")
    authors = PROJECT["project"]["authors"][0]["name"]
    assert licence.startswith("MIT License\n")
    assert CITATION["license"] == PROJECT["project"]["license"] == "MIT"
    assert re.search(r"Copyright \(c\) \d{4} (.*)", licence)[1] == authors
    assert CITATION["authors"] == [{"name": authors}]


def test_the_citation_is_complete_and_names_the_paper_as_the_about_page_does():
    assert CITATION["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "type", "abstract"} <= set(CITATION)
    (paper,) = CITATION["references"]
    names = [f"{author['family-names']}, {author['given-names']}" for author in paper["authors"]]
    bibtex = dict(re.findall(r"(\w+)\s*= \{(.*)\}", about._BIBTEX))
    assert " and ".join(names) == bibtex["author"]
    for field, key in [("title", "title"), ("journal", "journal"), ("doi", "doi"),
                       ("volume", "volume"), ("year", "year"), ("start", "pages")]:  # fmt: skip
        assert str(paper[field]) == bibtex[key]


def test_every_dependency_has_a_lower_and_an_upper_bound():
    for name, group in requirements().items():
        for requirement in group:
            if canonicalize_name(requirement.name) == PROJECT["project"]["name"]:
                assert requirement.extras <= set(requirements()), name
                continue
            operators = {specifier.operator for specifier in requirement.specifier}
            assert operators == {">=", "<"}, f"{name}: {requirement}"


def test_the_lock_has_all_dependencies_within_their_bounds_with_hashes():
    lock = text("requirements.lock")
    assert "://" not in lock
    pins = {}
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        found = re.match(r"([\w.-]+)==([\w.+!-]+)", entry)
        assert found, entry[:80]
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", entry)) >= 1, found[0]
        pins.setdefault(canonicalize_name(found[1]), set()).add(Version(found[2]))
    groups = requirements()
    for requirement in [*groups[""], *groups["dev"], *groups["cluster"], *groups["fid"]]:
        name = canonicalize_name(requirement.name)
        if name != PROJECT["project"]["name"]:
            assert pins[name] and all(map(requirement.specifier.contains, pins[name])), name


def test_the_licence_of_each_dependency_is_listed():
    listed = dict(re.findall(r"^\| ([\w.-]+) \| \S+ \| ([^|]+) \|", text("docs/licences.md"), re.M))
    groups = requirements()
    for requirement in [*groups[""], *groups["dev"], *groups["cluster"], *groups["fid"]]:
        name = canonicalize_name(requirement.name)
        if name != PROJECT["project"]["name"]:
            assert listed[name] not in ("", "not stated"), name
    assert "python -m tools.list_licences" in text("docs/licences.md")


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ({"vulns": []}, 0, "No vulnerability of 1 of 1 packages"),
        (
            {"vulns": [{"id": "PYSEC-1", "fix_versions": ["2.0"]}]},
            1,
            "a 1.0: PYSEC-1, mended in 2.0.",
        ),
        ({"skip_reason": "not found"}, 2, "was not checked: none of its packages is known."),
        (None, 2, "was not checked: no route to host."),
    ],
)
def test_known_vulnerabilities_are_told_from_an_answer_that_did_not_come(
    answer, status, said, tmp_path, monkeypatch
):
    reply = json.dumps({"dependencies": [{"name": "a", "version": "1.0"} | (answer or {})]})
    told = f"print({reply!r})" if answer else "raise SystemExit('no route to host.')"
    (tmp_path / "pip_audit.py").write_text(told)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found, words = check_vulnerabilities.check()
    assert found == status
    assert said in words


def test_all_files_beside_the_code_are_shipped():
    shipped = PROJECT["tool"]["setuptools"]["package-data"]
    listed = subprocess.run(
        ["git", "ls-files", "pad_core", "explorer"], cwd=ROOT, capture_output=True, text=True
    ).stdout.splitlines()
    if not listed:
        pytest.skip("this is no clone of the repository")
    packages = {path.rsplit("/", 1)[0] for path in listed if path.endswith("/__init__.py")}
    for path in listed:
        if path.endswith(".py"):
            continue
        package = max((p for p in packages if path.startswith(f"{p}/")), key=len)
        patterns = [*shipped["*"], *shipped.get(package.replace("/", "."), [])]
        inside = path.removeprefix(f"{package}/")
        assert any(fnmatch(inside, pattern) for pattern in patterns), path
    assert {"pad_core/py.typed", "explorer/py.typed"} <= set(listed)


def test_the_public_interface_is_there_and_documented():
    assert pad_core.__all__ == sorted(pad_core.__all__)
    for name in pad_core.__all__:
        assert name == "CONDITIONS" or getattr(pad_core, name).__doc__, name


PROGRAM = """
import runpy, sys
import pad_core
assert "torch" not in sys.modules
sys.argv = ["pad_core", "train", "--help"]
try:
    runpy.run_module("pad_core", run_name="__main__")
finally:
    assert "torch" not in sys.modules
"""


def test_pytorch_is_imported_only_where_it_is_needed():
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--epochs" in done.stdout


@pytest.mark.slow
def test_the_readmes_examples_of_python_run(image_folder, tmp_path, monkeypatch, capsys):
    dreaming, training = re.findall(r"```python\n(.*?)```", text("README.md"), re.DOTALL)
    (tmp_path / "checkpoints").symlink_to(ROOT / "checkpoints")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(dreaming, names)
    assert names["z"].shape == (1000, 256)
    assert (tmp_path / "dreams.png").read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out.startswith("tensor([0.")
    smaller = training.replace("fashion-mini", f"folder:{image_folder}").replace(
        "epochs=5", "epochs=1"
    )
    assert smaller.count(str(image_folder)) == 2 and "epochs=1" in smaller
    exec(smaller, names)
    epoch, measured = capsys.readouterr().out.splitlines()
    assert epoch.startswith("{'epoch': 1, 'losses': {")
    assert measured.startswith(f"{names['found']['linear_separability']} {{'0': ")


@pytest.mark.parametrize("page", PAGES)
def test_links_and_paths_lead_somewhere(page):
    folder = (ROOT / page).parent
    links = re.findall(r"\]\(([^)#]+)\)", text(page))
    for link in links:
        assert "://" in link or (folder / link).exists(), link
    if page in ("README.md", "CONTRIBUTING.md"):
        known = r"`((?:pad_core|explorer|tests|tools|bench|docs|notebooks)/[\w./]*)`"
        for path in re.findall(known, text(page)):
            assert "NAME" in path or (ROOT / path).exists(), path


def test_the_hook_before_a_commit_runs_the_check():
    (repository,) = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    assert [hook["entry"] for hook in repository["hooks"]] == ["./check --no-tests"]


COMMAND = re.compile(r"python -m pad_core ((?:[a-z]+ [^`\n]|bench)[^`\n]*)")


@pytest.mark.parametrize("page", ["README.md", "docs/conditions.md", "checkpoints/README.md"])
def test_the_commands_that_pages_give_are_ones_that_the_program_takes(page):
    found = 0
    for text in COMMAND.findall((ROOT / page).read_text("utf-8")):
        for command in text.split(" && "):
            parse(shlex.split(command.removeprefix("python -m pad_core ")))
            found += 1
    assert found >= 5


def test_the_command_that_the_explorer_offers_first_is_taken():
    parse(shlex.split(explorer_page._TRAIN)[3:])
