"""flambeau on jax.numpy; the entry point names `plugin.descriptor`, and nothing here imports JAX."""
