"""Networks and images at hand, and what is computed in the background."""
