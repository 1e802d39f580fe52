"""The PAD dream explorer: ``streamlit run explorer/app.py``."""

from pathlib import Path


def home() -> Path:
    """Where ``checkpoints/``, ``runs/`` and ``data/`` lie.

    That is the clone of the repository that this code stands in; where the code was installed
    without one, the current folder.
    """
    above = Path(__file__).resolve().parents[1]
    return above if (above / "pyproject.toml").is_file() else Path.cwd()
