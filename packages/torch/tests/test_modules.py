"""The stand-in modules: which exist, what they hold, what a missing name says, and how they are put back."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import flambeau
import flambeau_torch
from flambeau.errors import ArgumentError, DeviceError, NameUnknownError, ValueRangeError

TORCH_IS_LOADED = "torch" in sys.modules


@pytest.fixture
def torch() -> Iterator[object]:
    flambeau_torch.activate()
    yield importlib.import_module("torch")
    flambeau_torch.deactivate()


MODULES = ["torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.parameter", "torch.nn.modules",
           "torch.nn.attention", "torch.nn.attention.bias", "torch.nn.parallel", "torch.nn.utils.parametrizations",
           "torch.nn.utils.parametrize", "torch.nn.utils.prune", "torch.nn.utils.stateless", "torch.nn.modules.lazy",
           "torch.nn.modules.transformer", "torch.nn.modules.utils", "torch.nn.modules.linear",
           "torch.nn.modules.module", "torch.nn.modules.conv", "torch.nn.modules.batchnorm", "torch.optim",
           "torch.optim.lr_scheduler", "torch.optim.optimizer", "torch.utils", "torch.utils.data",
           "torch.utils.data.dataset", "torch.utils.checkpoint", "torch.autograd", "torch.autograd.function",
           "torch.autograd.functional", "torch.autograd.gradcheck", "torch.autograd.graph", "torch.autograd.variable",
           "torch.autograd.grad_mode", "torch.autograd.anomaly_mode", "torch.cuda", "torch.cuda.amp", "torch.amp",
           "torch.backends", "torch.backends.cudnn", "torch.backends.mps", "torch.accelerator", "torch.version",
           "torch.random", "torch.distributed", "torch.jit", "torch.types", "torch.multiprocessing", "torch.mps",
           "torch.storage", "torch.serialization",
           "torch.fft", "torch.special", "torch.signal", "torch.signal.windows",
           "torch.testing",
           "torch.distributions", "torch.distributions.normal", "torch.distributions.constraints",
           "torch.distributions.constraint_registry", "torch.distributions.transforms", "torch.distributions.kl",
           "torch.distributions.utils", "torch.distributions.studentT", "torch.distributions.multivariate_normal"]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_importable_and_is_an_attribute_of_its_parent(name: str, torch: object):
    module = importlib.import_module(name)
    parent, _, last = name.rpartition(".")
    assert module.__name__ == name
    if name != "torch.autograd.gradcheck":  # a function there, as in PyTorch
        assert getattr(sys.modules[parent], last) is module


@pytest.mark.parametrize(("module", "name"), [
    ("torch", "Tensor"), ("torch", "float32"), ("torch.nn", "Module"), ("torch.nn.modules.linear", "Linear"),
    ("torch.nn.modules.module", "Module"), ("torch.nn.modules.loss", "MSELoss"), ("torch.nn.parameter", "Parameter"),
    ("torch.optim.lr_scheduler", "StepLR"), ("torch.optim.optimizer", "Optimizer"), ("torch.autograd", "Variable"),
    ("torch.utils.data.dataset", "Dataset"), ("torch.autograd.function", "Function"), ("torch.random", "manual_seed"),
    ("torch.nn.modules.container", "Sequential"), ("torch.autograd.gradcheck", "gradcheck"),
    ("torch.storage", "UntypedStorage"), ("torch", "FloatStorage"), ("torch.serialization", "safe_globals"),
    ("torch.fft", "rfft"), ("torch.special", "gammaln"), ("torch.signal.windows", "hann"),
    ("torch.distributions", "Normal"), ("torch.distributions.relaxed_bernoulli", "LogitRelaxedBernoulli"),
    ("torch.distributions.transforms", "AffineTransform"), ("torch.distributions.kl", "kl_divergence"),
    ("torch.distributions.constraints", "positive"), ("torch.distributions.utils", "lazy_property")])
def test_names_are_where_pytorch_has_them(module: str, name: str, torch: object):
    assert getattr(importlib.import_module(module), name) is not None


def test_names_are_flambeaus_own_objects(torch: object):
    assert torch.Tensor is flambeau.Tensor
    assert torch.nn.Linear is flambeau.nn.Linear
    assert torch.float32 is flambeau.float32


def test_a_missing_name_says_which_in_every_form_of_import(torch: object):
    for text in ("torch.nonsense", "torch.nn.Nonsense", "torch.cuda.nonsense"):
        with pytest.raises(NameUnknownError, match=f"flambeau has no {text} yet"):
            eval(text, {"torch": torch})
    with pytest.raises(ImportError, match=r"flambeau has no torch\.nn\.Nonsense yet"):
        exec("from torch.nn import Nonsense")
    with pytest.raises(ModuleNotFoundError, match=r"flambeau has no torch\.nonsense yet"):
        exec("import torch.nonsense")
    assert not hasattr(torch, "nonsense")
    assert getattr(torch, "nonsense", 3) == 3
    assert importlib.util.find_spec("torch") is not None


def test_star_import_gives_the_public_names(torch: object):
    space: dict[str, object] = {}
    exec("from torch.nn import *", space)
    assert space["Linear"] is flambeau.nn.Linear


def test_reprs_say_torch_while_active_and_flambeau_afterwards():
    flambeau_torch.activate()
    assert flambeau_torch.is_active()
    assert repr(flambeau.float64) == "torch.float64"
    flambeau_torch.activate()  # twice is once
    flambeau_torch.deactivate()
    assert not flambeau_torch.is_active()
    assert repr(flambeau.float64) == "flambeau.float64"
    assert flambeau.Tensor.__module__ == "flambeau.tensors.tensor"
    assert "torch" not in sys.modules or TORCH_IS_LOADED


def test_activation_after_the_real_pytorch_is_refused():
    code = ("import sys, types; sys.modules['torch'] = types.ModuleType('torch'); import flambeau_torch\n"
            "try: flambeau_torch.activate()\nexcept ImportError as error: print(error)")
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "torch is already imported and is PyTorch itself" in done.stdout


# --- what the stand-ins add


def test_legacy_constructors(torch: object):
    assert torch.FloatTensor([1, 2]).tolist() == [1.0, 2.0]
    assert torch.LongTensor(2, 3).shape == (2, 3)
    assert torch.ByteTensor(torch.Size([4])).dtype is flambeau.uint8
    assert torch.BoolTensor([True]).dtype is flambeau.bool
    x = torch.DoubleTensor([1.0])
    assert isinstance(x, torch.DoubleTensor)
    assert not isinstance(x, torch.FloatTensor)
    with pytest.raises(ArgumentError, match=r"expected FloatTensor \(got torch.DoubleTensor\)"):
        torch.FloatTensor(x)
    with pytest.raises(ArgumentError, match="takes sizes or one sequence, got 2 arguments"):
        torch.FloatTensor([1], [2])


def test_hardware_that_is_not_there(torch: object):
    assert not torch.cuda.is_available()
    torch.cuda.empty_cache()
    with torch.cuda.device(None):
        pass
    for act in (lambda: torch.cuda.current_device(), lambda: torch.cuda.set_device(0),
                lambda: torch.accelerator.synchronize()):
        with pytest.raises(DeviceError, match=r"backend 'cupy' cannot be used|there is no accelerator"):
            act()


def test_mixed_precision_is_where_it_is_asked_for(torch: object):
    with torch.autocast("cpu", enabled=False):
        assert torch.ones(1).dtype is flambeau.float32
    with pytest.warns(UserWarning, match="CUDA is not available"), torch.cuda.amp.autocast():
        pass
    with torch.autocast("cpu"):
        assert torch.is_autocast_enabled("cpu")
        assert (torch.ones(1, 1) @ torch.ones(1, 1)).dtype is torch.bfloat16
    scaler = torch.amp.GradScaler(enabled=False)
    assert scaler.scale(3) == 3


def test_switches_are_noted(torch: object):
    torch.use_deterministic_algorithms(True)
    assert torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision("high")
    assert torch.get_float32_matmul_precision() == "high"
    with pytest.raises(ValueRangeError, match="precision must be"):
        torch.set_float32_matmul_precision("low")
    with pytest.raises(ValueRangeError, match="expects a positive integer"):
        torch.set_num_threads(0)


def test_switches_that_are_set_here_are_set_in_flambeau(torch: object):
    torch.backends.cudnn.benchmark = True
    with torch.backends.cudnn.flags(enabled=False):
        assert (torch.backends.cudnn.enabled, torch.backends.cudnn.benchmark) == (False, False)
    assert (torch.backends.cudnn.enabled, torch.backends.cudnn.benchmark) == (True, True)
    assert flambeau.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.note = "a name of the program's own"
    assert torch.backends.cudnn.note == "a name of the program's own"
    assert not hasattr(flambeau.backends.cudnn, "note")
    assert torch.cuda.Stream is flambeau.cuda.Stream


def test_compilers_give_back_what_they_got(torch: object):
    layer = torch.nn.Linear(1, 1)
    assert torch.compile(layer, mode="max-autotune") is layer
    assert torch.jit.script(layer) is layer

    @torch.compile(fullgraph=True)
    @torch.jit.ignore
    def double(x: int) -> int:
        return 2 * x

    assert double(2) == 4


@pytest.mark.parametrize(("path", "name"), [
    ("torch.nn.modules.utils", "_pair"), ("torch.nn.modules.batchnorm", "_BatchNorm"),
    ("torch.nn.modules.conv", "_ConvTransposeNd"), ("torch.nn.modules.loss", "_WeightedLoss"),
    ("torch.nn.modules.instancenorm", "_InstanceNorm"), ("torch.nn.modules.transformer", "_get_clones"),
    ("torch.nn.modules.module", "register_module_forward_hook"), ("torch.nn.modules.activation", "MultiheadAttention"),
    ("torch.nn.modules.lazy", "LazyModuleMixin"), ("torch.nn.utils.weight_norm", "WeightNorm"),
    ("torch.nn.utils.spectral_norm", "SpectralNorm"), ("torch.nn.parameter", "UninitializedParameter")])
def test_names_that_programs_take_from_their_own_modules(path: str, name: str, torch: object):
    assert callable(getattr(importlib.import_module(path), name))


@pytest.mark.parametrize(("name", "home"), [
    ("LazyConv2d", "torch.nn.modules.conv"), ("MultiheadAttention", "torch.nn.modules.activation"),
    ("MaxUnpool2d", "torch.nn.modules.pooling"), ("SyncBatchNorm", "torch.nn.modules.batchnorm"),
    ("UninitializedParameter", "torch.nn.parameter"), ("DataParallel", "torch.nn.parallel.data_parallel"),
    ("ParameterList", "torch.nn.modules.container")])
def test_classes_say_that_they_live_where_pytorchs_do(name: str, home: str, torch: Any):
    assert getattr(torch.nn, name).__module__ == home


def test_a_module_does_not_hide_the_function_of_its_name(torch: Any):
    importlib.import_module("torch.nn.utils.weight_norm")
    with pytest.warns(FutureWarning, match="deprecated"):
        assert "weight_g" in dict(torch.nn.utils.weight_norm(torch.nn.Linear(2, 2)).named_parameters())
