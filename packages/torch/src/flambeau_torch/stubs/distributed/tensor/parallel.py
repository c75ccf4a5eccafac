"""`torch.distributed.tensor.parallel`: no module is cut over processes."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

_WHY = "there is no world of several processes, and tensors are not distributed over one"

globals().update(refuse("distributed.tensor.parallel", _WHY, """
    ColwiseParallel RowwiseParallel SequenceParallel PrepareModuleInput PrepareModuleOutput ParallelStyle
    parallelize_module loss_parallel
"""))
