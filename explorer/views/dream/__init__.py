"""The Dream page: a night, the dream plane, many dreams."""
