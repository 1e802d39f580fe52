"""Dreams that a viewer kept: their store, exports and archives, made again from them."""
