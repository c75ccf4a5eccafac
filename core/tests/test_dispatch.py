"""What stands between a user and a kernel: promotion, Python numbers, `out=`, subclasses, errors."""

from __future__ import annotations

import re

import pytest

import flambeau
from flambeau import dtypes, errors
from flambeau.table.dispatch import composite, primitive
from flambeau.table.registry import TABLE
from flambeau.tensors.tensor import Parameter, Tensor

BACKENDS = ["numpy", "reference"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_little_program_prints_exactly_its_comment(backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    x = flambeau.tensor([2.0, 3.0], requires_grad=True, device=backend)
    y = x * x + 3 * x + 1
    z = y.sum()
    z.backward()
    print(x.grad)
    assert capsys.readouterr().out == "tensor([7., 9.])\n"


# --- promotion: PyTorch's table, and the three levels of its rule


PROMOTION = {  # rows as PyTorch documents them
    ("uint8", "int8"): "int16", ("uint8", "int64"): "int64", ("int8", "float16"): "float16",
    ("float16", "bfloat16"): "float32", ("float64", "complex64"): "complex128", ("bool", "uint8"): "uint8",
    ("int64", "float32"): "float32", ("bfloat16", "float32"): "float32", ("float16", "complex64"): "complex64",
}


@pytest.mark.parametrize(("pair", "joined"), PROMOTION.items())
def test_promotion_of_tensors_with_dimensions(pair: tuple[str, str], joined: str) -> None:
    a, b = (flambeau.ones(2, dtype=dtypes.BY_NAME[name]) for name in pair)
    assert (a + b).dtype is (b + a).dtype is dtypes.BY_NAME[joined]
    assert flambeau.promote_types(a.dtype, b.dtype) is dtypes.BY_NAME[joined]


@pytest.mark.parametrize(
    ("tensor", "number", "expected"),
    [
        (dtypes.int64, 1.5, dtypes.float32),
        (dtypes.uint8, 300, dtypes.uint8),
        (dtypes.bool, 2, dtypes.int64),
        (dtypes.bool, True, dtypes.bool),
        (dtypes.float16, 2, dtypes.float16),
        (dtypes.float64, 1.5, dtypes.float64),
        (dtypes.float32, 1j, dtypes.complex64),
        (dtypes.float64, 1j, dtypes.complex128),
        (dtypes.int8, 1j, dtypes.complex64),
    ],
)
def test_a_python_number_never_widens_within_its_category(tensor: flambeau.dtype, number: complex,
                                                          expected: flambeau.dtype) -> None:
    assert (flambeau.ones(2, dtype=tensor) + number).dtype is expected
    assert (number + flambeau.ones(2, dtype=tensor)).dtype is expected


def test_a_zero_dimensional_tensor_ranks_between_numbers_and_tensors_with_dimensions() -> None:
    wide, narrow = flambeau.tensor(1.0, dtype=flambeau.float64), flambeau.ones(2, dtype=flambeau.float32)
    assert (wide * narrow).dtype is flambeau.float32
    assert (wide * flambeau.ones(2, dtype=flambeau.int64)).dtype is flambeau.float64


def test_integers_wrap_into_the_dtype_of_the_tensor() -> None:
    assert (flambeau.ones(1, dtype=flambeau.uint8) + 300).tolist() == [45]


def test_negative_zero_and_nan_are_not_confused_with_cached_numbers() -> None:
    one = flambeau.ones(1)
    assert str((one * 0.0).item()) == "0.0"
    assert str((one * -0.0).item()) == "-0.0"
    assert (one * float("nan")).isnan().item()


def test_division_of_integers_follows_the_default_dtype() -> None:
    a = flambeau.tensor([1, 2])
    assert (a / 2).dtype is flambeau.float32
    flambeau.set_default_dtype(flambeau.float64)
    try:
        assert (a / 2).dtype is flambeau.float64
        assert flambeau.exp(a).dtype is flambeau.float64
    finally:
        flambeau.set_default_dtype(flambeau.float32)
    assert (a / 2).dtype is flambeau.float32


# --- foreign values


def test_operators_leave_foreign_types_to_the_other_side() -> None:
    class Other:
        def __radd__(self, left: Tensor) -> str:
            return f"other got {left.shape}"

    assert flambeau.ones(2) + Other() == "other got flambeau.Size([2])"
    with pytest.raises(TypeError):
        flambeau.ones(2) + "text"
    assert (flambeau.ones(2) == "text") is False


def test_functions_name_the_argument_that_is_no_tensor() -> None:
    with pytest.raises(errors.ArgumentError, match=re.escape("exp: argument 'input' must be a Tensor, got float 3.0")):
        flambeau.exp(3.0)
    with pytest.raises(TypeError, match=r"mul: .*'other'.*str"):
        flambeau.mul(flambeau.ones(2), "x")


# --- out=


def test_out_receives_the_result_and_is_returned() -> None:
    out = flambeau.zeros(2)
    made = flambeau.mul(flambeau.tensor([1.0, 2.0]), 3, out=out)
    assert made is out
    assert out.tolist() == [3.0, 6.0]


def test_out_of_a_lower_category_is_refused_and_unchanged() -> None:
    out = flambeau.zeros(2, dtype=flambeau.int64)
    with pytest.raises(
        RuntimeError, match=r"mul: result type flambeau.float32 can't be cast to the desired output type"
    ):
        flambeau.mul(flambeau.ones(2), 1.5, out=out)
    assert out.tolist() == [0, 0]


def test_out_of_another_size_is_resized_with_a_warning() -> None:
    out = flambeau.zeros(3)
    with pytest.warns(UserWarning, match=re.escape("was resized since it had shape [3]")):
        flambeau.mul(flambeau.ones(2), 2, out=out)
    assert out.tolist() == [2.0, 2.0]


def test_out_does_not_take_part_in_a_graph() -> None:
    x = flambeau.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"out=... arguments don't support automatic differentiation"):
        flambeau.mul(x, 2, out=flambeau.zeros(2))


# --- subclasses


class Marked(Tensor):
    pass


def test_results_of_a_subclass_are_of_the_subclass() -> None:
    x = Marked([1.0, 2.0])
    assert type(x * 2) is type(flambeau.exp(x)) is type(2 * x) is type(x + flambeau.ones(2)) is Marked
    assert (x * 2).tolist() == [2.0, 4.0]


def test_a_subclass_takes_part_in_the_graph() -> None:
    x = Marked([1.0, 2.0])
    x.requires_grad = True
    (x * x).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2.0, 4.0]


def test_a_parameter_computes_plain_tensors() -> None:
    w = Parameter(flambeau.ones(2))
    assert type(w * 2) is Tensor
    assert (w * 2).requires_grad


def test_a_tensor_takes_attributes() -> None:
    x = flambeau.ones(1)
    x.note = "kept"  # type: ignore[attr-defined]
    assert x.note == "kept"  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["dtype", "device", "shape"])
def test_what_a_tensor_is_cannot_be_assigned(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(flambeau.ones(1), name, None)


# --- errors


BAD = [
    (
        lambda: flambeau.ones(2) + flambeau.ones(3),
        errors.ShapeError,
        r"add: sizes 2 and 3 do not broadcast.*\[2\], \[3\]",
    ),
    (lambda: flambeau.ones(2, 3).sum(5), errors.DimError, r"sum: dim 5 is out of range for 2 dimensions"),
    (lambda: flambeau.ones(2, 3).sum((0, 0)), errors.DimError, r"sum: dim 0 appears twice in \(0, 0\)"),
    (lambda: flambeau.ones(2, 3).view(7), errors.ShapeError, r"view: shape \[7\] is invalid for input of size 6"),
    (lambda: flambeau.ones(2, 3) @ flambeau.ones(2, 3), errors.ShapeError, r"matmul: mat1 and mat2 .*\[2, 3\]"),
    (lambda: flambeau.ones(2)[5], errors.IndexRangeError, r"index 5 is out of bounds for dimension 0 with size 2"),
    (lambda: flambeau.ones(2)["a"], errors.ArgumentError, r"index: a str cannot index: 'a'"),
    (lambda: flambeau.tensor([[1, 2], [3]]), errors.ShapeError, r"tensor: expected sequence of length 2 at dim 1"),
    (lambda: flambeau.tensor(["a"]), errors.ArgumentError, r"tensor: could not infer dtype of str 'a'"),
    (lambda: flambeau.tensor([300], dtype=flambeau.uint8), errors.ValueRangeError, r"cannot be converted to .*uint8"),
    (lambda: flambeau.ones(2) & flambeau.ones(2), errors.DTypeError, r"bitwise_and: not implemented for .*float32"),
    (
        lambda: flambeau.ones(2, dtype=flambeau.bool) - flambeau.ones(2, dtype=flambeau.bool),
        errors.DTypeError,
        r"sub: ",
    ),
    (lambda: flambeau.tensor([1]) // flambeau.tensor([0]), errors.FlambeauError, r"floor_divide: ZeroDivisionError"),
    (lambda: flambeau.ones(2, dtype=flambeau.int64).requires_grad_(), errors.DTypeError, r"only tensors of floating"),
    (lambda: flambeau.ones(2).item(), errors.ValueRangeError, r"item: a Tensor with 2 elements cannot be converted"),
    (lambda: bool(flambeau.ones(2)), errors.ValueRangeError, r"more than one value is ambiguous"),
    (lambda: flambeau.nonsense, errors.NameUnknownError, r"module 'flambeau' has no attribute 'nonsense'"),
    (lambda: flambeau.cat([]), errors.ValueRangeError, r"cat: expected a non-empty list of Tensors"),
    (lambda: flambeau.zeros(-1), errors.ShapeError, r"zeros: negative size -1"),
    (lambda: flambeau.set_default_dtype(flambeau.int64), errors.DTypeError, r"only floating-point types"),
]


@pytest.mark.parametrize(("call", "kind", "text"), BAD, ids=[text for *_, text in BAD])
def test_an_error_names_the_op_the_value_and_the_rule(call: object, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()  # type: ignore[operator]


def test_a_failed_operation_changes_nothing() -> None:
    x, y = flambeau.ones(2), flambeau.ones(3)
    for attempt in (lambda: x.add_(y), lambda: x.copy_(y), lambda: x.__setitem__(slice(None), y), lambda: x.mul_(1j)):
        with pytest.raises(errors.FlambeauError):
            attempt()
    assert x.tolist() == [1.0, 1.0]
    assert x._version is None or x._version[0] == 0


def test_every_error_derives_from_what_pytorch_raises_and_carries_a_code() -> None:
    assert issubclass(errors.DimError, IndexError) and issubclass(errors.ArgumentError, TypeError)
    assert issubclass(errors.ShapeError, RuntimeError) and issubclass(errors.UnsupportedError, NotImplementedError)
    codes = [c.code for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.FlambeauError)]
    assert len(codes) == len(set(codes))


# --- defining ops


def test_an_op_can_be_defined_at_run_time_with_its_gradient() -> None:
    @composite(saves="input")
    def cubed(input: Tensor) -> Tensor:
        """The third power."""
        return input * input * input

    @cubed.grad("input")
    def _(g: Tensor, input: Tensor) -> Tensor:
        return g * (input * input) * 3

    try:
        x = flambeau.tensor([2.0], requires_grad=True)
        y = cubed(x)
        assert repr(y) == "tensor([8.], grad_fn=<CubedBackward0>)"
        y.backward()
        assert x.grad is not None and x.grad.tolist() == [12.0]
    finally:
        del TABLE["cubed"]


def test_a_name_is_defined_once_and_rules_name_what_exists() -> None:
    with pytest.raises(errors.RegistryError, match="exp: is defined twice"):
        @primitive()
        def exp(input: Tensor) -> Tensor:
            """Again."""
    with pytest.raises(errors.RegistryError, match="exp: has no input named weight, only input"):
        flambeau.exp.grad("weight")
    with pytest.raises(errors.RegistryError, match=r"names \['other'\], which the op neither saves"):
        flambeau.exp.grad("input")(lambda g, other: g)


def test_every_differentiable_input_has_a_rule() -> None:
    from flambeau._gen import problems

    assert problems() == []


def test_an_error_names_the_op_that_was_called_not_one_of_its_parts() -> None:
    @composite()
    def halved_product(input: Tensor, other: Tensor) -> Tensor:
        """Half of a matrix product."""
        return (input @ other) / 2

    @composite(saves="input other")
    def recorded_product(input: Tensor, other: Tensor) -> Tensor:
        """A matrix product that is one node."""
        return input @ other

    try:
        for op in (halved_product, recorded_product):
            with pytest.raises(errors.ShapeError, match=rf"^{op.__name__}: .*\[2, 3\] and \[4, 5\]"):
                op(flambeau.ones(2, 3), flambeau.ones(4, 5))
    finally:
        del TABLE["halved_product"], TABLE["recorded_product"]


def test_an_error_of_the_users_own_function_names_the_op_it_called() -> None:
    def head(x: Tensor) -> Tensor:
        return flambeau.nn.functional.linear(x, flambeau.ones(2, 5))

    with pytest.raises(errors.ShapeError, match=r"^linear: .*\(input \[2, 3\], weight \[2, 5\]\)"):
        head(flambeau.ones(2, 3))
