"""`torch.optim` beside flambeau's: the module of the base class."""
