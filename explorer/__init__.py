"""The PAD dream explorer: ``streamlit run explorer/app.py``."""

from pathlib import Path


def home() -> Path:
    """The folder of ``checkpoints/``, ``runs/`` and ``data/``.

    It is the clone of the repository with this code; for code installed without a clone, it is the
    current folder.
    """
    above = Path(__file__).resolve().parents[1]
    return above if (above / "pyproject.toml").is_file() else Path.cwd()
