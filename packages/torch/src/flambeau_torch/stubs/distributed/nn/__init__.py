"""`torch.distributed.nn`: collectives that gradients pass through; over one rank they hand on what they get."""

from __future__ import annotations

from .functional import all_gather, all_reduce, all_to_all, broadcast, gather, reduce, reduce_scatter, scatter

__all__ = ["all_gather", "all_reduce", "all_to_all", "broadcast", "gather", "reduce", "reduce_scatter", "scatter"]
