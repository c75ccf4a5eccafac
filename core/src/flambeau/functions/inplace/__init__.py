"""In-place forms: what writes, and the functions named after the methods."""
