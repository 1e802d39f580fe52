"""The Map page: latents of many images, their neighbours, and what they decode to."""
