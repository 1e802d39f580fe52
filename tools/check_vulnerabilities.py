"""Asks whether any version in ``requirements.lock`` is known to be vulnerable.

``python -m tools.check_vulnerabilities``, with pip-audit installed (``pip install -e ".[audit]"``).
It ends with 0 where nothing is known, 1 where something is, and 2, with one sentence, where nobody
could be asked.
"""

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
CLEAN, VULNERABLE, UNKNOWN = 0, 1, 2
_PATIENCE_S = 300


def check(lock: Path = LOCK) -> tuple[int, str]:
    """The exit status, and what to print."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes",
               "--disable-pip", "--format", "json", "--progress-spinner", "off"]  # fmt: skip
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        return UNKNOWN, f"{lock.name} was not checked: no answer within {_PATIENCE_S} s."
    try:
        packages = json.loads(asked.stdout)["dependencies"]
    except (ValueError, KeyError):
        words = [line.strip() for line in asked.stderr.splitlines() if line.strip()]
        why = words[-1][:300].rstrip(".") if words else f"pip-audit ended with {asked.returncode}"
        return UNKNOWN, f"{lock.name} was not checked: {why}."
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    found = [
        f"{package['name']} {package['version']}: {one['id']}, mended in "
        f"{', '.join(one['fix_versions']) or 'no version yet'}."
        for package in packages
        for one in package.get("vulns", [])
    ]
    asked_of = f"{len(packages) - len(skipped)} of {len(packages)} packages"
    if found:
        return VULNERABLE, "\n".join([*found, f"{asked_of} were checked."])
    if len(skipped) == len(packages):
        return UNKNOWN, f"{lock.name} was not checked: none of its packages is known."
    return CLEAN, f"No vulnerability of {asked_of} in {lock.name} is known."


if __name__ == "__main__":
    status, said = check()
    print(said, file=sys.stderr if status == UNKNOWN else sys.stdout)
    sys.exit(status)
