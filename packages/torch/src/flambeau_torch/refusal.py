"""Names that are there to be imported, asked `isinstance` of and derived from, and that refuse to be used."""

from __future__ import annotations

from typing import Any

from flambeau.errors import UnsupportedError


class Refusing:
    """Raises UnsupportedError where it is made; the class names its place in torch and the reason."""

    refusal = ("", "")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        op, why = self.refusal
        raise UnsupportedError(why, op=op)


def function(op: str, why: str) -> Any:
    """A function that raises UnsupportedError for `why`."""
    def call(*args: Any, **kwargs: Any) -> Any:
        raise UnsupportedError(why, op=op)

    call.__name__ = call.__qualname__ = op.rpartition(".")[2]
    call.__doc__ = f"Raises UnsupportedError: {why}."
    return call


def refuse(place: str, why: str, names: str) -> dict[str, Any]:
    """The `names` of the module `place`, those with a capital as classes and the others as functions."""
    made: dict[str, Any] = {}
    for name in names.split():
        op = f"{place}.{name}"
        if name.lstrip("_")[0].isupper():
            made[name] = type(name, (Refusing,), {"__doc__": f"Raises UnsupportedError: {why}.",
                                                  "__module__": f"torch.{place}", "refusal": (op, why)})
        else:
            made[name] = function(op, why)
    return made
