"""An error names the module it came through by its path from the outermost one called."""

import pytest

import flambeau
from flambeau import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear1 = nn.Linear(width, 4)

    def forward(self, x):
        return self.linear1(x)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Block(4), Block(4), Block(5)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Body(nn.Module):
    def forward(self, x):
        return flambeau.matmul(x, flambeau.ones(9, 9))


class Named(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, x):
        return self.encoder(x)


@pytest.mark.parametrize("make, path", [
    (lambda: Named(Encoder()), "encoder.layers.2.linear1"), (Encoder, "layers.2.linear1"),
    (lambda: nn.Sequential(nn.ReLU(), nn.Linear(5, 2)), "1"), (lambda: Named(Body()), "encoder"),
    (lambda: Named(nn.Sequential(nn.Sequential(nn.Linear(5, 2)))), "encoder.0.0"),
])
@pytest.mark.parametrize("hooked", [False, True])
def test_path(make, path, hooked):
    model = make()
    if hooked:
        for part in model.modules():
            part.register_forward_hook(lambda *_: None)
    with pytest.raises(flambeau.errors.ShapeError) as caught:
        model(flambeau.ones(2, 4))
    assert str(caught.value).startswith(f"{path}: {caught.value.op}: ")
    assert caught.value.code == "FL101"


def test_a_module_called_alone_adds_nothing():
    with pytest.raises(flambeau.errors.ShapeError) as caught:
        nn.Linear(5, 2)(flambeau.ones(2, 4))
    assert str(caught.value).startswith("linear: ")


def test_the_path_survives_a_process_boundary():
    import pickle

    net = flambeau.nn.Sequential(flambeau.nn.Identity(), flambeau.nn.Linear(5, 2))
    with pytest.raises(flambeau.errors.ShapeError) as info:
        net(flambeau.zeros(2, 3))
    assert str(pickle.loads(pickle.dumps(info.value))) == str(info.value)
    assert str(info.value).startswith("1: linear")
