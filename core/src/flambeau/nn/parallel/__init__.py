"""Modules on several devices; here there is one."""

from ...spelling import public
from .data_parallel import DataParallel, data_parallel

__all__ = ["DataParallel", "data_parallel"]
__getattr__, __dir__ = public(__name__)
