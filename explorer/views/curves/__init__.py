"""The Curves page: the paper's figures, losses and dreams over epochs."""
