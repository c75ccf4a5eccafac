"""A whole program, data to trained network, prints PyTorch's numbers from the same seed."""

import pytest
import torch

import flambeau


def losses(library, optimizer, options, schedule):
    nn, data = library.nn, (library if library is torch else flambeau).utils.data
    library.manual_seed(3)
    x, y = library.rand(60, 1, 8, 8), library.randint(0, 4, (60,))
    train, rest = data.random_split(data.TensorDataset(x, y), [48, 12])
    # no bias before the batch norm: its true gradient is 0, and Adam makes full steps of the rounding errors left
    net = nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, stride=2), nn.GELU(), nn.Dropout(0.3), nn.Flatten(),
        nn.Linear(8, 16), nn.LayerNorm(16), nn.Tanh(), nn.Linear(16, 4))
    opt = getattr(library.optim, optimizer)(net.parameters(), **options)
    plan = getattr(library.optim.lr_scheduler, schedule[0])(opt, *schedule[1:])
    seen = []
    for _ in range(3):
        net.train()
        for inputs, labels in data.DataLoader(train, 16, shuffle=True):
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(inputs), labels, label_smoothing=0.1)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            opt.step()
            seen.append(loss.item())
        plan.step()
        net.eval()
        with library.no_grad():
            seen += [nn.functional.cross_entropy(net(a), b).item() for a, b in data.DataLoader(rest, 12)]
    return seen


@pytest.mark.parametrize(("optimizer", "options", "schedule"), [
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3}, ("CosineAnnealingLR", 3)),
    ("Adam", {"lr": 0.01}, ("StepLR", 2, 0.5)),
    ("AdamW", {"lr": 0.01, "amsgrad": True}, ("ExponentialLR", 0.8)),
    ("RMSprop", {"lr": 0.003}, ("LambdaLR", lambda epoch: 1 / (epoch + 1))),
])
def test_a_convolutional_network_learns_alike(optimizer, options, schedule):
    mine = losses(flambeau, optimizer, options, schedule)
    assert mine == pytest.approx(losses(torch, optimizer, options, schedule), abs=1e-4)


def test_a_small_language_model_learns_alike():
    def run(library):
        nn = library.nn

        class Block(nn.Module):
            def __init__(self, size):
                super().__init__()
                self.norm, self.mix = nn.LayerNorm(size), nn.Linear(size, 3 * size, bias=False)
                self.norm2 = nn.LayerNorm(size)
                self.feed = nn.Sequential(nn.Linear(size, 4 * size), nn.GELU(), nn.Linear(4 * size, size))
                self.register_buffer("mask", library.tril(library.ones(6, 6)))
                self.drop = nn.Dropout(0.1)

            def forward(self, x):
                q, k, v = self.mix(self.norm(x)).chunk(3, -1)  # (batch, time, size) each
                scores = (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).masked_fill(self.mask == 0, float("-inf"))
                x = x + self.drop(nn.functional.softmax(scores, dim=-1)) @ v
                return x + self.feed(self.norm2(x))

        library.manual_seed(5)
        table = nn.Embedding(11, 8)
        body, head = nn.Sequential(Block(8), Block(8)), nn.Linear(8, 11)
        net = nn.ModuleList([table, body, head])
        opt = library.optim.AdamW(net.parameters(), lr=0.01)
        text = library.randint(0, 11, (200,))
        seen = []
        for _ in range(6):
            starts = library.randint(0, 190, (5,))
            x = library.stack([text[i:i + 6] for i in starts])
            y = library.stack([text[i + 1:i + 7] for i in starts])
            loss = nn.functional.cross_entropy(head(body(table(x))).view(-1, 11), y.view(-1))
            opt.zero_grad(set_to_none=True)
            loss.backward()
            opt.step()
            seen.append(loss.item())
        return seen

    assert run(flambeau) == pytest.approx(run(torch), abs=1e-4)
