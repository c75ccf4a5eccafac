"""flambeau's CUDA backend, on CuPy. Importing this imports neither CuPy nor CUDA."""
