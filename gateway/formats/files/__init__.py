"""Files as they are found: packed, torn and damaged ones, read as far as they can be."""
