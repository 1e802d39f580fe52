"""The command line: ``python -m pad_core COMMAND --help``."""

import sys

from pad_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
