"""The Start page and the path."""
