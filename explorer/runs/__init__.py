"""Trainings that the explorer starts, watches and stops, and what they record."""
