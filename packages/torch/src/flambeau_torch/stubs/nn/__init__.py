"""`torch.nn` beside flambeau's: the package of wrappers for several devices."""
