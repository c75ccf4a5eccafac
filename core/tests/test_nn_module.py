"""nn.Module: what it registers, how it is walked, saved, loaded, converted, called and printed."""

import copy
import pickle
from collections import OrderedDict

import pytest

import flambeau
from flambeau import nn
from flambeau.errors import ArgumentError, HookError, KeyNameError, NameUnknownError, StateDictError, ValueRangeError


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.norm = nn.BatchNorm1d(3)
        self.scale = nn.Parameter(flambeau.ones(1))
        self.register_buffer("offset", flambeau.zeros(1), persistent=False)
        self.steps = 0

    def forward(self, x):
        return self.norm(self.first(x)) * self.scale + self.offset


def names(pairs):
    return [name for name, _ in pairs]


# -- registration --------------------------------------------------------------------------------


def test_assigned_parts_are_registered_by_kind():
    net = Net()
    assert names(net.named_children()) == ["first", "norm"]
    assert names(net.named_modules()) == ["", "first", "norm"]
    assert names(net.named_parameters()) == ["scale", "first.weight", "first.bias", "norm.weight", "norm.bias"]
    assert names(net.named_buffers()) == ["offset", "norm.running_mean", "norm.running_var",
                                          "norm.num_batches_tracked"]
    assert net.steps == 0 and "steps" in vars(net) and "first" not in vars(net)


def test_parts_seen_twice_are_yielded_once_unless_asked():
    layer = nn.Linear(1, 1)
    net = nn.Sequential(layer, layer)
    assert names(net.named_parameters()) == ["0.weight", "0.bias"]
    assert names(net.named_parameters(remove_duplicate=False)) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert names(net.named_modules(remove_duplicate=False)) == ["", "0", "1"]
    assert names(net.named_children()) == ["0"]


def test_an_attribute_changes_its_kind_when_another_is_assigned():
    net = nn.Module()
    net.part = 3
    net.part = nn.Parameter(flambeau.ones(1))
    assert "part" not in vars(net) and names(net.named_parameters()) == ["part"]
    net.part = None
    assert net.part is None and names(net.named_parameters()) == []
    del net.part
    assert not hasattr(net, "part")
    net.part = nn.ReLU()
    net.part = nn.Parameter(flambeau.ones(1))
    assert names(net.named_children()) == []


def test_a_buffer_takes_tensors_and_keeps_its_persistence():
    net = Net()
    net.offset = flambeau.ones(1)
    assert "offset" not in net.state_dict() and dict(net.named_buffers())["offset"].item() == 1
    net.marked = nn.Buffer(flambeau.ones(2))
    assert "marked" in net.state_dict()
    net.marked = nn.Buffer(flambeau.ones(2), persistent=False)
    assert "marked" not in net.state_dict()


def test_dir_lists_parts():
    assert {"first", "scale", "offset", "forward"} <= set(dir(Net()))


@pytest.mark.parametrize(("action", "error", "text"), [
    (lambda net: net.nothing, NameUnknownError, "'Net' object has no attribute 'nothing'"),
    (lambda net: setattr(net, "scale", flambeau.ones(1)), ArgumentError,
     r"cannot assign '.*FloatTensor' as parameter 'scale' \(flambeau.nn.Parameter or None expected\)"),
    (lambda net: setattr(net, "first", 3), ArgumentError, "cannot assign 'int' as child module 'first'"),
    (lambda net: setattr(net, "offset", 3), ArgumentError, "cannot assign 'int' as buffer 'offset'"),
    (lambda net: net.register_parameter("a.x", None), KeyNameError, 'parameter name can\'t contain ".", got: a.x'),
    (lambda net: net.register_buffer("", None), KeyNameError, 'buffer name can\'t be empty string ""'),
    (lambda net: net.register_buffer("first", None), KeyNameError, "attribute 'first' already exists"),
    (lambda net: net.register_buffer(3, None), ArgumentError, "buffer name should be a string. Got int"),
    (lambda net: net.register_buffer("b", 3), ArgumentError, "cannot assign 'int' object to buffer 'b'"),
    (lambda net: net.register_parameter("p", 3), ArgumentError, "cannot assign 'int' object to parameter 'p'"),
    (lambda net: net.register_parameter("p", net.scale * 2), (ArgumentError, ValueRangeError), "cannot assign"),
    (lambda net: net.add_module("m", 3), ArgumentError, "int is not a Module subclass"),
    (lambda net: net.get_submodule("first.x"), NameUnknownError, "Linear has no attribute `x`"),
    (lambda net: net.get_submodule("first.weight"), NameUnknownError, "`weight` is not an nn.Module"),
    (lambda net: net.get_parameter("offset"), NameUnknownError, "`offset` is not an nn.Parameter"),
    (lambda net: net.get_buffer("scale"), NameUnknownError, "`scale` is not a buffer"),
    (lambda net: net.train("yes"), ValueRangeError, "training mode is expected to be boolean"),
    (lambda net: net.to(flambeau.int64), ArgumentError, "only accepts floating point or complex dtypes"),
    (lambda net: net.to(colour="red"), ArgumentError, "unexpected keyword argument 'colour'"),
    (lambda net: nn.Module()(1), NotImplementedError, r'Module \[Module\] is missing the required "forward" function'),
    (lambda net: nn.Module(3), ArgumentError, "takes 1 positional argument but 2 were given"),
    (lambda net: nn.Module(size=3), ArgumentError, "unexpected keyword argument 'size'"),
])
def test_misuse_raises(action, error, text):
    with pytest.raises(error, match=text):
        action(Net())


@pytest.mark.parametrize(("value", "text"), [
    (lambda: nn.Parameter(flambeau.ones(1)), "cannot assign parameters before Module.__init__"),
    (lambda: nn.ReLU(), "cannot assign module before Module.__init__"),
    (lambda: nn.Buffer(flambeau.ones(1)), "cannot assign buffer before Module.__init__"),
])
def test_parts_cannot_be_assigned_before_init(value, text):
    class Early(nn.Module):
        def __init__(self):
            self.part = value()

    with pytest.raises(AttributeError, match=text):
        Early()


def test_look_up_by_path():
    net = nn.Sequential(Net())
    assert net.get_submodule("0.first") is net[0].first
    assert net.get_parameter("0.scale") is net[0].scale
    assert net.get_buffer("0.norm.running_mean") is net[0].norm.running_mean
    net.set_submodule("0.first", nn.Linear(2, 3, bias=False))
    assert net[0].first.bias is None


# -- state ---------------------------------------------------------------------------------------


def test_a_state_dict_holds_detached_tensors_that_share_memory():
    net = Net()
    state = net.state_dict()
    assert list(state) == ["scale", "first.weight", "first.bias", "norm.weight", "norm.bias", "norm.running_mean",
                           "norm.running_var", "norm.num_batches_tracked"]
    assert not state["scale"].requires_grad
    assert net.state_dict(keep_vars=True)["scale"] is net.scale
    state["scale"].fill_(7)
    assert net.scale.item() == 7
    assert state._metadata == {"": {"version": 1}, "first": {"version": 1}, "norm": {"version": 2}}
    assert list(net.first.state_dict(prefix="p.")) == ["p.weight", "p.bias"]


def test_loading_copies_in_place():
    net, other = Net(), Net()
    scale = net.scale
    assert str(net.load_state_dict(other.state_dict())) == "<All keys matched successfully>"
    assert net.scale is scale
    assert net.first.weight.tolist() == other.first.weight.tolist()


def test_loading_by_assignment_replaces():
    net = nn.Linear(2, 1)
    state = {"weight": flambeau.ones(1, 2, dtype=flambeau.float64), "bias": flambeau.zeros(1)}
    net.load_state_dict(state, assign=True)
    assert net.weight.dtype is flambeau.float64
    assert isinstance(net.weight, nn.Parameter) and net.weight.requires_grad


def test_loading_names_everything_that_does_not_fit():
    net = nn.Sequential(nn.Linear(2, 1))
    with pytest.raises(StateDictError) as info:
        net.load_state_dict({"0.weight": flambeau.ones(3, 2), "extra": flambeau.ones(1), "1.deep": flambeau.ones(1)})
    assert str(info.value).split("\n\t") == [
        "Error(s) in loading state_dict for Sequential:", 'Missing key(s) in state_dict: "0.bias". ',
        'Unexpected key(s) in state_dict: "extra", "1.deep". ',
        f"size mismatch for 0.weight: copying a param with shape {flambeau.Size([3, 2])} from checkpoint, the shape in "
        f"current model is {flambeau.Size([1, 2])}. (FL601)"]
    assert isinstance(info.value, RuntimeError)


def test_loose_loading_reports_keys():
    state = {"bias": flambeau.ones(1), "x": flambeau.ones(1)}
    missing, unexpected = nn.Linear(2, 1).load_state_dict(state, strict=False)
    assert (missing, unexpected) == (["weight"], ["x"])


def test_loading_no_mapping_or_no_tensor():
    with pytest.raises(ArgumentError, match="Expected state_dict to be dict-like"):
        nn.Linear(1, 1).load_state_dict([1])
    with pytest.raises(StateDictError, match=r'copying the parameter named "bias", expected flambeau.Tensor'):
        nn.Linear(1, 1).load_state_dict({"weight": flambeau.ones(1, 1), "bias": 3})


def test_extra_state_travels():
    class Counted(nn.Module):
        count = 0

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]

    net = Counted()
    net.count = 5
    state = net.state_dict()
    assert state["_extra_state"] == {"count": 5}
    other = Counted()
    other.load_state_dict(state)
    assert other.count == 5
    with pytest.raises(StateDictError, match=r'Missing key.*"_extra_state"'):
        other.load_state_dict({})
    with pytest.raises(StateDictError, match=r'Unexpected key.*"_extra_state"'):
        nn.ReLU().load_state_dict(state)


def test_hooks_of_saving_and_loading():
    calls, net = [], nn.Linear(1, 1)
    net.register_state_dict_pre_hook(lambda m, prefix, keep: calls.append(("save", prefix, keep)))
    net.register_state_dict_post_hook(lambda m, state, prefix, meta: calls.append(("saved", sorted(state))))
    net.register_load_state_dict_pre_hook(lambda m, state, *rest: state.pop("old", None))
    handle = net.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
    state = net.state_dict()
    net.load_state_dict({"weight": state["weight"], "old": 3})
    handle.remove()
    with pytest.raises(StateDictError, match=r'Missing key.*"bias"'):
        net.load_state_dict({"weight": state["weight"]})
    assert calls == [("save", "", False), ("saved", ["bias", "weight"])]


def test_a_post_hook_of_saving_returns_nothing():
    net = nn.Linear(1, 1)
    net.register_state_dict_post_hook(lambda *args: {})
    with pytest.raises(HookError, match="state_dict post-hook must return None"):
        net.state_dict()


def test_old_checkpoints_of_batch_norm_lack_the_count_of_batches():
    net = nn.BatchNorm1d(2)
    old = {k: v for k, v in net.state_dict().items() if k != "num_batches_tracked"}
    net.load_state_dict(old)
    assert net.num_batches_tracked.item() == 0


# -- modes and conversion ------------------------------------------------------------------------


def test_modes_reach_everything_below():
    net = nn.Sequential(Net(), nn.Dropout())
    assert all(m.training for m in net.modules())
    assert net.eval() is net and not any(m.training for m in net.modules())
    net[0].train()
    assert net[0].norm.training and not net.training


def test_requires_grad_and_zero_grad():
    net = nn.Linear(2, 1)
    net(flambeau.ones(1, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert net.weight.grad.tolist() == [[0, 0]]
    net.zero_grad()
    assert net.weight.grad is None
    assert net.requires_grad_(False) is net and not net.weight.requires_grad


def test_conversion_keeps_parameters_and_integers():
    net = Net()
    weight = net.first.weight
    net(flambeau.ones(4, 2)).sum().backward()
    assert net.double() is net
    assert net.first.weight is weight and weight.dtype is flambeau.float64 and weight.grad.dtype is flambeau.float64
    assert net.norm.running_mean.dtype is flambeau.float64
    assert net.norm.num_batches_tracked.dtype is flambeau.int64
    assert net.to(flambeau.float16).scale.dtype is flambeau.float16
    assert net.to(flambeau.ones(1)).scale.dtype is flambeau.float32
    assert net.to("cpu", flambeau.bfloat16).scale.dtype is flambeau.bfloat16
    assert net.float().cpu().scale.dtype is flambeau.float32


def test_apply_goes_from_the_leaves_up():
    seen = []
    net = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.ReLU()))
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "ReLU", "Sequential", "Sequential"]


def test_copies_and_pickles():
    net = Net()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert names(twin.named_parameters()) == names(net.named_parameters())
        with flambeau.no_grad():
            twin.scale.fill_(9)
        assert net.scale.item() == 1


# -- calling -------------------------------------------------------------------------------------


def test_forward_hooks_run_around_forward_and_may_replace():
    layer = nn.Identity()
    calls = []
    layer.register_forward_pre_hook(lambda m, args: calls.append("second"))
    layer.register_forward_pre_hook(lambda m, args: calls.append("first"), prepend=True)
    layer.register_forward_pre_hook(lambda m, args: args[0] + 1)
    layer.register_forward_pre_hook(lambda m, args, kwargs: (args, {}), with_kwargs=True)
    handle = layer.register_forward_hook(lambda m, args, out: out * 10)
    assert layer(flambeau.ones(1)).item() == 20
    assert calls == ["first", "second"]
    handle.remove()
    handle.remove()
    assert layer(flambeau.ones(1)).item() == 2
    with layer.register_forward_hook(lambda m, args, kwargs, out: out * 10, with_kwargs=True):
        assert layer(flambeau.ones(1)).item() == 20
    assert layer(flambeau.ones(1)).item() == 2


def test_a_pre_hook_with_keywords_returns_both():
    layer = nn.Identity()
    layer.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(HookError, match=r"must return None or a tuple of .new_args, new_kwargs."):
        layer(1)


def test_backward_hooks_see_and_replace_gradients():
    layer = nn.Linear(2, 1, bias=False)
    seen = []
    layer.register_full_backward_pre_hook(lambda m, grads: (grads[0] * 2,))
    layer.register_full_backward_hook(lambda m, inputs, outputs: seen.append((inputs[0].shape, outputs[0].item())))
    layer.register_full_backward_hook(lambda m, inputs, outputs: (inputs[0] * 0 + 5,))
    x = flambeau.ones(1, 2, requires_grad=True)
    layer(x).sum().backward()
    assert seen == [((1, 2), 2.0)]
    assert x.grad.tolist() == [[5, 5]]
    assert layer.weight.grad.tolist() == [[2, 2]]


def test_backward_hooks_without_inputs_on_the_graph():
    layer = nn.Linear(2, 1)
    seen = []
    layer.register_full_backward_hook(lambda m, inputs, outputs: seen.append((inputs, outputs[0].item())))
    with pytest.warns(UserWarning, match="Full backward hook is firing"):
        layer(flambeau.ones(1, 2)).sum().backward()
    assert seen == [((None,), 1.0)]
    with flambeau.no_grad():
        layer(flambeau.ones(1, 2))
    with pytest.raises(HookError, match="Cannot use both regular backward hooks and full backward hooks"):
        layer.register_backward_hook(print)


def test_always_called_hooks_run_where_forward_raises():
    layer, calls = nn.Linear(2, 1), []
    layer.register_forward_hook(lambda m, args, out: calls.append(out), always_call=True)
    with pytest.raises(RuntimeError):
        layer(flambeau.ones(3))
    assert calls == [None]


# -- printing ------------------------------------------------------------------------------------


def test_repr_shows_settings_and_children():
    assert repr(nn.Sequential(OrderedDict(a=nn.Linear(2, 3), b=nn.ModuleList([nn.ReLU(), nn.ReLU()])))) == """\
Sequential(
  (a): Linear(in_features=2, out_features=3, bias=True)
  (b): ModuleList(
    (0-1): 2 x ReLU()
  )
)"""
    assert repr(nn.Sequential()) == "Sequential()"
    assert repr(nn.Conv2d(1, 2, 3, padding=1, bias=False)) == (
        "Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)")


# -- containers ----------------------------------------------------------------------------------


def test_sequential_is_a_list_that_can_be_called():
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    assert len(net) == 2 and isinstance(net[-1], nn.ReLU) and isinstance(net[:1], nn.Sequential)
    net.append(nn.Tanh()).insert(0, nn.Sigmoid()).extend([nn.ReLU()])
    assert [type(m).__name__ for m in net] == ["Sigmoid", "Linear", "ReLU", "Tanh", "ReLU"]
    assert isinstance(net.pop(3), nn.Tanh) and list(net._modules) == ["0", "1", "2", "3"]
    del net[2:]
    assert [type(m).__name__ for m in net + net] == ["Sigmoid", "Linear"] * 2
    assert len(net * 3) == 6
    net *= 2
    net += nn.Sequential(nn.ReLU())
    net[0] = nn.Tanh()
    assert [type(m).__name__ for m in net] == ["Tanh", "Linear", "Sigmoid", "Linear", "ReLU"]
    assert nn.Sequential(nn.Flatten(), nn.ReLU())(-flambeau.ones(1, 2, 2)).tolist() == [[0, 0, 0, 0]]


def test_module_list_and_dict():
    some = nn.ModuleList([nn.ReLU()])
    some += [nn.Tanh()]
    some.insert(0, nn.Sigmoid())
    some.append(nn.Linear(1, 1))
    assert [type(m).__name__ for m in some] == ["Sigmoid", "ReLU", "Tanh", "Linear"]
    assert len(some[1:]) == 2 + 1 and len(some + some) == 8
    del some[0]
    assert names(some.named_parameters()) == ["2.weight", "2.bias"]
    with pytest.raises(IndexError, match="index 9 is out of range"):
        some[9]
    named = nn.ModuleDict({"a": nn.ReLU()})
    named.update([("b", nn.Linear(1, 1))])
    assert list(named) == ["a", "b"] and "a" in named and len(named) == 2
    assert isinstance(named.pop("a"), nn.ReLU) and list(named.keys()) == ["b"]
    named.clear()
    assert list(named.items()) == []


def test_parameter_list_and_dict():
    some = nn.ParameterList([flambeau.ones(2), "text"])
    some.append(nn.Parameter(flambeau.zeros(1)))
    assert names(some.named_parameters()) == ["0", "2"] and len(some) == 3 and some[1] == "text"
    assert [type(v).__name__ for v in some[1:]] == ["str", "Parameter"]
    named = nn.ParameterDict({"b": flambeau.ones(1), "a": flambeau.zeros(1)})
    assert list(named) == ["a", "b"]
    assert list(named | nn.ParameterDict({"c": flambeau.ones(1)})) == ["a", "b", "c"]
    assert named.setdefault("d", 4) == 4 and named.get("x") is None
    assert named.popitem() == ("d", 4)
    assert list(reversed(named)) == ["b", "a"]
    assert set(named.state_dict()) == {"a", "b"}
