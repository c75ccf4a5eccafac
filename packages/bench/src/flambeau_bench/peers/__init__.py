"""One module per peer: `TITLE`, `load(threads)` and `CASES`, a maker of each row the peer can do."""
