"""`torch.jit.annotations`: the typing names that TorchScript programs import from there."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple, Union  # noqa: UP035 - the names are the point

from ..futures import Future

BroadcastingList1 = BroadcastingList2 = BroadcastingList3 = list

__all__ = ["Any", "BroadcastingList1", "BroadcastingList2", "BroadcastingList3", "Dict", "Future", "List", "Optional",
           "Tuple", "Union"]
