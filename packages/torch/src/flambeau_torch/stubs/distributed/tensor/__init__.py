"""`torch.distributed.tensor`: no tensor is distributed; the classes are there for `isinstance`."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

from .placement_types import Partial as Partial
from .placement_types import Placement as Placement
from .placement_types import Replicate as Replicate
from .placement_types import Shard as Shard

_WHY = "there is no world of several processes, and tensors are not distributed over one"

globals().update(refuse("distributed.tensor", _WHY, """
    DTensor distribute_tensor distribute_module
    empty ones zeros full rand randn
"""))
