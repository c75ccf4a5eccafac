"""`torch.distributed.elastic.multiprocessing`: what a program that is started imports."""

from __future__ import annotations

from . import errors as errors
