"""Mutants that nobody wrote: a place in the backend × a condition × a corruption, drawn from a seed.

`sites` are where a bug can be put in, `conditions` when it shows, `corruptions` what it does. `drawing`
draws mutants, `board` puts one at a time into a loaded backend, `witness` looks for a program that
tells it from the healthy one, `trace` knows which checks meet which condition where, `trial` runs
them, `estimate` counts. A seed that nobody has looked at before says how many bugs of this grammar
the suite overlooks.
"""
