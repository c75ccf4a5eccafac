"""`DistributedDataParallel` in a world of one process: gradients are already the average over all ranks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flambeau import nn
from flambeau.errors import PreconditionError, UnsupportedError

from ... import distributed


class DistributedDataParallel(nn.Module):
    """Wraps a module: `forward` is the module's, which is there as `module`, its parameters begin with "module.".

    Raises ValueError's kind where no process group was begun, PreconditionError for a module without parameters that
    want gradients, UnsupportedError for several devices.
    """

    def __init__(self, module: nn.Module, device_ids: Any = None, output_device: Any = None, dim: int = 0,
                 broadcast_buffers: bool = True, process_group: Any = None, bucket_cap_mb: Any = None,
                 find_unused_parameters: bool = False, check_reduction: bool = False,
                 gradient_as_bucket_view: bool = False, static_graph: bool = False, **options: Any) -> None:
        super().__init__()
        distributed.get_world_size(process_group)
        if not any(p.requires_grad for p in module.parameters()):
            raise PreconditionError("DistributedDataParallel is not needed when a module doesn't have any parameter"
                                    " that requires a gradient.", op="DistributedDataParallel")
        if device_ids is not None and len(device_ids) > 1:
            raise UnsupportedError(f"device_ids can only be None or contain a single element, got {device_ids}",
                                   op="DistributedDataParallel")
        self.module = module
        self.dim, self.device_ids, self.output_device = dim, device_ids, output_device
        self.process_group, self.broadcast_buffers = process_group, broadcast_buffers
        self.find_unused_parameters, self.static_graph = find_unused_parameters, static_graph
        self.require_backward_grad_sync = True

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """The module's output."""
        return self.module(*inputs, **kwargs)

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Gradients are not averaged meanwhile: over one rank it makes no difference."""
        former, self.require_backward_grad_sync = self.require_backward_grad_sync, False
        try:
            yield
        finally:
            self.require_backward_grad_sync = former

    @contextmanager
    def join(self, divide_by_initial_world_size: bool = True, enable: bool = True,
             throw_on_early_termination: bool = False) -> Iterator[DistributedDataParallel]:
        """Nobody else can run out of inputs."""
        yield self

    def register_comm_hook(self, state: Any, hook: Callable[..., Any]) -> None:
        """Noted for nothing: no gradient is sent."""


__all__ = ["DistributedDataParallel"]
