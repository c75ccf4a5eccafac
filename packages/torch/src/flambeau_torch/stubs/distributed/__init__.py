"""`torch.distributed` in a world of one process: every collective has its meaning there, and no bytes move."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flambeau import Tensor
from flambeau.errors import ArgumentError, PreconditionError, ShapeError, UnsupportedError, ValueRangeError

from .device_mesh import DeviceMesh, init_device_mesh
from .groups import Backend, GroupMember, ProcessGroup, ReduceOp, Work, group, known_backend
from .stores import FileStore, HashStore, Store, TCPStore

default_pg_timeout = timedelta(minutes=30)
_reduce_ops = {"SUM", "PRODUCT", "MIN", "MAX", "AVG", "BAND", "BOR", "BXOR", "PREMUL_SUM"}
reduce_op = ReduceOp
_world: dict[str, Any] = {"group": None, "backend": ""}


def is_available() -> bool:
    """True: for one process."""
    return True


def is_initialized() -> bool:
    """Whether `init_process_group` has been called, and `destroy_process_group` not since."""
    return _world["group"] is not None


def is_torchelastic_launched() -> bool:
    """False: there is no launcher of several processes."""
    return False


def is_nccl_available() -> bool:
    """False."""
    return False


is_mpi_available = is_ucc_available = is_xccl_available = is_nccl_available


def is_gloo_available() -> bool:
    """True: a world of one needs no transport, and programs ask for this one on a CPU."""
    return True


def is_backend_available(backend: str) -> bool:
    """Whether `init_process_group` takes that backend."""
    return backend.lower() in ("gloo", "fake")


def get_default_backend_for_device(device: Any) -> str:
    """"gloo"."""
    return "gloo"


def init_process_group(backend: str | None = None, init_method: str | None = None, timeout: Any = None,
                       world_size: int = -1, rank: int = -1, store: Any = None, group_name: str = "",
                       pg_options: Any = None, device_id: Any = None) -> None:
    """Begins a world of one process.

    Raises PreconditionError if there is one already, UnsupportedError where `world_size`, or WORLD_SIZE in the
    environment, asks for more.
    """
    if is_initialized():
        raise PreconditionError("trying to initialize the default process group twice!", op="init_process_group")
    size = world_size if world_size != -1 else int(os.environ.get("WORLD_SIZE", "1"))
    place = rank if rank != -1 else int(os.environ.get("RANK", "0"))
    if size != 1:
        raise UnsupportedError(f"a world of {size} processes was asked for, and there is none but of one: start the"
                               " program without a launcher", op="init_process_group", world_size=size)
    if place != 0:
        raise ValueRangeError(f"rank {place} is not in a world of one", op="init_process_group")
    _world.update(group=ProcessGroup(), backend=known_backend(backend))


def destroy_process_group(group: Any = None) -> None:
    """Ends the world, or forgets a group."""
    _check("destroy_process_group", group)
    if group is None or group is _world["group"]:
        _world.update(group=None, backend="")


def _check(op: str, group: Any, *ranks: int) -> None:
    if not is_initialized():
        raise ValueRangeError("Default process group has not been initialized, please make sure to call"
                              " init_process_group.", op=op)
    for rank in ranks:
        if rank not in (0, None):
            raise ValueRangeError(f"rank {rank} is not in a world of one", op=op)


def _place(op: str, dst: Any, group_dst: Any) -> Any:
    return group_dst if dst is None else dst


def get_rank(group: Any = None) -> int:
    """0."""
    _check("get_rank", group)
    return 0


def get_world_size(group: Any = None) -> int:
    """1."""
    _check("get_world_size", group)
    return 1


def get_backend(group: Any = None) -> str:
    """What `init_process_group` was told, "gloo" by default."""
    _check("get_backend", group)
    return str(_world["backend"])


def get_global_rank(group: Any, group_rank: int) -> int:
    """0."""
    _check("get_global_rank", group, group_rank)
    return 0


def get_group_rank(group: Any, global_rank: int) -> int:
    """0."""
    _check("get_group_rank", group, global_rank)
    return 0


def get_process_group_ranks(group: Any = None) -> list[int]:
    """[0]."""
    _check("get_process_group_ranks", group)
    return [0]


def get_node_local_rank(fallback_rank: int | None = None) -> int:
    """LOCAL_RANK of the environment, or `fallback_rank`."""
    if "LOCAL_RANK" in os.environ:
        return int(os.environ["LOCAL_RANK"])
    if fallback_rank is None:
        raise ArgumentError("LOCAL_RANK is not in the environment, and no fallback_rank was given",
                            op="get_node_local_rank")
    return int(fallback_rank)


def new_group(ranks: Sequence[int] | None = None, timeout: Any = None, backend: str | None = None,
              pg_options: Any = None, use_local_synchronization: bool = False, group_desc: str | None = None,
              device_id: Any = None) -> Any:
    """A group of this process, or `GroupMember.NON_GROUP_MEMBER` for a list without rank 0."""
    _check("new_group", None, *(ranks or ()))
    return GroupMember.NON_GROUP_MEMBER if ranks is not None and not len(ranks) else ProcessGroup()


def _done(async_op: bool, value: Any = None) -> Any:
    return Work(value) if async_op else None


def _need_tensor(op: str, *given: Any) -> None:
    for value in given:
        if not isinstance(value, Tensor):
            raise ArgumentError(f"expected a Tensor, got {type(value).__name__}", op=op)


def _same(op: str, target: Any, source: Any) -> None:
    _need_tensor(op, target, source)
    if target.numel() != source.numel():
        raise ShapeError(f"output {list(target.shape)} does not hold what 1 rank gives, {list(source.shape)}", op=op)
    target.detach().copy_(source.detach().reshape(tuple(target.shape)))


def barrier(group: Any = None, async_op: bool = False, device_ids: Any = None) -> Any:
    """Returns at once: everybody is here."""
    _check("barrier", group)
    return _done(async_op)


def monitored_barrier(group: Any = None, timeout: Any = None, wait_all_ranks: bool = False) -> None:
    """Returns at once: everybody is here."""
    _check("monitored_barrier", group)


def broadcast(tensor: Any, src: int | None = None, group: Any = None, async_op: bool = False,
              group_src: int | None = None) -> Any:
    """Leaves the tensor as it is."""
    _check("broadcast", group, _place("broadcast", src, group_src))
    _need_tensor("broadcast", tensor)
    return _done(async_op, [tensor])


def all_reduce(tensor: Any, op: Any = ReduceOp.SUM, group: Any = None, async_op: bool = False) -> Any:
    """Leaves the tensor as it is: a reduction over one."""
    _check("all_reduce", group)
    _need_tensor("all_reduce", tensor)
    return _done(async_op, [tensor])


def reduce(tensor: Any, dst: int | None = None, op: Any = ReduceOp.SUM, group: Any = None, async_op: bool = False,
           group_dst: int | None = None) -> Any:
    """Leaves the tensor as it is: a reduction over one."""
    _check("reduce", group, _place("reduce", dst, group_dst))
    _need_tensor("reduce", tensor)
    return _done(async_op, [tensor])


def all_reduce_coalesced(tensors: Any, op: Any = ReduceOp.SUM, group: Any = None, async_op: bool = False) -> Any:
    """Leaves the tensors as they are."""
    _check("all_reduce_coalesced", group)
    _need_tensor("all_reduce_coalesced", *tensors)
    return _done(async_op, list(tensors))


def _list_of_one(op: str, given: Any, name: str) -> None:
    if len(given) != 1:
        raise ShapeError(f"{name} must have one tensor for the one rank, got {len(given)}", op=op)


def all_gather(tensor_list: Any, tensor: Any, group: Any = None, async_op: bool = False) -> Any:
    """Copies the tensor into the one of the list."""
    _check("all_gather", group)
    _list_of_one("all_gather", tensor_list, "tensor_list")
    _same("all_gather", tensor_list[0], tensor)
    return _done(async_op, tensor_list)


def all_gather_into_tensor(output_tensor: Any, input_tensor: Any, group: Any = None, async_op: bool = False) -> Any:
    """Copies the input into the output."""
    _check("all_gather_into_tensor", group)
    _same("all_gather_into_tensor", output_tensor, input_tensor)
    return _done(async_op, [output_tensor])


def gather(tensor: Any, gather_list: Any = None, dst: int | None = None, group: Any = None, async_op: bool = False,
           group_dst: int | None = None) -> Any:
    """Copies the tensor into the one of the list."""
    _check("gather", group, _place("gather", dst, group_dst))
    if gather_list is None:
        raise ArgumentError("gather_list must be given on the destination rank", op="gather")
    _list_of_one("gather", gather_list, "gather_list")
    _same("gather", gather_list[0], tensor)
    return _done(async_op, gather_list)


def scatter(tensor: Any, scatter_list: Any = None, src: int | None = None, group: Any = None, async_op: bool = False,
            group_src: int | None = None) -> Any:
    """Copies the one tensor of the list into the tensor."""
    _check("scatter", group, _place("scatter", src, group_src))
    if not scatter_list:
        raise ArgumentError("scatter_list must be given on the source rank", op="scatter")
    _list_of_one("scatter", scatter_list, "scatter_list")
    _same("scatter", tensor, scatter_list[0])
    return _done(async_op, [tensor])


def reduce_scatter(output: Any, input_list: Any, op: Any = ReduceOp.SUM, group: Any = None,
                   async_op: bool = False) -> Any:
    """Copies the one tensor of the list into the output."""
    _check("reduce_scatter", group)
    _list_of_one("reduce_scatter", input_list, "input_list")
    _same("reduce_scatter", output, input_list[0])
    return _done(async_op, [output])


def reduce_scatter_tensor(output: Any, input: Any, op: Any = ReduceOp.SUM, group: Any = None,
                          async_op: bool = False) -> Any:
    """Copies the input into the output."""
    _check("reduce_scatter_tensor", group)
    _same("reduce_scatter_tensor", output, input)
    return _done(async_op, [output])


def all_to_all(output_tensor_list: Any, input_tensor_list: Any, group: Any = None, async_op: bool = False) -> Any:
    """Copies the one input into the one output."""
    _check("all_to_all", group)
    _list_of_one("all_to_all", output_tensor_list, "output_tensor_list")
    _list_of_one("all_to_all", input_tensor_list, "input_tensor_list")
    _same("all_to_all", output_tensor_list[0], input_tensor_list[0])
    return _done(async_op, output_tensor_list)


def all_to_all_single(output: Any, input: Any, output_split_sizes: Any = None, input_split_sizes: Any = None,
                      group: Any = None, async_op: bool = False) -> Any:
    """Copies the input into the output."""
    _check("all_to_all_single", group)
    _same("all_to_all_single", output, input)
    return _done(async_op, [output])


def all_gather_object(object_list: Any, obj: Any, group: Any = None) -> None:
    """Puts the object into the list."""
    _check("all_gather_object", group)
    object_list[0] = obj


def gather_object(obj: Any, object_gather_list: Any = None, dst: int | None = None, group: Any = None,
                  group_dst: int | None = None) -> None:
    """Puts the object into the list."""
    _check("gather_object", group, _place("gather_object", dst, group_dst))
    if object_gather_list is not None:
        object_gather_list[0] = obj


def broadcast_object_list(object_list: Any, src: int | None = None, group: Any = None, device: Any = None,
                          group_src: int | None = None) -> None:
    """Leaves the list as it is."""
    _check("broadcast_object_list", group, _place("broadcast_object_list", src, group_src))


def scatter_object_list(scatter_object_output_list: Any, scatter_object_input_list: Any = None, src: int | None = None,
                        group: Any = None, group_src: int | None = None) -> None:
    """Puts the one object into the output list."""
    _check("scatter_object_list", group, _place("scatter_object_list", src, group_src))
    scatter_object_output_list[0] = scatter_object_input_list[0]


def _nobody(op: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        _check(op, None)
        raise UnsupportedError("there is no other rank in a world of one", op=op)

    call.__name__ = call.__qualname__ = op
    call.__doc__ = "Raises UnsupportedError: there is no other rank."
    return call


send, recv, isend, irecv = (_nobody(name) for name in ("send", "recv", "isend", "irecv"))
batch_isend_irecv = _nobody("batch_isend_irecv")

__all__ = [
    "Backend", "DeviceMesh", "FileStore", "GroupMember", "HashStore", "ProcessGroup", "ReduceOp", "Store", "TCPStore",
    "Work", "all_gather", "all_gather_into_tensor", "all_gather_object", "all_reduce", "all_reduce_coalesced",
    "all_to_all", "all_to_all_single", "barrier", "batch_isend_irecv", "broadcast", "broadcast_object_list",
    "default_pg_timeout", "destroy_process_group", "gather", "gather_object", "get_backend",
    "get_default_backend_for_device", "get_global_rank", "get_group_rank", "get_node_local_rank",
    "get_process_group_ranks", "get_rank", "get_world_size", "group", "init_device_mesh", "init_process_group", "irecv",
    "is_available", "is_backend_available", "is_gloo_available", "is_initialized", "is_mpi_available",
    "is_nccl_available", "is_torchelastic_launched", "is_ucc_available", "is_xccl_available", "isend",
    "monitored_barrier", "new_group", "recv", "reduce", "reduce_op", "reduce_scatter", "reduce_scatter_tensor",
    "scatter", "scatter_object_list", "send",
]
