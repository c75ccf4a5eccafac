"""The tensor: its slots, views, indexing, copies, printing, and arrays from elsewhere."""
