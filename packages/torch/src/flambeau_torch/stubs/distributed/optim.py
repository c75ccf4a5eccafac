"""`torch.distributed.optim`: sharded optimizers, which over one rank are the optimizer itself."""

from __future__ import annotations

from typing import Any


class ZeroRedundancyOptimizer:
    """The optimizer of `optimizer_class` over these parameters: all of its state lies on the one rank."""

    def __new__(cls, params: Any, optimizer_class: type, process_group: Any = None,
                parameters_as_bucket_view: bool = False, overlap_with_ddp: bool = False, **defaults: Any) -> Any:
        from . import get_world_size

        get_world_size(process_group)
        return optimizer_class(params, **defaults)


__all__ = ["ZeroRedundancyOptimizer"]
