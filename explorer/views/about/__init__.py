"""The About page: the paper in short."""
