"""What a call can be like, and programs that make it so.

A `Site` is where core speaks to a backend: a kernel, a writer, an upload. A `Condition` says of one
`Call` there whether it is of a kind (long, transposed, with a NaN, for the third time), and bends a
`Draft`, a program of a line or two, until it is. The contract's promises `contract/when/...` run such
programs (`contract.when`); `mutants.grammar` puts bugs into backends that show under such conditions.
"""
