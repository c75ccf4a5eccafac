"""`torch.distributed.fsdp`: no module is sharded; the classes are there for `isinstance`."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

_WHY = "modules are not sharded: there is no world of several processes"

globals().update(refuse("distributed.fsdp", _WHY, """
    FullyShardedDataParallel FSDPModule MixedPrecision MixedPrecisionPolicy CPUOffload CPUOffloadPolicy
    OffloadPolicy ShardingStrategy BackwardPrefetch StateDictType FullStateDictConfig FullOptimStateDictConfig
    ShardedStateDictConfig LocalStateDictConfig fully_shard register_fsdp_forward_method
"""))
