"""Images and data sets: those that ship or are downloaded, and the user's own."""
