"""Every measure of a network, and the evaluation that takes them all."""
