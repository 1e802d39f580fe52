"""One folder a page. ``page.show`` asks, loads, computes and draws, in that order."""
