"""Dreams, readings and walks, from networks and choices to pictures and numbers."""
