"""`torch.nn.parallel` in a world of one process."""

from __future__ import annotations

from typing import Any

from flambeau.errors import UnsupportedError

from .distributed import DistributedDataParallel


def data_parallel(module: Any, inputs: Any, device_ids: Any = None, output_device: Any = None, dim: int = 0,
                  module_kwargs: Any = None) -> Any:
    """`module(*inputs, **module_kwargs)`: all of the batch on the one device. Raises UnsupportedError for more."""
    _one_device("data_parallel", device_ids)
    given = inputs if isinstance(inputs, tuple) else (inputs,)
    return module(*given, **(module_kwargs or {}))


def _one_device(op: str, devices: Any) -> None:
    if devices is not None and len(devices) > 1:
        raise UnsupportedError(f"one device can be used, {len(devices)} were asked for", op=op)


def replicate(network: Any, devices: Any, detach: bool = False) -> list[Any]:
    """The network itself, for the one device."""
    _one_device("replicate", devices)
    return [network]


def scatter(inputs: Any, target_gpus: Any, dim: int = 0) -> tuple[Any, ...]:
    """The inputs whole, for the one device."""
    _one_device("scatter", target_gpus)
    return (inputs,)


def gather(outputs: Any, target_device: Any, dim: int = 0) -> Any:
    """The one output."""
    _one_device("gather", outputs)
    return outputs[0]


def parallel_apply(modules: Any, inputs: Any, kwargs_tup: Any = None, devices: Any = None) -> list[Any]:
    """The output of the one module on its inputs."""
    _one_device("parallel_apply", modules)
    given = inputs[0] if isinstance(inputs[0], tuple) else (inputs[0],)
    return [modules[0](*given, **((kwargs_tup or ({},))[0]))]


__all__ = ["DistributedDataParallel", "data_parallel", "gather", "parallel_apply", "replicate", "scatter"]
