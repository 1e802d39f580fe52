"""The file that ships: a trained network with its memories and its header."""
