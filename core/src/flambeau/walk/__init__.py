"""The walk: what an operation leaves on the tape, and the way back over it."""
