"""The explorer as a program of the desktop: its server and its window."""
