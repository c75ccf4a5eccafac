"""`profiler`: as `autograd.profiler`, in steps: a schedule says which of them are recorded."""

from __future__ import annotations

from ..autograd.profiler import record_function
from ..spelling import public
from .steps import ProfilerAction, ProfilerActivity, profile, schedule, supported_activities, tensorboard_trace_handler

__all__ = ["ProfilerAction", "ProfilerActivity", "profile", "record_function", "schedule", "supported_activities",
           "tensorboard_trace_handler"]
__getattr__, __dir__ = public(__name__)
