"""`torch.distributed.tensor`: no tensor is distributed; the classes are there for `isinstance`."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

_WHY = "there is no world of several processes, and tensors are not distributed over one"

globals().update(refuse("distributed.tensor", _WHY, """
    DTensor Placement Shard Replicate Partial distribute_tensor distribute_module
    empty ones zeros full rand randn
"""))
