"""The smallest program that differentiates something; raises unless it prints what it should."""

import flambeau

x = flambeau.tensor([2.0, 3.0], requires_grad=True)
y = x * x + 3 * x + 1
z = y.sum()
z.backward()
print(x.grad)
if str(x.grad) != "tensor([7., 9.])":
    raise SystemExit("expected tensor([7., 9.])")
