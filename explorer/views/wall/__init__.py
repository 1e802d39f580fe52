"""The Wall page: the same memories through several networks."""
