"""Images and data sets: those that ship or are fetched, and the user's own."""
