"""Generated callers, one module per op family."""
