"""Measurements of this machine, and the plain implementations that they are compared with."""
