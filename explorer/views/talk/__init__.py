"""The Talk page: saved views, in the order in which they are presented."""
