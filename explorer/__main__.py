"""The command line: ``pad-explorer`` or ``python -m explorer`` opens the explorer."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from explorer import home
from pad_core.errors import PadError, tolerate_unprintable_output
from pad_core.system.exit_status import exit_status


def main(arguments: list[str] | None = None) -> int:
    """Open the explorer, or run a command; returns the exit status."""
    tolerate_unprintable_output()
    options = _parser().parse_args(arguments)
    return exit_status("explorer", lambda: options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pad-explorer" if Path(sys.argv[0]).stem == "pad-explorer" else "python -m explorer",
        description="Open the PAD dream explorer in its own window, for you alone. "
        "Closing the window, or Ctrl-C, ends it.",
    )
    parser.add_argument("--port", type=_port, help="port to listen at (default: a free one)")
    window = parser.add_mutually_exclusive_group()
    window.add_argument(
        "--browser", default="auto", metavar="COMMAND",
        help="a Chromium browser to show it in, or 'default' for a tab of the default browser "
        "(default: pywebview if it is installed, else a Chromium browser found here)",
    )  # fmt: skip
    window.add_argument(
        "--no-window", action="store_const", const="none", dest="browser",
        help="open no window; serve, and print the address",
    )  # fmt: skip
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="network to show first")
    parser.add_argument(
        "--class", action="store_true", dest="is_class",
        help="serve the computers of this network, too: visitors look and change nothing here, and "
        "may follow what you, the speaker, show",
    )  # fmt: skip
    parser.add_argument(
        "--name", action="append", type=_name, dest="names", default=[],
        help="with --class: name or address by which visitors call this computer; may be given "
        "several times (default: its address)",
    )  # fmt: skip
    parser.set_defaults(run=run_window)

    commands = parser.add_subparsers(metavar="COMMAND")
    rebuild = commands.add_parser("rebuild", help="make an exported file again, byte for byte")
    rebuild.add_argument(
        "source", type=Path, metavar="FILE", help="PNG, GIF, CSV or zip, or its manifest.json"
    )
    rebuild.add_argument("--out", type=Path, required=True, metavar="FILE", help="to write")
    rebuild.add_argument(
        "--checkpoint", type=Path, nargs="+", dest="places", metavar="PATH",
        default=[home() / "checkpoints", home() / "runs"],
        help="checkpoints, or folders to search (default: checkpoints and runs)",
    )  # fmt: skip
    rebuild.set_defaults(run=run_rebuild)
    return parser


def run_window(options: argparse.Namespace) -> None:
    """The explorer itself."""
    from explorer.desktop.window import own_names, run

    if options.names and not options.is_class:
        raise PadError("--name is for a class: add --class, or leave it out.")
    names = (options.names or own_names()) if options.is_class else ()
    run(options.port, options.browser, options.checkpoint, names)


def run_rebuild(options: argparse.Namespace) -> int:
    """``rebuild``: exit status 0 if the bytes are the same, 1 if they differ."""
    from explorer.journal.rebuild import rebuild

    status, sentence = rebuild(options.source, options.out, options.places)
    print(sentence)
    return status


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", text):
        raise argparse.ArgumentTypeError(
            f"a name is one such as lab.example.org or 192.168.1.5, without http:// and port, "
            f"not {text[:80]!r}"
        )
    return text


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
