"""The list of PyTorch's public names, which errors and docs/coverage.md go by, is PyTorch's.

`python core/tests/parity/test_pytorch_names.py` writes it anew.
"""

import importlib
import inspect
import sys
import textwrap
import warnings
from pathlib import Path

LIST = Path(__file__).parents[2] / "src" / "flambeau" / "pytorch_names.txt"
MODULES = [
    "torch", "torch.Tensor", "torch.accelerator", "torch.amp", "torch.autograd", "torch.autograd.forward_ad",
    "torch.autograd.functional", "torch.autograd.graph", "torch.autograd.profiler", "torch.backends",
    "torch.backends.cuda", "torch.backends.mps", "torch.cpu", "torch.cuda", "torch.cuda.amp", "torch.distributions",
    "torch.fft", "torch.func", "torch.linalg", "torch.mps", "torch.nn", "torch.nn.attention", "torch.nn.functional",
    "torch.nn.init", "torch.nn.parameter", "torch.nn.utils", "torch.nn.utils.parametrizations",
    "torch.nn.utils.parametrize", "torch.nn.utils.prune", "torch.nn.utils.rnn", "torch.nn.utils.stateless",
    "torch.optim", "torch.optim.lr_scheduler", "torch.optim.swa_utils", "torch.random", "torch.serialization",
    "torch.sparse", "torch.special", "torch.testing", "torch.utils", "torch.utils.checkpoint", "torch.utils.data",
    "torch.utils.dlpack", "torch.xpu",
]
CLASSES = {"AcceleratorError", "Event", "Generator", "GradScaler", "OutOfMemoryError", "Size", "Stream", "SymBool",
           "SymFloat", "SymInt"}
VENDORS = ("cudnn_", "miopen_", "mkldnn_", "fbgemm_", "mkl_", "vitals", "unify_type", "import_ir")


def public(module: str) -> list[str]:
    """The names a program may use: no underscores, no tools of the interpreter, nothing only a vendor's build has."""
    if module == "torch.Tensor":
        import torch

        owner, declared = torch.Tensor, None
    else:
        owner = importlib.import_module(module)
        declared = getattr(owner, "__all__", None)
    names = set(dir(owner)) if declared is None or module == "torch" else set(declared)
    if module == "torch":  # the compiler's classes show there, too
        names = {n for n in names if n[0].islower() or n.endswith(("Tensor", "Storage")) or n in CLASSES}
    return sorted(name for name in names if not name.startswith("_") and not name.startswith(VENDORS)
                  and _is_pytorchs(module, name, getattr(owner, name, None)))


def _is_pytorchs(module: str, name: str, value: object) -> bool:
    if module == "torch.Tensor":
        return True
    if inspect.ismodule(value):
        return f"{module}.{name}" in MODULES
    where = getattr(value, "__module__", None) or ""
    if inspect.isclass(value) or inspect.isroutine(value):
        return not where or where.startswith(("torch", "_VariableFunctions"))
    return type(value).__module__.startswith("torch") or name in ("e", "pi", "inf", "nan", "newaxis")


def text() -> str:
    """The whole list."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = []
        for module in MODULES:
            lines = textwrap.wrap(" ".join(public(module)), 116, break_on_hyphens=False)
            parts += [f"{module}:", *(f"    {line}" for line in lines)]
    return "\n".join(parts) + "\n"


def test_the_list_is_what_pytorch_has():
    assert LIST.read_text() == text()


if __name__ == "__main__":
    sys.stdout.write(f"{LIST.write_text(text())} characters written\n")
