"""`torch.distributed.tensor.placement_types`: refused with `torch.distributed.tensor`."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

from . import _WHY
from . import Partial as Partial  # type: ignore[attr-defined]
from . import Placement as Placement  # type: ignore[attr-defined]
from . import Replicate as Replicate  # type: ignore[attr-defined]
from . import Shard as Shard  # type: ignore[attr-defined]

globals().update(refuse("distributed.tensor.placement_types", _WHY, "_StridedShard"))
