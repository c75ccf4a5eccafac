"""`cuda`, `xpu`, `mps`, `accelerator`, `backends` and `amp` beside PyTorch's, on a machine without an accelerator.

The same answers, and where PyTorch refuses, errors that the same `except` catches.
"""

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import flambeau
from flambeau.contract import plugins
from flambeau.errors import FlambeauError

pytestmark = [
    pytest.mark.skipif(bool(torch.accelerator.is_available() or plugins.accelerator()), reason="has an accelerator"),
    pytest.mark.filterwarnings("ignore")]

# Names whose builds without CUDA fall over a missing C function: there flambeau answers as PyTorch's other builds do.
ACCIDENTS = {"cuda": ["reset_peak_memory_stats", "reset_max_memory_allocated", "reset_max_memory_cached",
                      "is_current_stream_capturing"], "xpu": ["reset_peak_memory_stats"]}


def answer(call: Callable[[], Any]) -> Any:
    """What a call returns, or the error it raises."""
    try:
        return call()
    except Exception as error:
        return error


def compare(call: Callable[[Any], Any]) -> None:
    """The same answer, or an error of a builtin class that PyTorch's is of, too."""
    mine, theirs = answer(lambda: call(flambeau)), answer(lambda: call(torch))
    if isinstance(theirs, Exception):
        assert isinstance(mine, FlambeauError), f"PyTorch raised {theirs!r}, flambeau gave {mine!r}"
        classes = (AssertionError, RuntimeError, TypeError, ValueError)
        kind = next((c for c in classes if isinstance(theirs, c)), RuntimeError)
        assert isinstance(mine, kind), f"{mine!r} is not caught by what catches {theirs!r}"
    elif isinstance(theirs, type):
        assert repr(mine) == repr(theirs).replace("torch", "flambeau")
    elif type(theirs).__module__.split(".")[0] == "torch":
        assert type(mine).__name__ == type(theirs).__name__
    else:
        assert mine == theirs, f"PyTorch gives {theirs!r}, flambeau {mine!r}"


def shared(module: str) -> list[str]:
    """Functions that both have and that may be called without an argument."""
    mine, theirs = getattr(flambeau, module), getattr(torch, module)
    names = [n for n in dir(mine) if inspect.isroutine(getattr(mine, n)) and n not in ACCIDENTS.get(module, [])]
    return [n for n in names if all(p.default is not p.empty for p in inspect.signature(getattr(theirs, n))
                                    .parameters.values())]


@pytest.mark.parametrize(("module", "name"), [(m, n) for m in ("cuda", "xpu", "mps", "accelerator", "cpu")
                                              for n in shared(m)])
def test_a_call_without_arguments(module: str, name: str):
    compare(lambda t: getattr(getattr(t, module), name)())


@pytest.mark.parametrize("module", [
    "cuda", "xpu", "mps", "cpu", "accelerator", "backends", "backends.cuda", "backends.mps", "backends.mkl",
    "backends.openmp", "backends.nnpack", "backends.mha", "amp",
])
def test_every_name_is_pytorchs(module: str):
    theirs: Any = torch
    mine: Any = flambeau
    for part in module.split("."):
        theirs, mine = getattr(theirs, part), getattr(mine, part)
    assert [n for n in dir(mine) if not n.startswith("__") and not hasattr(theirs, n)] == []


@pytest.mark.parametrize("call", [
    lambda t: t.cuda.memory_allocated(0), lambda t: t.cuda.memory_stats("cuda:0"), lambda t: t.cuda.manual_seed(3),
    lambda t: t.cuda.manual_seed_all(3), lambda t: t.cuda.synchronize(0), lambda t: t.cuda.synchronize("cuda:0"),
    lambda t: t.cuda.get_device_name(0), lambda t: t.cuda.get_device_properties("cuda"),
    lambda t: t.cuda.device(0).__enter__(), lambda t: t.cuda.device("cpu"),
    lambda t: t.cuda.device(-1).idx, lambda t: t.cuda.device_of(t.ones(1)).idx, lambda t: t.cuda.Stream(),
    lambda t: t.cuda.Event(), lambda t: t.cuda.Event(enable_timing=True), lambda t: t.cuda.set_device(-1),
    lambda t: t.cuda.set_rng_state_all([]), lambda t: t.cuda.get_rng_state(0), lambda t: t.cuda.current_stream(0),
    lambda t: t.cuda.is_bf16_supported(False), lambda t: t.xpu.set_device(0), lambda t: t.xpu.synchronize(0),
    lambda t: t.mps.manual_seed(0), lambda t: t.accelerator.set_device_index(0), lambda t: t.accelerator.synchronize(0),
    lambda t: t.accelerator.current_accelerator(True), lambda t: t.accelerator.current_stream(0),
    lambda t: t.accelerator.memory_allocated(0), lambda t: t.ones(1).cuda(), lambda t: t.ones(1).xpu(),
    lambda t: t.ones(1).cuda("cpu"), lambda t: t.nn.Linear(1, 1).cuda(), lambda t: t.nn.Linear(1, 1).xpu(),
    lambda t: t.ones(1).is_xpu, lambda t: t.ones(1).is_mps, lambda t: t.ones(1).is_meta, lambda t: t.ones(1).is_cuda,
    lambda t: t.cuda.can_device_access_peer(0, 1), lambda t: t.cuda.memory_stats_as_nested_dict(0),
    lambda t: t.cuda.has_half, lambda t: t.cuda.has_magma, lambda t: t.ones(1).pin_memory(),
    lambda t: t.ones(1).is_pinned(), lambda t: isinstance(t.ones(1), t.cuda.FloatTensor), lambda t: t.cuda.FloatTensor,
    lambda t: t.get_device_module().__name__.split(".")[1], lambda t: t.get_device_module("mps") is t.mps,
    lambda t: t.get_device_module("cuda:1") is t.cuda, lambda t: t.get_device_module("vulkan"),
    lambda t: t.get_device_module("foo"), lambda t: t.cpu.current_device(),
], ids=range(51))
def test_a_call(call: Callable[[Any], Any]):
    compare(call)


@pytest.mark.parametrize("name", ["enabled", "benchmark", "benchmark_limit", "deterministic", "allow_tf32",
                                  "is_available()", "version()", "fp32_precision"])
def test_cudnns_switches_stand_as_pytorchs(name: str):
    compare(lambda t: eval(f"t.backends.cudnn.{name}", {"t": t}))


@pytest.mark.parametrize("name", [
    "allow_tf32", "allow_fp16_reduced_precision_reduction", "allow_bf16_reduced_precision_reduction",
    "allow_fp16_accumulation", "fp32_precision"])
def test_the_switches_of_products_stand_as_pytorchs(name: str):
    compare(lambda t: getattr(t.backends.cuda.matmul, name))


@pytest.mark.parametrize("name", [n for n in dir(flambeau.backends.cuda) if n.endswith(("enabled", "allowed"))])
def test_the_switches_of_attention_stand_as_pytorchs(name: str):
    compare(lambda t: getattr(t.backends.cuda, name)())
    told = name.replace("_enabled", "").replace("_allowed", "")
    setter = f"allow_{told}" if name.endswith("allowed") else f"enable_{told}"
    for value in (False, True, getattr(torch.backends.cuda, name)()):
        compare(lambda t, v=value: [getattr(t.backends.cuda, setter)(v), getattr(t.backends.cuda, name)()])  # type: ignore[misc]


# --- mixed precision


def test_mixed_precision_for_cuda_is_off_with_a_warning():
    for library in (flambeau, torch):
        for make in (lambda t: t.autocast("cuda"), lambda t: t.amp.GradScaler(), lambda t: t.cuda.amp.GradScaler(),
                     lambda t: t.cuda.amp.autocast()):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                make(library)
            assert any("CUDA is not available" in str(w.message) for w in caught), library
    compare(lambda t: t.cuda.amp.amp_definitely_not_available())


def train(t: Any, gradients: list[float], new_scale: float | None = None) -> list[Any]:
    """What a scaler and a parameter become over steps of those gradients."""
    p = t.nn.Parameter(t.tensor([1.0, -2.0]))
    optimizer = t.optim.SGD([p], lr=0.125)
    scaler = t.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=2, growth_factor=3.0, backoff_factor=0.3)
    trace: list[Any] = []
    for gradient in gradients:
        optimizer.zero_grad()
        loss = (p * gradient).sum()
        scaled = scaler.scale(loss)
        trace.append((scaled.item(), str(scaled.dtype).rpartition(".")[2]))
        scaled.backward()
        scaler.unscale_(optimizer)
        trace += [p.grad.tolist(), scaler.step(optimizer), p.tolist()]
        scaler.update(new_scale)
        trace += [scaler.get_scale(), scaler.state_dict()]
    return trace


@pytest.mark.parametrize("gradients", [
    [1.0, 0.5, 0.25, 2.0, 3.0], [1.0, float("inf"), 1.0, 1.0, 1.0], [float("nan")] * 3,
], ids=["finite", "one inf", "nan"])
@pytest.mark.parametrize("new_scale", [None, 7.0])
def test_a_scaler_trains_as_pytorchs(gradients: list[float], new_scale: float | None):
    assert repr(train(flambeau, gradients, new_scale)) == repr(train(torch, gradients, new_scale))


def misuse(t: Any, *calls: str) -> None:
    p = t.nn.Parameter(t.ones(1))
    optimizer = t.optim.SGD([p], lr=0.1)
    scaler = t.amp.GradScaler("cpu")
    for call in calls:
        if call == "scale":
            scaler.scale((p * 2).sum()).backward()
        elif call == "half":
            p.data = p.data.half()
            p.grad = None
            p.grad = t.ones(1).half()
        elif call == "closure":
            scaler.step(optimizer, closure=lambda: None)
        elif call == "empty":
            scaler.load_state_dict({})
        elif call == "text":
            scaler.scale(3)
        elif call == "update":
            scaler.update()
        else:
            getattr(scaler, call)(optimizer)


@pytest.mark.parametrize("calls", [
    ["step"], ["unscale_"], ["update"], ["scale", "update"], ["scale", "unscale_", "unscale_"],
    ["scale", "step", "unscale_"], ["scale", "step", "step"], ["scale", "closure"], ["empty"], ["text"],
    ["scale", "half", "unscale_"],
], ids=" ".join)
def test_a_scaler_is_misused_as_pytorchs(calls: list[str]):
    compare(lambda t: misuse(t, *calls))


@pytest.mark.parametrize("options", [{"growth_factor": 1.0}, {"backoff_factor": 1.0}])
def test_factors_that_do_not_scale(options: dict[str, float]):
    compare(lambda t: t.amp.GradScaler("cpu", **options))


def test_a_scaler_that_is_off_passes_everything():
    compare(lambda t: (t.amp.GradScaler(enabled=False).scale(3), t.amp.GradScaler(enabled=False).get_scale(),
                       t.amp.GradScaler(enabled=False).state_dict(), t.amp.GradScaler(enabled=False).is_enabled()))


def test_scaled_lists_and_tuples_keep_their_class():
    for make in (lambda t: [t.ones(1)], lambda t: (t.ones(1), [t.ones(1)])):
        compare(lambda t, make=make: type(t.amp.GradScaler("cpu").scale(make(t))).__name__)  # type: ignore[misc]


def test_a_scalers_state_is_read_by_the_other():
    mine, theirs = flambeau.amp.GradScaler("cpu", init_scale=8.0), torch.amp.GradScaler("cpu", init_scale=4.0)
    mine.load_state_dict(theirs.state_dict())
    assert mine.state_dict() == theirs.state_dict()
