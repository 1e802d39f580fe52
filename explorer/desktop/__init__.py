"""The explorer as a desktop program: its server and its window."""
