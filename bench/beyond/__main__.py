"""``python -m bench.beyond NAME …``: measure items of ``docs/beyond.md`` anew."""

from __future__ import annotations

import argparse
import importlib

import torch

NAMES = (
    "lucid",
    "inversion",
    "deep",
    "units",
    "metamers",
    "hybrids",
    "night",
    "lesions",
    "hopfield",
    "development",
    "compression",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.beyond", description=__doc__)
    parser.add_argument("names", nargs="+", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    for name in parser.parse_args().names:
        with torch.inference_mode():
            importlib.import_module(f"bench.beyond.{name}").measure()


if __name__ == "__main__":
    main()
