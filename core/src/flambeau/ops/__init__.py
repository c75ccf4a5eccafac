"""The op table: importing this package registers every op that a backend may have a kernel for, a family a module.

The families of `flambeau.later` are registered when they are first used."""

from __future__ import annotations

from . import (
    activation,
    arithmetic,
    compare,
    complex,
    create,
    dropout,
    index,
    inplace,
    linalg,
    math,
    movement,
    norm,
    order,
    random,
    reduce,
    sort,
    special,
)
