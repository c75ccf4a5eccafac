"""Collectives that gradients pass through; over one rank they hand on what they get."""

from __future__ import annotations

from typing import Any

from .. import ReduceOp, get_world_size


def all_reduce(tensor: Any, op: Any = ReduceOp.SUM, group: Any = None) -> Any:
    """The tensor as a result of its own: a reduction over one."""
    get_world_size(None)
    return tensor.clone()


def broadcast(tensor: Any, src: int, group: Any = None) -> Any:
    """The tensor as a result of its own."""
    return all_reduce(tensor)


reduce = broadcast


def all_gather(tensor: Any, group: Any = None) -> tuple[Any, ...]:
    """The tensor of the one rank."""
    return (all_reduce(tensor),)


def gather(tensor: Any, dst: int = 0, group: Any = None) -> tuple[Any, ...]:
    """The tensor of the one rank."""
    return (all_reduce(tensor),)


def scatter(tensors: Any, src: int = 0, group: Any = None) -> Any:
    """The one tensor of the list."""
    (tensor,) = tensors
    return all_reduce(tensor)


def reduce_scatter(output: Any, input_list: Any, op: Any = ReduceOp.SUM, group: Any = None) -> Any:
    """The one tensor of the list."""
    return scatter(input_list)


def all_to_all(output_tensor_list: Any, input_tensor_list: Any, group: Any = None) -> tuple[Any, ...]:
    """The tensors of the one rank."""
    return tuple(all_reduce(t) for t in input_tensor_list)


__all__ = ["all_gather", "all_reduce", "all_to_all", "broadcast", "gather", "reduce", "reduce_scatter", "scatter"]
