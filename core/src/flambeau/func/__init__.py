"""Functions of functions: derivatives that nest, functions of one example mapped over a batch, modules as functions."""

from __future__ import annotations

from ..spelling import public
from .derivatives import (
    functionalize,
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    vjp,
)
from .mapping import vmap
from .modules import functional_call, stack_module_state

__all__ = [
    "functional_call", "functionalize", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize",
    "stack_module_state", "vjp", "vmap",
]

__getattr__, __dir__ = public(__name__)
