"""Sums of products by Einstein's convention, each pair of operands contracted by one matrix product.

A subscript is a number: 0 to 51 for the letters A–Z and a–z, and -1, -2, … for the dims an ellipsis
stands for, counted from the right, so that sorting gives the order of an implicit output.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import ArgumentError, DTypeError, ShapeError, ValueRangeError
from ...ops.movement import diagonal_op, permute_op, reshape, slice_op
from ...ops.reduce import sum as total
from ...shapes import numel
from ...table.precision import in_single
from ...tensors.tensor import Tensor

ELLIPSIS = 52
Labels = list[int]


def einsum(*args: Any) -> Tensor:
    """The sum of products that `equation` says: `einsum("bij,bjk->bik", x, y)`, or in numbers `einsum(x, [0, 1], …)`.

    A letter that the output lacks is summed over; repeated within one operand it takes the diagonal;
    `...` stands for any number of dims, which broadcast. Without `->` the output has the letters that
    occur once, sorted. Raises ShapeError for sizes that do not agree, ValueRangeError for an equation
    that cannot be read.

    >>> import flambeau
    >>> flambeau.einsum("ij,j->i", flambeau.ones(2, 3), flambeau.tensor([1.0, 2.0, 3.0]))
    tensor([6., 6.])
    """
    operands, subscripts, output = _read(args)
    labels = [_expanded(i, x, s) for i, (x, s) in enumerate(zip(operands, subscripts, strict=True))]
    out = _output(labels, output)
    _check_dtypes(operands)
    return _evaluated(operands, labels, out)


@in_single
def _evaluated(operands: list[Tensor], labels: list[Labels], out: Labels) -> Tensor:
    pairs = [_diagonals(i, x, s) for i, (x, s) in enumerate(zip(operands, labels, strict=True))]
    pairs = _squeezed(pairs)
    made, have = pairs[0]
    for i, (x, other) in enumerate(pairs[1:], 2):
        later = {label for _, rest in pairs[i:] for label in rest}
        made, have = _contracted(made, have, x, other, later | set(out))
    return _arranged(made, have, out)


def _read(args: tuple[Any, ...]) -> tuple[list[Tensor], list[Labels], Labels | None]:
    """The operands, their subscripts, and the output's (None: implicit)."""
    if len(args) < 2:
        raise ValueRangeError("must specify the equation string and at least one operand, or at least one operand and"
                              " its subscripts list", op="einsum")
    if isinstance(args[0], str):
        operands = list(args[1]) if len(args) == 2 and isinstance(args[1], (list, tuple)) else list(args[1:])
        subscripts, output = _parse(args[0])
    else:
        operands, subscripts = list(args[: len(args) // 2 * 2 : 2]), [_listed(s) for s in args[1::2]]
        output = _listed(args[-1]) if len(args) % 2 else None
    for x in operands:
        if not isinstance(x, Tensor):
            raise ArgumentError(f"operands must be Tensors, got {type(x).__name__}", op="einsum")
    if len(operands) != len(subscripts):
        word = "more" if len(operands) > len(subscripts) else "fewer"
        raise ValueRangeError(f"{word} operands were provided than specified in the equation: {len(operands)} for"
                              f" {len(subscripts)}", op="einsum")
    return operands, subscripts, output


def _listed(subscripts: Sequence[Any]) -> Labels:
    for s in subscripts:
        if s is not Ellipsis and not (isinstance(s, int) and 0 <= s < 52):
            raise ValueRangeError(f"subscript {s!r} in subscript list is not within the valid range [0, 52)",
                                  op="einsum")
    return [ELLIPSIS if s is Ellipsis else s for s in subscripts]


def _parse(equation: str) -> tuple[list[Labels], Labels | None]:
    inputs, arrow, output = equation.partition("->")
    at = len(inputs) + 2
    terms, start = [], 0
    for i, term in enumerate(inputs.split(",")):
        terms.append(_term(equation, term, start, f"operand {i}"))
        start += len(term) + 1
    return terms, _term(equation, output, at, "output") if arrow else None


def _term(equation: str, term: str, start: int, what: str) -> Labels:
    labels: Labels = []
    at = 0
    while at < len(term):
        letter = term[at]
        if letter == ".":
            _check_ellipsis(term, at, what, labels)
            labels.append(ELLIPSIS)
            at += 2
        elif letter.isascii() and letter.isalpha():
            labels.append(ord(letter) - 65 if letter < "a" else ord(letter) - 71)
        elif letter != " ":
            raise ValueRangeError(f"invalid subscript given at index {start + at} in the equation string"
                                  f" {equation!r}, subscripts must be in [a-zA-Z]", op="einsum")
        at += 1
    return labels


def _check_ellipsis(term: str, at: int, what: str, before: Labels) -> None:
    if ELLIPSIS in before:
        raise ValueRangeError(f"found '.' for {what} for which an ellipsis was already found", op="einsum")
    if term[at : at + 3] != "...":
        raise ValueRangeError(f"found '.' for {what} that is not part of any ellipsis", op="einsum")


def _expanded(number: int, x: Tensor, labels: Labels) -> Labels:
    """One subscript per dim of the operand."""
    ndim, named = x.ndim, len(labels) - (ELLIPSIS in labels)
    if named > ndim or (named < ndim and ELLIPSIS not in labels):
        ending = "" if ELLIPSIS in labels else " and no ellipsis was given"
        raise ShapeError(f"the number of subscripts in the equation ({named}) does not match the number of dimensions"
                         f" ({ndim}) for operand {number}{ending}", op="einsum")
    return _filled(labels, ndim - named)


def _filled(labels: Labels, count: int) -> Labels:
    if ELLIPSIS not in labels:
        return labels
    at = labels.index(ELLIPSIS)
    return labels[:at] + list(range(-count, 0)) + labels[at + 1 :]


def _output(labels: list[Labels], output: Labels | None) -> Labels:
    every = [label for operand in labels for label in operand]
    dims = -min([0, *every])
    if output is None:
        return sorted({label for label in every if label < 0 or every.count(label) == 1})
    out = _filled(output, dims)
    for label in out:
        if out.count(label) > 1:
            raise ValueRangeError(f"output subscript {_letter(label)} appears more than once in the output",
                                  op="einsum")
        if label not in every:
            raise ValueRangeError(f"output subscript {_letter(label)} does not appear in the equation for any input"
                                  " operand", op="einsum")
    return out


def _letter(label: int) -> str:
    return "..." if label < 0 else chr(label + 65 if label < 26 else label + 71)


def _check_dtypes(operands: list[Tensor]) -> None:
    for x in operands:
        if x.dtype is not operands[0].dtype:
            raise DTypeError(f"expected operands of one dtype, but found {operands[0].dtype!r} and {x.dtype!r}",
                             op="einsum")


def _diagonals(number: int, x: Tensor, labels: Labels) -> tuple[Tensor, Labels]:
    """Subscripts that occur twice in one operand become one dim, the diagonal."""
    labels = list(labels)
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            sizes = x._array.shape[first], x._array.shape[second]
            if sizes[0] != sizes[1]:
                raise ShapeError(f"subscript {_letter(label)} is repeated for operand {number} but the sizes don't"
                                 f" match, {sizes[1]} != {sizes[0]}", op="einsum")
            x = diagonal_op(x, 0, first, second)
            labels = [one for d, one in enumerate(labels) if d not in (first, second)] + [label]
    return x, labels


def _squeezed(pairs: list[tuple[Tensor, Labels]]) -> list[tuple[Tensor, Labels]]:
    """Dims of size 1 that broadcast against another operand are dropped."""
    sizes: dict[int, int] = {}
    for number, (x, labels) in enumerate(pairs):
        for label, n in zip(labels, x._array.shape, strict=True):
            seen = sizes.setdefault(label, n)
            if n != seen and 1 not in (n, seen):
                raise ShapeError(f"subscript {_letter(label)} has size {n} for operand {number} which does not"
                                 f" broadcast with previously seen size {seen}", op="einsum")
            sizes[label] = n if seen == 1 else seen
    return [_without(x, labels, [label for label, n in zip(labels, x._array.shape, strict=True)
                                 if n == 1 and sizes[label] != 1]) for x, labels in pairs]


def _without(x: Tensor, labels: Labels, dropped: Labels) -> tuple[Tensor, Labels]:
    if not dropped:
        return x, labels
    index = tuple(0 if label in dropped else slice(0, n, 1) for label, n in zip(labels, x._array.shape, strict=True))
    return slice_op(x, index), [label for label in labels if label not in dropped]


def _summed(x: Tensor, labels: Labels, gone: set[int]) -> tuple[Tensor, Labels]:
    """`x` summed over the subscripts `gone`."""
    dims = tuple(d for d, label in enumerate(labels) if label in gone)
    if not dims:
        return x, labels
    return total(x, dims, dtype=x.dtype), [label for label in labels if label not in gone]


def _contracted(x: Tensor, left: Labels, y: Tensor, right: Labels, kept: set[int]) -> tuple[Tensor, Labels]:
    """The product of two operands, summed over what neither the output nor a later operand names."""
    x, left = _summed(x, left, set(left) - set(right) - kept)
    y, right = _summed(y, right, set(right) - set(left) - kept)
    batch = [label for label in left if label in right and label in kept]
    inner = [label for label in left if label in right and label not in kept]
    rows = [label for label in left if label not in right]
    columns = [label for label in right if label not in left]
    x, y = _permuted(x, left, batch + rows + inner), _permuted(y, right, batch + inner + columns)
    shape = (*x._array.shape[: len(batch) + len(rows)], *y._array.shape[len(batch) + len(inner) :])
    labels = batch + rows + columns
    sizes = [numel(shape[: len(batch)]), numel(x._array.shape[len(batch) : len(batch) + len(rows)]),
             numel(y._array.shape[len(batch) : len(batch) + len(inner)]), numel(shape[len(batch) + len(rows) :])]
    x, y = reshape(x, (sizes[0], sizes[1], sizes[2])), reshape(y, (sizes[0], sizes[2], sizes[3]))
    summed = inner and (sizes[2] != 1 or x._kind.dtype.category)  # booleans have no sums, and one needs none
    return reshape(x @ y if summed else x * y, shape), labels


def _permuted(x: Tensor, have: Labels, want: Labels) -> Tensor:
    return x if have == want else permute_op(x, tuple(have.index(label) for label in want))


def _arranged(x: Tensor, have: Labels, want: Labels) -> Tensor:
    """The output's order; what is summed of a lone operand is summed as `sum` does, integers in int64."""
    dims = tuple(d for d, label in enumerate(have) if label not in want)
    x = total(x, dims) if dims else x
    return _permuted(x, [label for label in have if label in want], want)

__all__ = [
    "einsum",
]
