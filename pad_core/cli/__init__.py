"""The command line: what users type, and what commands print."""
