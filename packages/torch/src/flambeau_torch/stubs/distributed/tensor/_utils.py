"""`torch.distributed.tensor._utils`: refused with `torch.distributed.tensor`."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

from . import _WHY

globals().update(refuse("distributed.tensor._utils", _WHY, """
    compute_local_shape_and_global_offset compute_global_tensor_info
"""))
