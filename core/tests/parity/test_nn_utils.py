"""torch.nn.utils beside PyTorch's: norms of weights, parametrizations, pruning, fusion, stateless calls."""

import copy
from typing import Any

import pytest
import torch.nn.utils.prune  # noqa: F401  PyTorch does not load it by itself
from programs import agree, refuse, state, trained

LAYERS = {
    "linear": lambda t: (t.nn.Linear(3, 4), t.ones(2, 3)),
    "conv": lambda t: (t.nn.Conv2d(2, 3, 2), t.ones(1, 2, 3, 3)),
    "transposed": lambda t: (t.nn.ConvTranspose2d(2, 3, 2), t.ones(1, 2, 2, 2)),
}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("dim", [0, 1, -1, None])
def test_weight_norm_by_a_hook(layer: str, dim: Any) -> None:
    def program(t: Any) -> Any:
        module, x = LAYERS[layer](t)
        t.nn.utils.weight_norm(module, dim=dim)
        found = [*trained(t, module, x), *state(module)]
        return [*found, *state(t.nn.utils.remove_weight_norm(module))]

    agree(program)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm_by_a_parametrization(layer: str, dim: Any) -> None:
    def program(t: Any) -> Any:
        module, x = LAYERS[layer](t)
        t.nn.utils.parametrizations.weight_norm(module, dim=dim)
        found = [*trained(t, module, x), *state(module), copy.deepcopy(module).weight]
        return [*found, *state(t.nn.utils.parametrize.remove_parametrizations(module, "weight"))]

    agree(program)


def test_a_state_dict_of_the_old_weight_norm_is_taken_by_the_new() -> None:
    def program(t: Any) -> Any:
        old = t.nn.utils.weight_norm(t.nn.Linear(3, 2))
        new = t.nn.utils.parametrizations.weight_norm(t.nn.Linear(3, 2))
        return [str(new.load_state_dict(old.state_dict())), new.weight, old(t.ones(3))]

    agree(program)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("steps", [1, 3])
def test_spectral_norm_by_a_hook(layer: str, steps: int) -> None:
    def program(t: Any) -> Any:
        module, x = LAYERS[layer](t)
        t.nn.utils.spectral_norm(module, n_power_iterations=steps)
        found = [*trained(t, module, x), *state(module), module.eval()(x), str(module.state_dict()._metadata)]
        return [*found, *state(t.nn.utils.remove_spectral_norm(module))]

    agree(program)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("steps", [1, 3])
def test_spectral_norm_by_a_parametrization(layer: str, steps: int) -> None:
    def program(t: Any) -> Any:
        module, x = LAYERS[layer](t)
        t.nn.utils.parametrizations.spectral_norm(module, n_power_iterations=steps)
        return [*trained(t, module, x), *state(module), module.eval()(x)]

    agree(program)


@pytest.mark.parametrize("orthogonal_map", [None, "matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
@pytest.mark.parametrize("use_trivialization", [True, False])
def test_orthogonal(orthogonal_map: Any, shape: tuple[int, int], use_trivialization: bool) -> None:
    def program(t: Any) -> Any:
        module = t.nn.Linear(*shape).double()
        t.nn.utils.parametrizations.orthogonal(module, orthogonal_map=orthogonal_map,
                                               use_trivialization=use_trivialization)
        return [*trained(t, module, t.ones(2, shape[0], dtype=t.float64)), module.weight, *state(module)]

    agree(program)


def symmetric(t: Any) -> Any:
    class Symmetric(t.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x.triu() + x.triu(1).T

        def right_inverse(self, x: Any) -> Any:
            return x.triu()

    return Symmetric()


def halved(t: Any) -> Any:
    class Halved(t.nn.Module):  # type: ignore[misc]
        def forward(self, a: Any, b: Any) -> Any:
            return a + b

        def right_inverse(self, x: Any) -> Any:
            return x / 2, x / 2

    return Halved()


def negated(t: Any) -> Any:
    class Negated(t.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return -x

    return Negated()


def test_parametrizations_of_ones_own() -> None:
    def program(t: Any) -> Any:
        tools, module = t.nn.utils.parametrize, t.nn.Linear(3, 3)
        tools.register_parametrization(module, "weight", symmetric(t))
        found = trained(t, module, t.ones(2, 3))
        square = t.rand(3, 3)
        module.weight = square + square.T
        tools.register_parametrization(module, "weight", negated(t))
        tools.register_parametrization(module, "bias", halved(t))
        found += [module.weight, *trained(t, module, t.ones(2, 3)), *state(module)]
        found += [tools.is_parametrized(module), tools.is_parametrized(module, "other"),
                  tools.type_before_parametrizations(module).__name__, module.weight is module.weight]
        with tools.cached():
            found.append(module.weight is module.weight)
        other = tools.transfer_parametrizations_and_params(module, t.nn.Linear(3, 3))
        found += [other.weight, other.bias, repr(other)]
        tools.remove_parametrizations(module, "weight", leave_parametrized=False)
        tools.remove_parametrizations(module, "bias")
        return [*found, *state(module), type(module).__name__]

    agree(program)


def first_row(t: Any) -> Any:
    class FirstRow(t.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x[:1]

    return FirstRow()


REFUSED = {
    "a parametrization of another shape": lambda t: t.nn.utils.parametrize.register_parametrization(
        t.nn.Linear(2, 2), "weight", first_row(t)),
    "a parametrization of nothing": lambda t: t.nn.utils.parametrize.register_parametrization(
        t.nn.Linear(2, 2), "other", t.nn.Identity()),
    "removing what is not there": lambda t: t.nn.utils.parametrize.remove_parametrizations(t.nn.Linear(2, 2), "weight"),
    "an original of several": lambda t: t.nn.utils.parametrize.remove_parametrizations(
        t.nn.utils.parametrizations.weight_norm(t.nn.Linear(2, 2)), "weight", leave_parametrized=False),
    "assigning without an inverse": lambda t: setattr(t.nn.utils.parametrize.register_parametrization(
        t.nn.Linear(2, 2), "weight", negated(t)), "weight", t.ones(2, 2)),
    "weight norm twice": lambda t: t.nn.utils.weight_norm(t.nn.utils.weight_norm(t.nn.Linear(2, 2))),
    "no weight norm to remove": lambda t: t.nn.utils.remove_weight_norm(t.nn.Linear(2, 2)),
    "spectral norm twice": lambda t: t.nn.utils.spectral_norm(t.nn.utils.spectral_norm(t.nn.Linear(2, 2))),
    "no spectral norm to remove": lambda t: t.nn.utils.remove_spectral_norm(t.nn.Linear(2, 2)),
    "no iterations": lambda t: t.nn.utils.parametrizations.spectral_norm(t.nn.Linear(2, 2), n_power_iterations=0),
    "an unknown map": lambda t: t.nn.utils.parametrizations.orthogonal(t.nn.Linear(2, 2), orthogonal_map="other"),
    "an orthogonal vector": lambda t: t.nn.utils.parametrizations.orthogonal(t.nn.Linear(2, 2), "bias"),
    "a share above one": lambda t: t.nn.utils.prune.l1_unstructured(t.nn.Linear(3, 4), "weight", 1.5),
    "more than there is": lambda t: t.nn.utils.prune.l1_unstructured(t.nn.Linear(3, 4), "weight", 100),
    "an amount that is text": lambda t: t.nn.utils.prune.l1_unstructured(t.nn.Linear(3, 4), "weight", "all"),
    "channels of a vector": lambda t: t.nn.utils.prune.ln_structured(t.nn.Linear(3, 4), "bias", 1, 2, 0),
    "a dim that is not there": lambda t: t.nn.utils.prune.ln_structured(t.nn.Linear(3, 4), "weight", 1, 2, 5),
    "nothing pruned to remove": lambda t: t.nn.utils.prune.remove(t.nn.Linear(3, 4), "weight"),
    "scores of another shape": lambda t: t.nn.utils.prune.l1_unstructured(t.nn.Linear(3, 4), "weight", 2, t.ones(2)),
    "a mask of another shape": lambda t: t.nn.utils.prune.custom_from_mask(t.nn.Linear(3, 4), "weight", t.ones(2)),
    "global and structured": lambda t: t.nn.utils.prune.global_unstructured(
        [(t.nn.Linear(3, 4), "weight")], t.nn.utils.prune.LnStructured, amount=1, n=2),
    "fusion in training": lambda t: t.nn.utils.fuse_linear_bn_eval(t.nn.Linear(2, 2), t.nn.BatchNorm1d(2)),
    "a module without a device": lambda t: t.nn.utils.skip_init(t.nn.ReLU),
    "strict without all names": lambda t: t.nn.utils.stateless.functional_call(
        t.nn.Linear(2, 2), {"weight": t.ones(2, 2)}, t.ones(2), strict=True),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str) -> None:
    refuse(REFUSED[case])


PRUNED = {
    "random elements": lambda t, m: t.nn.utils.prune.random_unstructured(m, "weight", 0.3),
    "small elements": lambda t, m: t.nn.utils.prune.l1_unstructured(m, "weight", 3),
    "unimportant elements": lambda t, m: t.nn.utils.prune.l1_unstructured(m, "weight", 2, t.arange(12.0).view(4, 3)),
    "random channels": lambda t, m: t.nn.utils.prune.random_structured(m, "weight", 1, 0),
    "small channels": lambda t, m: t.nn.utils.prune.ln_structured(m, "weight", 0.5, 2, 1),
    "nothing": lambda t, m: t.nn.utils.prune.identity(m, "bias"),
    "a mask": lambda t, m: t.nn.utils.prune.custom_from_mask(m, "weight", t.eye(4, 3)),
}


@pytest.mark.parametrize("case", PRUNED)
def test_pruning(case: str) -> None:
    def program(t: Any) -> Any:
        module = PRUNED[case](t, t.nn.Linear(3, 4))
        return [*trained(t, module, t.ones(2, 3)), *state(module)]

    agree(program)


def test_pruning_what_pruning_left() -> None:
    def program(t: Any) -> Any:
        prune, module = t.nn.utils.prune, t.nn.Linear(3, 4)
        prune.random_unstructured(module, "weight", 0.3)
        prune.l1_unstructured(module, "weight", 2)
        prune.ln_structured(module, "weight", 1, 1, 0)
        methods = next(iter(module._forward_pre_hooks.values()))
        found = [module.weight, prune.is_pruned(module), " ".join(type(method).__name__ for method in methods)]
        prune.remove(module, "weight")
        one, two = t.nn.Linear(3, 4), t.nn.Linear(4, 2)
        prune.global_unstructured([(one, "weight"), (two, "weight")], prune.L1Unstructured, amount=0.4)
        return [*found, *state(module), prune.is_pruned(module), one.weight, two.weight]

    agree(program)


FUSED = {
    "convolution": lambda t: (t.nn.Conv2d(2, 3, 2), t.nn.BatchNorm2d(3), t.rand(2, 2, 5, 5)),
    "without bias": lambda t: (t.nn.Conv2d(2, 3, 2, bias=False), t.nn.BatchNorm2d(3, affine=False), t.rand(2, 2, 5, 5)),
    "linear": lambda t: (t.nn.Linear(3, 4), t.nn.BatchNorm1d(4), t.rand(5, 3)),
}


@pytest.mark.parametrize("case", FUSED)
def test_fusion(case: str) -> None:
    def program(t: Any) -> Any:
        layer, norm, x = FUSED[case](t)
        norm(layer(x))
        fuse = t.nn.utils.fuse_linear_bn_eval if case == "linear" else t.nn.utils.fuse_conv_bn_eval
        made = fuse(layer.eval(), norm.eval())
        return [made(x), *state(made), str([p.requires_grad for p in made.parameters()])]

    agree(program)


def test_a_fused_layer_does_what_both_did() -> None:
    import flambeau
    from flambeau import nn

    layer, norm, x = nn.Conv2d(2, 3, 2), nn.BatchNorm2d(3), flambeau.rand(2, 2, 5, 5)
    norm(layer(x))
    wanted = norm.eval()(layer.eval()(x))
    assert flambeau.allclose(nn.utils.fuse_conv_bn_eval(layer, norm)(x), wanted, atol=1e-5)


def test_skipping_initialisation_draws_nothing() -> None:
    agree(lambda t: [t.nn.utils.skip_init(t.nn.Linear, 3, 4).weight.shape[0], t.rand(2)])


def test_stateless_calls() -> None:
    def program(t: Any) -> Any:
        call, module = t.nn.utils.stateless.functional_call, t.nn.Sequential(t.nn.Linear(2, 2), t.nn.BatchNorm1d(2))
        given = {"0.weight": t.eye(2) * 2, "1.running_mean": t.ones(2)}
        x = t.tensor([[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]])
        return [call(module, given, x), given["1.running_mean"], call(module, given, (x,), {}), *state(module)]

    agree(program)
