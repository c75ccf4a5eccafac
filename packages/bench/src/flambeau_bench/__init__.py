"""The same work on flambeau and its peers, side by side, in one run."""

__version__ = "0.1.0"
