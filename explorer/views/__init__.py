"""One module a page: ask, load, compute, draw, in that order."""
