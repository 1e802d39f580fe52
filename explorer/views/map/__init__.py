"""The Map page: codes of many images, what lies near them, what they decode to."""
