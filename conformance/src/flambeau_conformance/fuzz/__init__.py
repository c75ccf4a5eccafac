"""Random small programs, on the backend and on the reference, compared at the end with their gradients.

A program is data: tensors with their numbers, dtypes and memory layouts, and lines of Python over
them. `drawing` makes programs, `running` runs and compares them, `checks` makes checks of seeds and
of the finds that are kept in `corpus/`.
"""
