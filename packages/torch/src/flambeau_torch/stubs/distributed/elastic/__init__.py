"""`torch.distributed.elastic`: of the launcher of several processes, what a program that it starts imports."""

from __future__ import annotations

from . import multiprocessing as multiprocessing
