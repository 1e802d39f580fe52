"""Files, random numbers, hardware and memory. Nothing here knows of dreams."""
