"""Recurrences without PyTorch: steps by hand, packing against a loop over single sequences, training."""

import math

import pytest

import flambeau
from flambeau.nn.utils.rnn import pack_sequence, pad_packed_sequence, unpack_sequence


def ones(module):
    with flambeau.no_grad():
        for p in module.parameters():
            p.fill_(1.0)
    return module


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_one_step_of_each_by_hand():
    x = flambeau.full((1, 1), 0.5)
    gate = 0.5 + 1 + 1  # W x + both biases, from a state of zero
    assert ones(flambeau.nn.RNNCell(1, 1))(x).item() == pytest.approx(math.tanh(gate))
    h, c = ones(flambeau.nn.LSTMCell(1, 1))(x)
    cell = sigmoid(gate) * math.tanh(gate)
    assert c.item() == pytest.approx(cell)
    assert h.item() == pytest.approx(sigmoid(gate) * math.tanh(cell))
    reset = sigmoid(gate)
    candidate = math.tanh(1.5 + reset * 1)
    assert ones(flambeau.nn.GRUCell(1, 1))(x).item() == pytest.approx((1 - sigmoid(gate)) * candidate)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_packed_sequences_are_each_as_if_alone(kind, bidirectional):
    net = getattr(flambeau.nn, kind)(2, 3, 2, bidirectional=bidirectional)
    sequences = [flambeau.randn(n, 2) for n in (3, 5, 1, 5)]
    packed, state = net(pack_sequence(sequences, enforce_sorted=False))
    last = state[0] if kind == "LSTM" else state
    for i, (sequence, output) in enumerate(zip(sequences, unpack_sequence(packed), strict=True)):
        alone, own = net(sequence)
        own = own[0] if kind == "LSTM" else own
        assert flambeau.allclose(output, alone, atol=1e-6)
        assert flambeau.allclose(last[:, i], own, atol=1e-6)


def test_padding_is_not_computed_and_its_value_is_free():
    padded, lengths = pad_packed_sequence(pack_sequence([flambeau.ones(2, 1), flambeau.ones(1, 1)]), padding_value=9.0)
    assert padded[:, :, 0].tolist() == [[1, 1], [1, 9]]
    assert lengths.tolist() == [2, 1]


def test_an_lstm_learns_to_remember_the_first_number():
    flambeau.manual_seed(0)
    net, head = flambeau.nn.LSTM(1, 8, batch_first=True), flambeau.nn.Linear(8, 1)
    optimizer = flambeau.optim.Adam([*net.parameters(), *head.parameters()], lr=0.02)
    for _ in range(150):
        x = flambeau.randn(32, 6, 1)
        loss = ((head(net(x)[0][:, -1]) - x[:, 0]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.3
