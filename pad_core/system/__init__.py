"""Files, random numbers, hardware and memory: nothing of dreams."""
