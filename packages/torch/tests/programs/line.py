"""Fits a line by hand-written steps on `param.data`, as old tutorials do."""

from itertools import count

import torch
import torch.nn.functional as F

torch.manual_seed(3)
target, offset = torch.randn(2, 1) * 2, torch.randn(1)
layer = torch.nn.Linear(target.size(0), 1)


def batch(size: int = 16):
    x = torch.randn(size).unsqueeze(1)
    x = torch.cat([x ** i for i in range(1, 3)], 1)
    return x, x.mm(target) + offset.item()


for step in count(1):
    x, y = batch()
    layer.zero_grad()
    loss = F.smooth_l1_loss(layer(x), y)
    loss.backward()
    for param in layer.parameters():
        param.data.add_(-0.1 * param.grad)
    if step % 10 == 0:
        print(f"{step} {loss.item():.4f}")
    if loss.item() < 1e-2 or step == 60:
        break
print("learned " + " ".join(f"{w:+.3f}" for w in layer.weight.view(-1)) + f" {layer.bias[0]:+.3f}")
