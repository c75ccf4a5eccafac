"""Recurrent layers, cells and packed sequences give PyTorch's numbers, gradients, names, draws and errors."""

import itertools
import warnings

import pytest
import torch

import flambeau

KINDS = ("RNN", "LSTM", "GRU")
LAYOUTS = [{"num_layers": n, "bidirectional": b, "bias": s, "batch_first": f, "dropout": d}
           for n, b, s, f, d in itertools.product((1, 2), (False, True), (True, False), (False, True), (0.0, 0.3))]
CASES = [(kind, layout | ({"proj_size": 2} if projected else {}))
         for kind in KINDS for layout in LAYOUTS for projected in ((False, True) if kind == "LSTM" else (False,))]
FORMS = ("batched", "unbatched", "packed", "state")


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dropout on one layer
        yield


def close(mine, other):
    got = torch.tensor(mine.detach().tolist(), dtype=torch.float32).reshape(other.shape)
    assert tuple(mine.shape) == tuple(other.shape)
    assert torch.allclose(got, other.detach().float(), rtol=1e-4, atol=1e-5)


def drawn(library, *shape, seed=0):
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return values if library is torch else flambeau.tensor(values.tolist())


def pair(kind, layout):
    made = []
    for library in (flambeau, torch):
        library.manual_seed(3)
        made.append(getattr(library.nn, kind)(3, 4, **layout))
    return made


def run(library, net, kind, layout, form):
    """Outputs, states and all gradients."""
    batch_first, rows = layout["batch_first"], layout["num_layers"] * (2 if layout["bidirectional"] else 1)
    shape = (5, 3) if form == "unbatched" else (2, 5, 3) if batch_first else (5, 2, 3)
    x = drawn(library, *shape).requires_grad_()
    library.manual_seed(11)
    given, state = x, ()
    if form == "state":
        h, c = drawn(library, rows, 2, layout.get("proj_size") or 4, seed=1), drawn(library, rows, 2, 4, seed=2)
        state = ((h, c) if kind == "LSTM" else h,)
    if form == "packed":
        given = library.nn.utils.rnn.pack_padded_sequence(x, [3, 5], batch_first=batch_first, enforce_sorted=False)
    output, final = net(given, *state)
    if form == "packed":
        output, lengths = library.nn.utils.rnn.pad_packed_sequence(output, batch_first=batch_first)
        assert lengths.tolist() == [3, 5]
    finals = final if kind == "LSTM" else (final,)
    sum((t * t).sum() for t in (output, *finals)).backward()
    return [output, *finals, x.grad, *[p.grad for p in net.parameters()]]


@pytest.mark.parametrize(("kind", "layout"), CASES, ids=str)
def test_names_draws_outputs_states_and_gradients(kind, layout):
    mine, other = pair(kind, layout)
    assert repr(mine) == repr(other)
    assert list(mine.state_dict()) == list(other.state_dict())
    for a, b in zip(mine.parameters(), other.parameters(), strict=True):
        assert a.tolist() == b.tolist()
    for form in FORMS:
        mine.zero_grad()
        other.zero_grad()
        results = run(flambeau, mine, kind, layout, form), run(torch, other, kind, layout, form)
        for a, b in zip(*results, strict=True):
            close(a, b)


@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_does_not_drop(kind):
    nets = pair(kind, {"num_layers": 3, "dropout": 0.5})
    outputs = [net.eval()(drawn(library, 4, 2, 3))[0] for net, library in zip(nets, (flambeau, torch), strict=True)]
    close(*outputs)


@pytest.mark.parametrize("form", ["alone", "state", "unbatched", "unbatched state"])
@pytest.mark.parametrize(("kind", "options"), [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu", "bias": False}),
                                               ("LSTMCell", {}), ("GRUCell", {}), ("GRUCell", {"bias": False})])
def test_cells(kind, options, form):
    results = []
    for library in (flambeau, torch):
        library.manual_seed(2)
        cell = getattr(library.nn, kind)(3, 4, **options)
        x = drawn(library, *((3,) if "unbatched" in form else (2, 3))).requires_grad_()
        h = drawn(library, *((4,) if "unbatched" in form else (2, 4)), seed=1)
        state = () if "state" not in form else ((h, h * 2),) if kind == "LSTMCell" else (h,)
        made = cell(x, *state)
        made = made if isinstance(made, tuple) else (made,)
        sum((t * t).sum() for t in made).backward()
        results.append([*made, x.grad, *[p.grad for p in cell.parameters()]])
        results[-1].append(repr(cell))
    assert results[0].pop() == results[1].pop()
    for a, b in zip(*results, strict=True):
        close(a, b)


SEQUENCES = {
    "pad": lambda lib, r, s: [r.pad_sequence(s)], "pad batch": lambda lib, r, s: [r.pad_sequence(s, batch_first=True)],
    "pad left": lambda lib, r, s: [r.pad_sequence(s, True, 7.0, "left")],
    "pack": lambda lib, r, s: list(r.pack_sequence(s, enforce_sorted=False)),
    "sorted": lambda lib, r, s: [t for t in r.pack_sequence(sorted(s, key=len, reverse=True)) if t is not None],
    "there and back": lambda lib, r, s: r.unpack_sequence(r.pack_sequence(s, enforce_sorted=False)),
    "total": lambda lib, r, s: list(r.pad_packed_sequence(r.pack_sequence(s, enforce_sorted=False), True, -1.0, 6)),
    "unpad": lambda lib, r, s: r.unpad_sequence(r.pad_sequence(s), lib.tensor([len(x) for x in s])),
    "invert": lambda lib, r, s: [r.invert_permutation(lib.tensor([2, 0, 1]))],
    "double": lambda lib, r, s: [r.pack_sequence(s, False).double().data],
}


@pytest.mark.parametrize("case", SEQUENCES)
def test_sequences(case):
    results = []
    for library in (flambeau, torch):
        sequences = [drawn(library, n, 2, seed=n) for n in (2, 4, 3)]
        results.append(SEQUENCES[case](library, library.nn.utils.rnn, sequences))
    assert len(results[0]) == len(results[1])
    for a, b in zip(*results, strict=True):
        close(a, b)
        assert str(a.dtype).rpartition(".")[2] == str(b.dtype).rpartition(".")[2]


ERRORS = {
    "no layers": lambda lib: lib.nn.LSTM(3, 4, 0), "no size": lambda lib: lib.nn.GRU(3, 0),
    "dropout": lambda lib: lib.nn.RNN(3, 4, dropout=1.5), "kind": lambda lib: lib.nn.RNN(3, 4, nonlinearity="gelu"),
    "projection": lambda lib: lib.nn.LSTM(3, 4, proj_size=4), "gru": lambda lib: lib.nn.GRU(3, 4, proj_size=2),
    "bias": lambda lib: lib.nn.LSTM(3, 4, bias=1), "rank": lambda lib: lib.nn.LSTM(3, 4)(lib.zeros(2)),
    "features": lambda lib: lib.nn.LSTM(3, 4)(lib.zeros(2, 2, 5)),
    "hidden": lambda lib: lib.nn.GRU(3, 4)(lib.zeros(2, 2, 3), lib.zeros(1, 2, 5)),
    "cell": lambda lib: lib.nn.LSTM(3, 4)(lib.zeros(2, 2, 3), (lib.zeros(1, 2, 4), lib.zeros(1, 3, 4))),
    "state rank": lambda lib: lib.nn.GRU(3, 4)(lib.zeros(2, 2, 3), lib.zeros(2, 4)),
    "dtype": lambda lib: lib.nn.LSTM(3, 4)(lib.zeros(2, 2, 3, dtype=lib.float64)),
    "nothing": lambda lib: lib.nn.LSTM(3, 4)(lib.zeros(0, 2, 3)),
    "cell rank": lambda lib: lib.nn.LSTMCell(3, 4)(lib.zeros(2, 2, 3)),
    "cell features": lambda lib: lib.nn.GRUCell(3, 4)(lib.zeros(2, 5)),
    "cell state": lambda lib: lib.nn.GRUCell(3, 4)(lib.zeros(2, 3), lib.zeros(2, 5)),
    "cell batch": lambda lib: lib.nn.RNNCell(3, 4)(lib.zeros(2, 3), lib.zeros(3, 4)),
    "unsorted": lambda lib: lib.nn.utils.rnn.pack_padded_sequence(lib.zeros(4, 2, 3), lib.tensor([2, 4])),
    "empty": lambda lib: lib.nn.utils.rnn.pack_padded_sequence(lib.zeros(4, 2, 3), lib.tensor([2, 0])),
    "lengths": lambda lib: lib.nn.utils.rnn.pack_padded_sequence(lib.zeros(4, 2, 3), lib.tensor([2])),
    "total": lambda lib: lib.nn.utils.rnn.pad_packed_sequence(
        lib.nn.utils.rnn.pack_sequence([lib.zeros(3)]), total_length=2),
    "side": lambda lib: lib.nn.utils.rnn.pad_sequence([lib.zeros(2)], padding_side="up"),
    "no sequences": lambda lib: lib.nn.utils.rnn.pad_sequence([]),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_are_of_pytorchs_class(case):
    with pytest.raises(Exception) as theirs:
        ERRORS[case](torch)
    with pytest.raises(Exception) as ours:
        ERRORS[case](flambeau)
    kind = next(k for k in type(theirs.value).__mro__ if k.__module__ == "builtins")
    assert isinstance(ours.value, kind)
    assert hasattr(ours.value, "code")


def test_states_of_files_go_both_ways(tmp_path):
    mine, other = pair("LSTM", {"num_layers": 2, "bidirectional": True})
    flambeau.save(mine.state_dict(), tmp_path / "mine.pt")
    other.load_state_dict(torch.load(tmp_path / "mine.pt"))
    torch.save(other.state_dict(), tmp_path / "other.pt")
    mine.load_state_dict(flambeau.load(tmp_path / "other.pt"))
