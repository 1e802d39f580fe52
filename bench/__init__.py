"""Benchmarks, and the plain implementations that they compare with."""
