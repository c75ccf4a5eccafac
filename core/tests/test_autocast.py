"""Autocast: what is cast, where it holds, and that nothing is left of it. dtypes over the lists: tests/parity."""

import subprocess
import sys
import threading

import pytest

import flambeau
from flambeau.amp import casting, lists
from flambeau.amp.state import State
from flambeau.errors import ArgumentError, PreconditionError, ShapeError
from flambeau.nn import functional as F


@pytest.fixture
def weight():
    return flambeau.ones(2, 2, requires_grad=True)


def test_products_are_computed_in_the_lower_precision_and_losses_in_float32(weight):
    with flambeau.autocast("cpu"):
        product = weight @ weight
        assert product.dtype is flambeau.bfloat16
        assert F.mse_loss(product, product).dtype is flambeau.float32
        assert (product + 1).dtype is flambeau.bfloat16
        assert (weight.double() @ weight.double()).dtype is flambeau.float64
    with flambeau.autocast("cpu", flambeau.float16):
        assert flambeau.nn.Linear(2, 2)(weight).dtype is flambeau.float16


def test_gradients_flow_through_the_casts_to_the_dtype_of_the_weight(weight):
    with flambeau.autocast("cpu"):
        loss = (weight @ weight).float().sum()
        loss.backward()
    assert weight.grad.dtype is flambeau.float32
    assert weight.grad.tolist() == [[4.0, 4.0], [4.0, 4.0]]


def test_a_part_may_be_left_out_and_regions_nest(weight):
    with flambeau.autocast("cpu"):
        with flambeau.autocast("cpu", enabled=False):
            assert (weight @ weight).dtype is flambeau.float32
            assert not flambeau.is_autocast_enabled("cpu")
        with flambeau.autocast("cpu", flambeau.float16):
            assert flambeau.get_autocast_dtype("cpu") is flambeau.float16
        assert flambeau.get_autocast_dtype("cpu") is flambeau.bfloat16
        assert (weight @ weight).dtype is flambeau.bfloat16


def test_it_holds_in_its_own_thread_only(weight):
    found = []
    with flambeau.autocast("cpu"):
        other = threading.Thread(target=lambda: found.append((weight @ weight).dtype))
        other.start()
        other.join()
    assert found == [flambeau.float32]


def test_the_functions_are_as_they_were_on_every_way_out(weight):
    own = [f.__code__ for f in (flambeau.matmul, flambeau.Tensor.__matmul__, F.linear, F.mse_loss)]
    with pytest.raises(ShapeError, match="matmul: mat1 and mat2 shapes cannot be"), flambeau.autocast("cpu"):
        assert flambeau.matmul.__code__ is not own[0]
        flambeau.matmul(weight, flambeau.ones(3, 3))
    assert [f.__code__ for f in (flambeau.matmul, flambeau.Tensor.__matmul__, F.linear, F.mse_loss)] == own
    assert not flambeau.is_autocast_enabled("cpu")


def test_a_decorated_function_is_a_region_at_every_call(weight):
    @flambeau.autocast("cpu")
    def squared(x, depth):
        return squared(x, depth - 1) if depth else x @ x

    assert squared(weight, 2).dtype is flambeau.bfloat16
    assert (weight @ weight).dtype is flambeau.float32
    with pytest.raises(ArgumentError, match="requires a callable, but got int"):
        flambeau.autocast("cpu")(3)


def test_a_weight_is_cast_once_a_region_unless_it_changed(weight):
    with flambeau.autocast("cpu"):
        first, second = [(weight @ weight).grad_fn.next_functions[0][0] for _ in range(2)]
        assert first is second
        with flambeau.no_grad():
            weight.mul_(3)
            assert (weight @ weight).tolist() == [[18.0, 18.0], [18.0, 18.0]]
        assert (weight @ weight).tolist() == [[18.0, 18.0], [18.0, 18.0]]
    with flambeau.autocast("cpu", cache_enabled=False):
        first, second = [(weight @ weight).grad_fn.next_functions[0][0] for _ in range(2)]
        assert first is not second


def test_setters_hold_until_they_are_set_back(weight):
    flambeau.set_autocast_enabled("cpu", True)
    flambeau.set_autocast_dtype("cpu", flambeau.float16)
    try:
        with flambeau.autocast("cpu", flambeau.bfloat16):
            pass
        assert (weight @ weight).dtype is flambeau.float16
        assert flambeau.autocast_increment_nesting() == 1
        assert flambeau.autocast_decrement_nesting() == 0
    finally:
        flambeau.set_autocast_dtype("cpu", flambeau.bfloat16)
        flambeau.set_autocast_enabled("cpu", False)
    assert (weight @ weight).dtype is flambeau.float32
    with pytest.warns(DeprecationWarning, match="is_autocast_enabled"):
        assert not flambeau.is_autocast_cpu_enabled()


@pytest.mark.parametrize("cast_inputs", [None, flambeau.float32])
def test_a_custom_function_goes_back_as_it_went_forward(weight, cast_inputs):
    seen = []

    class Product(flambeau.autograd.Function):
        @staticmethod
        @flambeau.amp.custom_fwd(device_type="cpu", cast_inputs=cast_inputs)
        def forward(ctx, x, y):
            ctx.save_for_backward(x, y)
            seen.append((x.dtype, flambeau.is_autocast_enabled("cpu")))
            return x @ y

        @staticmethod
        @flambeau.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            seen.append(flambeau.is_autocast_enabled("cpu"))
            return g @ y.T, x.T @ g

    with flambeau.autocast("cpu"):
        made = Product.apply(weight.bfloat16(), weight)
    made.sum().backward()
    on = cast_inputs is None
    assert seen == [(flambeau.bfloat16 if on else flambeau.float32, on), on]


def test_a_checkpoint_runs_again_in_the_state_it_ran_in(weight):
    with flambeau.autocast("cpu"):
        made = flambeau.utils.checkpoint.checkpoint(lambda x: (x @ x).sin(), weight, use_reentrant=False)
    made.sum().backward()
    assert weight.grad.dtype is flambeau.float32
    assert flambeau.linspace(0, 1, 2).dtype is flambeau.float32


def test_accelerators_have_lists_of_their_own(monkeypatch, weight):
    """On a CPU that goes by them."""
    monkeypatch.setattr(lists, "LISTS", {})
    monkeypatch.setattr(casting, "_rules", {})
    half = weight.detach().half()
    with flambeau.autocast("cpu", flambeau.float16):
        for act in (half.exp, half.sum, lambda: half**2, lambda: flambeau.softmax(half, 0),
                    lambda: F.layer_norm(half, (2,))):
            assert act().dtype is flambeau.float32
        assert flambeau.mv(weight, weight[0]).dtype is flambeau.float16
        assert half.sum(dtype=flambeau.float16).dtype is flambeau.float16
        assert flambeau.addcmul(half, half, weight).dtype is flambeau.float32
        with pytest.raises(PreconditionError, match="binary_cross_entropy: is unsafe to autocast"):
            F.binary_cross_entropy(half, half)


def test_what_it_cannot_do_it_says():
    with pytest.warns(UserWarning, match="In CPU autocast, but the target dtype is not supported. Disabling"):
        flambeau.autocast("cpu", flambeau.float32)
    with pytest.raises(ArgumentError, match="Expected `device_type` of type `str`, got: `<class 'int'>`"):
        flambeau.autocast(3)
    with pytest.raises(ArgumentError, match="dtype must be a dtype, got 'half'"):
        flambeau.autocast("cpu", "half")
    assert flambeau.amp.is_autocast_available("cpu")


def test_every_name_on_the_lists_is_a_function():
    missing = {name for kind in (lists.CPU, lists.ACCELERATOR) for names in kind.values() for name in names.split()
               if not list(lists.functions(name))}
    assert missing <= {"nuclear_norm", "lstm_cell", "gru_cell", "rnn_relu_cell", "rnn_tanh_cell"}


def test_a_float64_or_foreign_value_is_not_eligible():
    assert not casting.eligible(flambeau.ones(1).double(), "cpu")
    assert not casting.eligible(flambeau.ones(1), "cuda")
    assert State().enabled == frozenset()


def test_errors_name_the_function_that_was_called_after_autocast_and_within():
    """Also where names are learned while functions are intercepted, as in a program that begins with autocast."""
    program = ("import flambeau\n"
               "def told():\n"
               "    try: flambeau.mm(flambeau.ones(2, 3), flambeau.ones(2, 3))\n"
               "    except flambeau.errors.ShapeError as error: return str(error).partition(':')[0]\n"
               "with flambeau.autocast('cpu'): inside = told()\n"
               "print(inside, told())\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mm", "mm"]
