"""Families of ops that load when one of their names is first used, and what stands in a name's place until then.

`FUNCTIONS` gives the functions of `flambeau` and `METHODS` the methods of Tensor that come with a module of
`flambeau.functions`; core/tests/test_later.py holds both against what the modules define. A backend takes in its
kernels of such a family when the first of them is looked up (`Backend.load_family`).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .errors import RegistryError

FUNCTIONS: dict[str, str] = {
    "conv": "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d fold pixel_shuffle pixel_unshuffle"
            " unfold",
    "embedding": "embedding one_hot",
    "loss": "binary_cross_entropy binary_cross_entropy_with_logits cosine_similarity cross_entropy huber_loss kl_div"
            " l1_loss mse_loss nll_loss pairwise_distance smooth_l1_loss",
    "pool": "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d"
            " adaptive_max_pool3d avg_pool1d avg_pool2d avg_pool3d max_pool1d max_pool1d_with_indices max_pool2d"
            " max_pool2d_with_indices max_pool3d max_pool3d_with_indices",
}
METHODS: dict[str, str] = {}


def lazy() -> dict[str, str]:
    """Every function of `FUNCTIONS` by name, and where it is taken from (see `spelling.public`)."""
    return {name: f".functions.{family}:{name}" for family, names in FUNCTIONS.items() for name in names.split()}


def family_of(name: str) -> str | None:
    """The family that a function comes with; None where it is of none that loads late."""
    return next((family for family, names in FUNCTIONS.items() if name in names.split()), None)


class Later:
    """Stands on Tensor for a method whose family is not loaded: to ask for it loads the family."""

    __slots__ = ("family", "name")

    def __init__(self, family: str, name: str) -> None:
        self.family, self.name = family, name

    def __get__(self, instance: Any, owner: type) -> Any:
        import_module(f".functions.{self.family}", __package__)
        for cls in owner.__mro__:
            if isinstance(vars(cls).get(self.name), Later):
                raise RegistryError(f"flambeau.functions.{self.family} does not define the method", op=self.name)
        return getattr(owner if instance is None else instance, self.name)


def await_methods(tensor: type) -> None:
    """Puts a `Later` on the class of tensors for every method of `METHODS` that it does not have."""
    for family, names in METHODS.items():
        for name in names.split():
            if name not in vars(tensor):
                setattr(tensor, name, Later(family, name))


def load() -> None:
    """Loads every family, for those who go over the whole table."""
    for family in {**FUNCTIONS, **METHODS}:
        import_module(f".functions.{family}", __package__)
