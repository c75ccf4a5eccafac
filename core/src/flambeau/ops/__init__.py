"""The op table: importing this package registers every op that a backend may have a kernel for, a family a module."""

from __future__ import annotations

from . import (
    activation,
    arithmetic,
    compare,
    complex,
    conv,
    create,
    dropout,
    embedding,
    index,
    inplace,
    linalg,
    loss,
    math,
    movement,
    norm,
    pool,
    random,
    reduce,
    sort,
    special,
)
