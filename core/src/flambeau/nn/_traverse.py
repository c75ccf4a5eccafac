"""Walking a tree of modules: children, parameters, buffers, and look-up by dotted name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from ..errors import NameUnknownError, ValueRangeError
from ..tensors.tensor import Tensor
from ._base import ModuleBase
from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module


class Traversal(ModuleBase):
    """The iterators of a module, each in the order of registration, parents before children."""

    def children(self) -> Iterator[Module]:
        """The direct child modules, each once."""
        for _, module in self.named_children():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct child modules with their names, each once."""
        seen: set[int] = set()
        for name, module in self._modules.items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        for _, module in self.named_modules():
            yield module

    def named_modules(self, memo: set[Any] | None = None, prefix: str = "",
                      remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:
        """This module and all below it with their dotted names; `memo` holds those already seen."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, cast("Module", self)
        for name, module in self._modules.items():
            if module is not None:
                below = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, below, remove_duplicate)

    def _named_members(self, get_members_fn: Callable[[Any], Iterable[tuple[str, Any]]], prefix: str = "",
                       recurse: bool = True, remove_duplicate: bool = True) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        owners = (self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse
                  else [(prefix, cast("Module", self))])
        for path, module in owners:
            for name, member in get_members_fn(module):
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield (f"{path}.{name}" if path else name), member

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of this module and, with `recurse`, of all below it, each once."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_parameters(self, prefix: str = "", recurse: bool = True,
                         remove_duplicate: bool = True) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their dotted names."""
        return self._named_members(lambda module: module._parameters.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module and, with `recurse`, of all below it, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_buffers(self, prefix: str = "", recurse: bool = True,
                      remove_duplicate: bool = True) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their dotted names."""
        return self._named_members(lambda module: module._buffers.items(), prefix, recurse, remove_duplicate)

    # -- by name ---------------------------------------------------------------------------------

    def get_submodule(self, target: str) -> Module:
        """The module at the dotted path `target`; "" is this one. Raises NameUnknownError."""
        module: Any = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise NameUnknownError(f"{type(module).__name__} has no attribute `{name}`", target=target)
            module = getattr(module, name)
            if not isinstance(module, ModuleBase):
                raise NameUnknownError(f"`{name}` is not an nn.Module", target=target)
        return cast("Module", module)

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Puts `module` at the dotted path `target`; with `strict` only in place of one that is there.

        Raises ValueRangeError for an empty path, NameUnknownError where the path does not lead to a module.
        """
        if not target:
            raise ValueRangeError("Cannot set the submodule without a target name!", target=target)
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise NameUnknownError(f"{type(parent).__name__} has no attribute `{name}`", target=target)
        if hasattr(parent, name) and not isinstance(getattr(parent, name), ModuleBase):
            raise NameUnknownError(f"`{name}` is not an nn.Module", target=target)
        if not isinstance(module, ModuleBase):
            raise ValueRangeError(f"`module` is not an nn.Module, found {type(module)}", target=target)
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at the dotted path `target`. Raises NameUnknownError."""
        return cast(Parameter, self._member(target, "_parameters", "an nn.Parameter"))

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at the dotted path `target`. Raises NameUnknownError."""
        return cast(Tensor, self._member(target, "_buffers", "a buffer"))

    def _member(self, target: str, table: str, kind: str) -> Any:
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if not hasattr(owner, name):
            raise NameUnknownError(f"{type(owner).__name__} has no attribute `{name}`", target=target)
        if name not in getattr(owner, table):
            raise NameUnknownError(f"`{name}` is not {kind}", target=target)
        return getattr(owner, name)
