"""Schedules of the profiler are PyTorch's, step by step."""

import itertools

import torch

import flambeau.profiler


def test_schedules_say_what_pytorchs_say():
    for wait, warmup, active, repeat, skip, early in itertools.product((0, 2), (1, 2), (1, 3), (0, 2), (0, 3), (0, 1)):
        options = {"wait": wait, "warmup": warmup, "active": active, "repeat": repeat, "skip_first": skip,
                   "skip_first_wait": early}
        ours, theirs = flambeau.profiler.schedule(**options), torch.profiler.schedule(**options)
        assert [ours(i).name for i in range(20)] == [theirs(i).name for i in range(20)], options
