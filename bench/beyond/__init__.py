"""Measurements of what ``docs/beyond.md`` says: one module an item, each prints its tables."""
