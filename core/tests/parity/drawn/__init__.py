"""Random small programs, run on flambeau and on PyTorch, compared line by line and at the end with their gradients.

A program is lines of Python over `lib` and the tensors `t0`, `t1`, …. `grammar` says what a line may be, `holes`
fills in what it names, `drawing` makes programs, `running` runs one on both libraries, `comparing` says where they
differ, `minimising` takes away every line that is not needed for that. `python -m drawn` is the lane.
"""
