"""Pruning: elements of a parameter held at zero by a mask.

A method moves the parameter `weight` to `weight_orig`, puts the buffer `weight_mask` beside it, and computes
`weight` from both before every call. A second method on the same parameter prunes further what is left.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

from ... import functions
from ...errors import ArgumentError, DimError, NameUnknownError, PreconditionError, ValueRangeError
from ...spelling import public
from ...tensors.tensor import Tensor
from ..module import Module
from ._hooks import take_off
from .convert_parameters import parameters_to_vector

__all__ = ["BasePruningMethod", "CustomFromMask", "Identity", "L1Unstructured", "LnStructured", "PruningContainer",
           "RandomStructured", "RandomUnstructured", "custom_from_mask", "global_unstructured", "identity",
           "is_pruned", "l1_unstructured", "ln_structured", "random_structured", "random_unstructured", "remove"]


class BasePruningMethod(ABC):
    """A way to choose what is pruned: `compute_mask`, and in PRUNING_TYPE what it chooses from.

    "unstructured" methods see the elements that are left, "structured" ones the channels along `dim` that are left,
    "global" ones everything.
    """

    PRUNING_TYPE: str
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask for `t`, ones where an element stays, on top of `default_mask`."""

    def apply_mask(self, module: Module) -> Tensor:
        """The pruned tensor."""
        mask, original = (getattr(module, f"{self._tensor_name}_{end}") for end in ("mask", "orig"))
        return mask.to(dtype=original.dtype) * original  # type: ignore[no-any-return]

    @classmethod
    def apply(cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None,
              **kwargs: Any) -> BasePruningMethod:
        """Prunes the parameter `name`, the least important first where scores are given; returns the method at work.

        Raises PreconditionError for scores of another shape. Where the method raises, the module is as it was.
        """
        original = getattr(module, name)
        if importance_scores is not None and importance_scores.shape != original.shape:
            raise PreconditionError(f"importance_scores should have the same shape as parameter {name} of {module}, "
                                    f"got {importance_scores.shape} vs {original.shape}")
        made = cls(*args, **kwargs)
        made._tensor_name = name
        key, former = _method_on(module, name)
        method = made if former is None else _joined(former, made)
        mask = functions.ones_like(original) if former is None else getattr(module, name + "_mask").detach().clone()
        mask = method.compute_mask(original if importance_scores is None else importance_scores, default_mask=mask)
        if former is None:
            module.register_parameter(name + "_orig", original)
            del module._parameters[name]
        else:
            del module._forward_pre_hooks[key]
        module.register_buffer(name + "_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """`t` pruned, without a module. Raises PreconditionError for scores of another shape."""
        if importance_scores is not None and importance_scores.shape != t.shape:
            raise PreconditionError("importance_scores should have the same shape as tensor t, got "
                                    f"{importance_scores.shape} vs {t.shape}")
        mask = functions.ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(t if importance_scores is None else importance_scores, default_mask=mask)

    def remove(self, module: Module) -> None:
        """Makes the pruned tensor an ordinary parameter, its zeros included."""
        name = self._tensor_name
        weight = self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        original: Any = module._parameters[name + "_orig"]
        original.data = weight.detach()
        del module._parameters[name + "_orig"], module._buffers[name + "_mask"]
        setattr(module, name, original)


def _method_on(module: Module, name: str) -> tuple[Any, BasePruningMethod | None]:
    """The pruning method on the parameter, and the key of its hook. Raises PreconditionError for more than one."""
    found = [(key, hook) for key, hook in module._forward_pre_hooks.items()
             if isinstance(hook, BasePruningMethod) and hook._tensor_name == name]
    if len(found) > 1:
        raise PreconditionError(f"Avoid adding multiple pruning hooks to the same tensor {name} of module {module}. "
                                "Use a PruningContainer.")
    return found[0] if found else (None, None)


def _joined(former: BasePruningMethod, method: BasePruningMethod) -> PruningContainer:
    container = PruningContainer(*former) if isinstance(former, PruningContainer) else PruningContainer(former)
    container._tensor_name = method._tensor_name
    container.add_pruning_method(method)
    return container


class PruningContainer(BasePruningMethod):
    """Several methods on one parameter, each after the other."""

    def __init__(self, *args: Any) -> None:
        self._pruning_methods: tuple[Any, ...] = ()
        if args:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        """Adds one at the end. Raises ArgumentError for no method, ValueRangeError for one of another parameter."""
        if not isinstance(method, BasePruningMethod) and method is not None:
            raise ArgumentError(f"{type(method)} is not a BasePruningMethod subclass")
        if method is not None and self._tensor_name != method._tensor_name:
            raise ValueRangeError("Can only add pruning methods acting on the parameter named "
                                  f"'{self._tensor_name}' to PruningContainer {self}. Found '{method._tensor_name}'")
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of the last method for what the others have left."""
        method: Any = self._pruning_methods[-1]
        left = _left(method, t, default_mask)
        made = default_mask.to(dtype=t.dtype)
        made = made.clone() if made is default_mask else made
        made[left] = method.compute_mask(t[left], default_mask=default_mask[left]).to(dtype=made.dtype)
        return made


def _left(method: Any, t: Tensor, mask: Tensor) -> Any:
    """The index of what a method may choose from."""
    everything: list[Any] = [slice(None)] * t.dim()
    if method.PRUNING_TYPE == "unstructured":
        return mask == 1
    if method.PRUNING_TYPE == "global":
        return tuple(everything)
    if method.PRUNING_TYPE != "structured":
        raise ValueRangeError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
    if not hasattr(method, "dim"):
        raise NameUnknownError('Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.')
    if method.dim < -t.dim():
        raise DimError(f"Index is out of bounds for tensor with dimensions {t.dim()}")
    dim = method.dim % t.dim()
    everything[dim] = mask.sum(dim=[d for d in range(t.dim()) if d != dim]) != 0
    return tuple(everything)


class Identity(BasePruningMethod):
    """Prunes nothing, and leaves the module as pruning does."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """`default_mask`."""
        return default_mask


class _ByAmount(BasePruningMethod):
    def __init__(self, amount: Any) -> None:
        if not isinstance(amount, (int, float)):
            raise ArgumentError(f"Invalid type for amount: {amount}. Must be int or float.")
        if amount < 0 or (isinstance(amount, float) and amount > 1.0):
            raise ValueRangeError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative "
                                  "integer")
        self.amount: Any = amount

    def _count(self, size: int) -> int:
        """How many of `size` are pruned. Raises ValueRangeError for more than there are."""
        count = self.amount if isinstance(self.amount, int) else round(self.amount * size)
        if count > size:
            raise ValueRangeError(f"amount={count} should be smaller than the number of parameters to prune={size}")
        return count


class _Unstructured(_ByAmount):
    PRUNING_TYPE = "unstructured"

    def _chosen(self, t: Tensor, count: int) -> Tensor:
        """The places of the elements that are pruned, counted through the tensor."""
        raise NotImplementedError

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """`default_mask` with zeros at the elements chosen."""
        count, mask = self._count(t.numel()), default_mask.clone()
        if count:
            mask.view(-1)[self._chosen(t, count)] = 0
        return mask


class RandomUnstructured(_Unstructured):
    """Prunes elements drawn at random: `amount` of them, or that share."""

    def _chosen(self, t: Tensor, count: int) -> Tensor:
        return functions.topk(functions.rand_like(t).view(-1), k=count)[1]


class L1Unstructured(_Unstructured):
    """Prunes the smallest elements: `amount` of them, or that share."""

    def _chosen(self, t: Tensor, count: int) -> Tensor:
        return functions.topk(t.detach().abs().reshape(-1), k=count, largest=False)[1]


class _Structured(_ByAmount):
    PRUNING_TYPE = "structured"
    dim: int

    def _kept(self, t: Tensor, size: int, count: int) -> Tensor:
        """An index of the channels that stay."""
        raise NotImplementedError

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """`default_mask` with zeros at the channels chosen. Raises ValueRangeError for a vector."""
        if t.dim() <= 1:
            raise ValueRangeError("Structured pruning can only be applied to multidimensional tensors. Found tensor of "
                                  f"shape {t.shape} with {t.dim()} dims")
        if self.dim >= t.dim():
            raise DimError(f"Invalid index {self.dim} for tensor of size {t.shape}")
        size = t.shape[self.dim]
        count = self._count(size)
        if not count:
            return default_mask
        mask = functions.zeros_like(t)
        place: list[Any] = [slice(None)] * t.dim()
        place[self.dim] = self._kept(t.detach(), size, count)
        mask[tuple(place)] = 1
        return mask * default_mask.to(dtype=mask.dtype)


class RandomStructured(_Structured):
    """Prunes channels along `dim` drawn at random: `amount` of them, or that share."""

    def __init__(self, amount: Any, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def _kept(self, t: Tensor, size: int, count: int) -> Tensor:
        drawn = functions.rand(size)
        return drawn > functions.kthvalue(drawn, count)[0]


class LnStructured(_Structured):
    """Prunes the channels along `dim` of the smallest n-norm: `amount` of them, or that share."""

    def __init__(self, amount: Any, n: Any, dim: int = -1) -> None:
        super().__init__(amount)
        self.n, self.dim = n, dim

    def _kept(self, t: Tensor, size: int, count: int) -> Tensor:
        norms = functions.norm(t, p=self.n, dim=[d for d in range(t.dim()) if d != self.dim % t.dim()])
        return functions.topk(norms, k=size - count)[1]


class CustomFromMask(BasePruningMethod):
    """Prunes by a mask that is given."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """`default_mask` times the mask. Raises PreconditionError where their shapes differ."""
        if default_mask.shape != self.mask.shape:
            raise PreconditionError(f"default_mask shape {default_mask.shape} must match self.mask shape "
                                    f"{self.mask.shape}")
        return default_mask * self.mask.to(dtype=default_mask.dtype)


def identity(module: Module, name: str) -> Module:
    """Prunes nothing of the parameter `name`, and leaves the module as pruning does; returns it."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: Any) -> Module:
    """Prunes elements of `name` drawn at random: `amount` of them, or that share; returns the module."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Module, name: str, amount: Any, importance_scores: Tensor | None = None) -> Module:
    """Prunes the smallest elements of `name`, or the least important: `amount` of them, or that share.

    >>> import flambeau
    >>> from flambeau import nn
    >>> layer = nn.Linear(2, 1, bias=False)
    >>> layer.weight.data = flambeau.tensor([[0.1, -2.0]])
    >>> l1_unstructured(layer, "weight", 1).weight.tolist()
    [[0.0, -2.0]]
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: Any, dim: int) -> Module:
    """Prunes channels of `name` along `dim` drawn at random: `amount` of them, or that share; returns the module."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module: Module, name: str, amount: Any, n: Any, dim: int,
                  importance_scores: Tensor | None = None) -> Module:
    """Prunes the channels of `name` along `dim` of the smallest n-norm; returns the module."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def global_unstructured(parameters: Any, pruning_method: Any, importance_scores: Any = None, **kwargs: Any) -> None:
    """Prunes across several parameters, given as pairs of module and name, as if they were one.

    `importance_scores` maps such pairs to scores. Raises ArgumentError for what is no such thing, or a method that is
    not unstructured.
    """
    if not isinstance(parameters, Iterable):
        raise ArgumentError("global_unstructured(): parameters is not an Iterable")
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise ArgumentError("global_unstructured(): importance_scores must be of type dict")
    places = list(parameters)
    values = parameters_to_vector([scores.get((m, name), getattr(m, name)) for m, name in places])
    masks = parameters_to_vector([getattr(m, name + "_mask", functions.ones_like(getattr(m, name)))
                                  for m, name in places])
    method = pruning_method(**kwargs)
    method._tensor_name = "temp"
    if method.PRUNING_TYPE != "unstructured":
        raise ArgumentError('Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
                            f"{pruning_method} of type {method.PRUNING_TYPE}")
    mask, start = PruningContainer(method).compute_mask(values, masks), 0
    for module, name in places:
        tensor = getattr(module, name)
        custom_from_mask(module, name, mask[start:start + tensor.numel()].view(tensor.shape))
        start += tensor.numel()


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prunes `name` by a mask that is given; returns the module."""
    CustomFromMask.apply(module, name, mask)
    return module


def remove(module: Module, name: str) -> Module:
    """Makes the pruned tensor an ordinary parameter; returns the module. Raises ValueRangeError where nothing is."""
    if take_off(module, lambda hook: isinstance(hook, BasePruningMethod) and hook._tensor_name == name):
        return module
    raise ValueRangeError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module: Module) -> bool:
    """Whether anything in the module is pruned."""
    return any(isinstance(hook, BasePruningMethod) for _, part in module.named_modules()
               for hook in part._forward_pre_hooks.values())


__getattr__, __dir__ = public(__name__)
