"""What the stand-ins add beside flambeau's names: each does what its docstring says, and what it cannot it refuses."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
from collections import OrderedDict, namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import flambeau
import flambeau_torch
from flambeau.errors import (
    ArgumentError,
    PreconditionError,
    SerializationError,
    ShapeError,
    UnsupportedError,
    ValueRangeError,
)

STUBS = Path(flambeau_torch.__file__).parent / "stubs"
MODULES = sorted({".".join(("torch", *path.relative_to(STUBS).with_suffix("").parts)).removesuffix(".__init__")
                  for path in STUBS.rglob("*.py") if path.stem != "_root"} - {"torch"})


@pytest.fixture
def torch() -> Iterator[Any]:
    flambeau_torch.activate()
    yield importlib.import_module("torch")
    flambeau_torch.deactivate()


@pytest.fixture
def world(torch: Any) -> Iterator[Any]:
    dist = importlib.import_module("torch.distributed")
    dist.init_process_group("gloo")
    yield dist
    if dist.is_initialized():
        dist.destroy_process_group()


@pytest.mark.parametrize("name", MODULES)
def test_every_module_is_importable_and_has_what_it_lists(name: str, torch: Any):
    module = importlib.import_module(name)
    assert module.__name__ == name
    for source in module._sources:
        if source.__name__.startswith("flambeau_torch"):
            assert all(hasattr(module, n) for n in getattr(source, "__all__", ()))


def test_the_distribution_torch_is_found_while_active():
    flambeau_torch.activate()
    assert importlib.metadata.version("torch").startswith("2.")
    flambeau_torch.deactivate()
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        assert not importlib.metadata.version("torch").endswith("+flambeau")


# --- one process


def test_collectives_of_one_rank(world: Any):
    x, out = flambeau.tensor([1.0, 2.0]), [flambeau.zeros(2)]
    world.all_reduce(x, op=world.ReduceOp.SUM)
    world.broadcast(x, src=0)
    world.all_gather(out, x)
    assert out[0].tolist() == x.tolist() == [1.0, 2.0]
    assert world.all_reduce(x, async_op=True).wait()
    whole = flambeau.zeros(2)
    world.reduce_scatter(whole, [x])
    world.all_to_all_single(whole, x * 2)
    assert whole.tolist() == [2.0, 4.0]
    objects: list[Any] = [None]
    world.all_gather_object(objects, {"a": 1})
    assert objects == [{"a": 1}]
    assert (world.get_rank(), world.get_world_size(), world.get_backend()) == (0, 1, "gloo")
    assert world.group.WORLD is not None


def test_what_one_rank_cannot_do(world: Any):
    with pytest.raises(PreconditionError, match="twice"):
        world.init_process_group()
    with pytest.raises(UnsupportedError, match="no other rank"):
        world.send(flambeau.zeros(1), 1)
    with pytest.raises(ValueRangeError, match="rank 1 is not in a world of one"):
        world.broadcast(flambeau.zeros(1), src=1)
    with pytest.raises(ShapeError, match="one tensor for the one rank"):
        world.all_gather([flambeau.zeros(1)] * 2, flambeau.zeros(1))
    world.destroy_process_group()
    with pytest.raises(ValueRangeError, match="has not been initialized"):
        world.get_rank()
    with pytest.raises(UnsupportedError, match="a world of 2 processes"):
        world.init_process_group("gloo", world_size=2, rank=0)
    with pytest.raises(ValueRangeError, match="Invalid backend"):
        world.init_process_group("carrier pigeon")
    assert not world.is_initialized()


def test_distributed_data_parallel(torch: Any, world: Any):
    layer = torch.nn.Linear(2, 1)
    wrapped = torch.nn.parallel.DistributedDataParallel(layer)
    assert [*wrapped.state_dict()] == ["module.weight", "module.bias"]
    with wrapped.no_sync():
        wrapped(flambeau.ones(3, 2)).sum().backward()
    assert layer.weight.grad.tolist() == [[3.0, 3.0]]
    with pytest.raises(PreconditionError, match="any parameter"):
        torch.nn.parallel.DistributedDataParallel(torch.nn.ReLU())


# --- programs that would be compiled


def test_jit(torch: Any, tmp_path: Path):
    layer = torch.nn.Linear(2, 1)
    assert torch.jit.script(layer) is layer is torch.jit.trace(layer, flambeau.ones(1, 2))
    torch.jit.save(layer, tmp_path / "layer.pt", _extra_files={"note": "x"})
    extra = {"note": ""}
    loaded = torch.jit.load(tmp_path / "layer.pt", _extra_files=extra)
    assert (loaded.weight == layer.weight).all()
    assert extra == {"note": "x"}
    flambeau.save([1], tmp_path / "other.pt")
    with pytest.raises(SerializationError, match="no module"):
        torch.jit.load(tmp_path / "other.pt")
    assert torch.jit.isinstance([1], list[int])
    assert torch.jit.fork(lambda x: x + 1, 2).wait() == 3


def test_what_needs_a_compiler_or_an_exporter_says_so(torch: Any):
    for call in (lambda: torch.fx.symbolic_trace(torch.nn.ReLU()), lambda: torch.onnx.export(torch.nn.ReLU(), (), "f"),
                 lambda: torch.export.export(torch.nn.ReLU(), ()), lambda: torch._dynamo.explain(len),
                 lambda: torch.utils.cpp_extension.load("x", [])):
        with pytest.raises(UnsupportedError):
            call()
    assert not torch.compiler.is_compiling()
    with torch._dynamo.config.patch(verbose=True):
        assert torch._dynamo.config.verbose
    assert not torch._dynamo.config.verbose


def test_operators_of_a_programs_own(torch: Any):
    @torch.library.custom_op("mine::double", mutates_args=())
    def double(x: Any) -> Any:
        return x * 2

    double.register_autograd(lambda ctx, g: g * ctx.factor, setup_context=lambda ctx, inputs, output: setattr(
        ctx, "factor", 2))
    x = flambeau.ones(2, requires_grad=True)
    double(x).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    with pytest.raises(ArgumentError, match="namespace::name"):
        torch.library.custom_op("double", double)


# --- helpers


def test_trees(torch: Any):
    tree = importlib.import_module("torch.utils._pytree")
    Pair = namedtuple("Pair", "a b")
    nest = {"x": [1, (2, 3)], "y": Pair(4, None), "z": OrderedDict(k=5)}
    leaves, spec = tree.tree_flatten(nest)
    assert leaves == [1, 2, 3, 4, None, 5]
    assert tree.tree_unflatten(leaves, spec) == nest
    assert tree.tree_map(lambda a, b: (a, b), [1, 2], [3, 4]) == [(1, 3), (2, 4)]
    assert tree.tree_map_only(int, lambda n: -n, nest)["x"] == [-1, (-2, -3)]
    assert spec == tree.tree_structure(nest) != tree.tree_structure([1])
    with pytest.raises(ValueRangeError, match="children"):
        tree.tree_map(lambda a, b: a, [1, 2], [3])


@pytest.mark.parametrize(("name", "arguments", "wanted"), [
    ("add", ([[10.0], [20.0]],), [[11.0], [22.0]]), ("mul", (3.0,), [[3.0], [6.0]]),
    ("maximum", (1.5,), [[1.5], [2.0]]), ("sqrt", (), [[1.0], [2.0**0.5]]),
    ("addcmul", ([[2.0], [3.0]], [[4.0], [5.0]], 2.0), [[17.0], [32.0]]),
    ("lerp", ([[3.0], [4.0]], 0.5), [[2.0], [3.0]]), ("clamp_min", (1.5,), [[1.5], [2.0]])])
def test_functions_over_lists(torch: Any, name: str, arguments: Any, wanted: Any):
    def lists() -> list[Any]:
        return [flambeau.tensor([1.0]), flambeau.tensor([2.0])]

    given = [[flambeau.tensor(v) for v in a] if isinstance(a, list) else a for a in arguments]
    made = getattr(torch, f"_foreach_{name}")(lists(), *given)
    assert [t.tolist() for t in made] == [pytest.approx(w) for w in wanted]
    changed = lists()
    assert getattr(torch, f"_foreach_{name}_")(changed, *given) is None
    assert [t.tolist() for t in changed] == [pytest.approx(w) for w in wanted]


def test_lists_of_other_lengths_are_refused(torch: Any):
    with pytest.raises(ShapeError, match="same number of tensors, got 1 and 2"):
        torch._foreach_add([flambeau.ones(1)], [flambeau.ones(1)] * 2)


def test_hub_reads_its_cache_and_says_what_is_not_there(torch: Any, tmp_path: Path):
    hub = importlib.import_module("torch.hub")
    hub.set_dir(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    flambeau.save({"w": flambeau.ones(2)}, tmp_path / "checkpoints" / "model-abc.pth")
    assert hub.load_state_dict_from_url("https://nowhere.invalid/a/model-abc.pth")["w"].tolist() == [1.0, 1.0]
    with pytest.raises(hub.UnavailableError, match="put the file at"):
        hub.load_state_dict_from_url("https://nowhere.invalid/other.pth")
    (tmp_path / "hubconf.py").write_text("def net(n, bias=False):\n    return n, bias\n")
    assert hub.load(str(tmp_path), "net", 3, source="local", bias=True) == (3, True)
    with pytest.raises(ArgumentError, match="Cannot find callable other"):
        hub.load(str(tmp_path), "other", source="local")
    hub.set_dir(tmp_path / "else")
    with pytest.raises(hub.UnavailableError, match="is not in the cache"):
        hub.load("owner/project", "net")


def test_benchmark(torch: Any):
    benchmark = importlib.import_module("torch.utils.benchmark")
    timed = benchmark.Timer("x + 1", globals={"x": 1}, sub_label="one", description="add").timeit(100)
    assert 0 < timed.median < 1
    assert timed.number_per_run == 100
    assert "add" in str(benchmark.Compare([timed]))


def test_futures(torch: Any):
    futures = importlib.import_module("torch.futures")
    first, second = futures.Future(), futures.Future()
    both = futures.collect_all([first, second])
    doubled = first.then(lambda f: f.wait() * 2)
    first.set_result(3)
    assert not both.done()
    second.set_exception(KeyError("lost"))
    assert both.done()
    assert doubled.wait() == 6
    with pytest.raises(KeyError, match="lost"):
        second.wait()
    with pytest.raises(PreconditionError, match="set once"):
        first.set_result(4)


def test_flat_tensors(torch: Any):
    utils = importlib.import_module("torch._utils")
    parts = [flambeau.ones(2, 2), flambeau.zeros(3)]
    flat = utils._flatten_dense_tensors(parts)
    assert flat.shape == (7,)
    assert [t.shape for t in utils._unflatten_dense_tensors(flat, parts)] == [(2, 2), (3,)]


def _noted(place: int, folder: str) -> None:
    (Path(folder) / str(place)).write_text("here")


def test_processes(torch: Any, tmp_path: Path):
    multiprocessing = importlib.import_module("torch.multiprocessing")
    multiprocessing.spawn(_noted, (str(tmp_path),), nprocs=2, start_method="fork")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0", "1"]


# --- what needs several processes, or tensors of a kind that is not there

REFUSED = [("distributed.tensor", "DTensor"), ("distributed.tensor", "distribute_tensor"),
           ("distributed.tensor.parallel", "ColwiseParallel"),
           ("distributed.tensor._utils", "compute_local_shape_and_global_offset"),
           ("distributed._tensor", "DTensor"), ("distributed.fsdp", "FullyShardedDataParallel"),
           ("distributed.fsdp.wrap", "transformer_auto_wrap_policy"), ("distributed._composable.fsdp", "fully_shard"),
           ("distributed.fsdp.fully_sharded_data_parallel", "StateDictType"), ("distributed.rpc", "rpc_sync"),
           ("distributed.checkpoint", "FileSystemReader"), ("distributed._functional_collectives", "all_reduce"),
           ("distributed.algorithms._checkpoint.checkpoint_wrapper", "checkpoint_wrapper"),
           ("masked", "masked_tensor"), ("nested", "nested_tensor"), ("utils.data", "IterDataPipe")]


@pytest.mark.parametrize("place, name", REFUSED)
def test_what_is_refused_is_there_and_says_its_name_and_why(place: str, name: str, torch: Any):
    found = getattr(importlib.import_module(f"torch.{place}"), name)
    with pytest.raises(UnsupportedError, match=name) as caught:
        found(flambeau.ones(1))
    assert " not " in str(caught.value) or "no " in str(caught.value)
    if isinstance(found, type):
        assert not isinstance(flambeau.ones(1), found)


def test_a_mesh_of_one(torch: Any, world: Any):
    mesh = world.init_device_mesh("cpu", (1, 1), mesh_dim_names=("dp", "tp"))
    assert (mesh.shape, mesh.ndim, mesh.size(), mesh.get_coordinate()) == ((1, 1), 2, 1, [0, 0])
    assert mesh["tp"].mesh_dim_names == ("tp",) and mesh["tp"].shape == (1,)
    assert mesh.get_group("dp").size() == 1
    assert isinstance(mesh, importlib.import_module("torch.distributed.device_mesh").DeviceMesh)
    with pytest.raises(UnsupportedError, match="a mesh of 4 processes"):
        world.init_device_mesh("cpu", (2, 2))
    with pytest.raises(UnsupportedError, match="a mesh of 2 processes"):
        world.DeviceMesh("cpu", [0, 1])
    with pytest.raises(ValueRangeError, match="rank 3"):
        world.DeviceMesh("cpu", [3])
    with pytest.raises(ArgumentError, match="'pp' is not in mesh_dim_names"):
        mesh["pp"]
    with pytest.raises(ArgumentError, match="1 names for 2 dimensions"):
        world.init_device_mesh("cpu", (1, 1), mesh_dim_names=("dp",))


@pytest.mark.parametrize("make", [lambda d: d.HashStore(), lambda d: d.FileStore("f", 1),
                                  lambda d: d.TCPStore("localhost", 0, 1, True)], ids=["hash", "file", "tcp"])
def test_a_store_of_one(make: Any, torch: Any):
    store = make(importlib.import_module("torch.distributed"))
    store.set("a", "x")
    assert store.get("a") == b"x" and store.add("n", 2) == 2 and store.add("n", 3) == 5
    assert store.compare_set("a", "y", "z") == b"x" and store.compare_set("a", "x", "z") == b"z"
    assert store.check(["a", "n"]) and not store.check(["b"]) and store.num_keys() == 2
    assert store.delete_key("a") and not store.delete_key("a")
    with pytest.raises(ValueRangeError, match="key 'a' is not set"):
        store.get("a")


def test_stores_of_several_are_refused(torch: Any):
    dist = importlib.import_module("torch.distributed")
    with pytest.raises(UnsupportedError, match="a world of 2"):
        dist.FileStore("f", 2)
    with pytest.raises(UnsupportedError, match="master"):
        dist.TCPStore("localhost", 0, 1, False)


@pytest.mark.parametrize("name", ["uint16", "uint64", "float8_e4m3fn", "float8_e5m2"])
def test_element_types_without_tensors_are_values_and_refused_where_used(name: str, torch: Any):
    kind, x = getattr(torch, name), flambeau.ones(2)
    assert isinstance(kind, torch.dtype) and repr(kind) == f"torch.{name}" and {kind: 1}[kind] == 1
    assert kind is getattr(torch, name) and x.dtype is not kind
    for use in (lambda: torch.zeros(2, dtype=kind), lambda: torch.tensor([1], dtype=kind), lambda: x.to(kind),
                lambda: x.view(kind), lambda: x.sum(dtype=kind), lambda: torch.arange(3, dtype=kind),
                lambda: torch.zeros_like(x, dtype=kind)):
        with pytest.raises(UnsupportedError, match=f"there are no tensors of torch.{name}"):
            use()
    assert x.tolist() == [1.0, 1.0]


def test_limits_of_the_eight_bit_types(torch: Any):
    limits = [torch.finfo(kind) for kind in (torch.float8_e4m3fn, torch.float8_e5m2)]
    assert [(i.bits, i.max, i.min, i.eps, i.tiny) for i in limits] == [
        (8, 448.0, -448.0, 0.125, 2.0**-6), (8, 57344.0, -57344.0, 0.25, 2.0**-14)]


def test_children_of_a_dict_with_their_places(torch: Any):
    pytree = importlib.import_module("torch.utils._pytree")
    pairs, context = pytree._dict_flatten_with_keys({"b": 1, "a": 2})
    assert [(str(key), key.get({"a": 5, "b": 6}), value) for key, value in pairs] == [("['b']", 6, 1), ("['a']", 5, 2)]
    assert context == ["b", "a"] and pairs[0][0] == pytree.MappingKey("b")


def test_placements_are_values(torch: Any):
    tensor = importlib.import_module("torch.distributed.tensor")
    assert tensor.Shard(1) == tensor.Shard(1) != tensor.Shard(0) and tensor.Replicate() != tensor.Partial()
    assert tensor.Shard(1).is_shard(1) and not tensor.Shard(1).is_shard(0) and not tensor.Replicate().is_shard()
    assert tensor.Replicate().is_replicate() and tensor.Partial("avg").is_partial()


def test_a_class_that_got_its_name_after_a_file_was_saved_is_allowed_by_it(torch: Any, tmp_path: Path):
    from flambeau.nn.channelshuffle import ChannelShuffle

    flambeau.save(ChannelShuffle(2), tmp_path / "module.pt")
    with torch.serialization.safe_globals([torch.nn.ChannelShuffle]):
        loaded = torch.load(tmp_path / "module.pt")
    assert loaded.groups == 2


def test_what_has_no_cuda_is_there_for_annotations(torch: Any):
    assert torch.cuda.CUDAGraph | None
    with pytest.raises(UnsupportedError, match="no CUDA runtime"):
        torch.cuda.CUDAGraph()
