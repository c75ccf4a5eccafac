"""A character model with attention, trained by AdamW, that then writes a few letters."""

import torch
import torch.nn as nn
from torch.nn import functional as F

torch.manual_seed(7)
device = "cuda" if torch.cuda.is_available() else "cpu"
text = "the quick brown fox jumps over the lazy dog and runs away again " * 8
letters = sorted(set(text))
number = {c: i for i, c in enumerate(letters)}
data = torch.tensor([number[c] for c in text], dtype=torch.long)
width, length, heads = 16, 8, 2


class Head(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.key, self.query, self.value = (nn.Linear(width, size, bias=False) for _ in range(3))
        self.register_buffer("mask", torch.tril(torch.ones(length, length)))
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        _, t, _ = x.shape
        scores = self.query(x) @ self.key(x).transpose(-2, -1) * width ** -0.5
        scores = scores.masked_fill(self.mask[:t, :t] == 0, float("-inf"))
        return self.dropout(F.softmax(scores, dim=-1)) @ self.value(x)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleList([Head(width // heads) for _ in range(heads)])
        self.feed = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x):
        normed = self.first(x)
        x = x + torch.cat([h(normed) for h in self.heads], dim=-1)
        return x + self.feed(self.second(x))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.letters, self.places = nn.Embedding(len(letters), width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*[Block() for _ in range(2)])
        self.last = nn.Linear(width, len(letters))
        self.apply(self.start)

    def start(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, mean=0.0, std=0.02)

    def forward(self, index, targets=None):
        b, t = index.shape
        x = self.letters(index) + self.places(torch.arange(t, device=device))
        logits = self.last(self.blocks(x))
        if targets is None:
            return logits, None
        return logits, F.cross_entropy(logits.view(b * t, -1), targets.view(b * t))

    def generate(self, index, count):
        for _ in range(count):
            logits, _ = self(index[:, -length:])
            chosen = torch.multinomial(F.softmax(logits[:, -1, :], dim=-1), num_samples=1)
            index = torch.cat((index, chosen), dim=1)
        return index


def batch():
    starts = torch.randint(len(data) - length, (4,))
    x = torch.stack([data[i : i + length] for i in starts])
    return x.to(device), torch.stack([data[i + 1 : i + length + 1] for i in starts]).to(device)


@torch.no_grad()
def estimate(model):
    model.eval()
    losses = torch.zeros(3)
    for k in range(3):
        losses[k] = model(*batch())[1].item()
    model.train()
    return losses.mean()


model = Model().to(device)
print(sum(p.numel() for p in model.parameters()), "parameters")
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
for step in range(25):
    if step % 8 == 0:
        print(f"step {step}: loss {estimate(model):.4f}")
    _, loss = model(*batch())
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
context = torch.zeros((1, 1), dtype=torch.long, device=device)
print("".join(letters[i] for i in model.generate(context, 20)[0].tolist()))
