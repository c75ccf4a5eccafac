"""`torch.distributed._functional_collectives`: collectives that give back tensors are not there."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

_WHY = "there is no world of several processes, and tensors are not distributed over one"

globals().update(refuse("distributed._functional_collectives", _WHY, """
    AsyncCollectiveTensor all_reduce all_gather_tensor reduce_scatter_tensor all_to_all_single
    all_to_all_single_autograd wait_tensor
"""))
