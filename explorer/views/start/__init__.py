"""Start: a network dreams, and the path that leads through the pages."""
