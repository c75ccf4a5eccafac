"""A custom autograd Function trained by updates under no_grad."""

import math

import torch


class Polynomial(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (3 * input ** 2 - 1)

    @staticmethod
    def backward(ctx, grad_output):
        input, = ctx.saved_tensors
        return grad_output * 3 * input


dtype, device = torch.float, torch.device("cpu")
x = torch.linspace(-math.pi, math.pi, 200, device=device, dtype=dtype)
y = torch.cos(x)
a = torch.full((), 0.2, device=device, dtype=dtype, requires_grad=True)
b = torch.full((), -0.3, device=device, dtype=dtype, requires_grad=True)
c = torch.full((), 0.4, device=device, dtype=dtype, requires_grad=True)
for t in range(200):
    loss = (a + b * Polynomial.apply(c * x) - y).pow(2).sum()
    if t % 50 == 49:
        print(t, loss.item())
    loss.backward()
    with torch.no_grad():
        for w in (a, b, c):
            w -= 1e-4 * w.grad
            w.grad = None
print(f"result {a.item():.5f} {b.item():.5f} {c.item():.5f}", Polynomial.apply(c).grad_fn.name())
