"""`torch.distributed.fsdp.fully_sharded_data_parallel`: refused with `torch.distributed.fsdp`."""

from __future__ import annotations

from . import BackwardPrefetch as BackwardPrefetch  # type: ignore[attr-defined]
from . import CPUOffload as CPUOffload  # type: ignore[attr-defined]
from . import FullOptimStateDictConfig as FullOptimStateDictConfig  # type: ignore[attr-defined]
from . import FullStateDictConfig as FullStateDictConfig  # type: ignore[attr-defined]
from . import FullyShardedDataParallel as FullyShardedDataParallel  # type: ignore[attr-defined]
from . import LocalStateDictConfig as LocalStateDictConfig  # type: ignore[attr-defined]
from . import MixedPrecision as MixedPrecision  # type: ignore[attr-defined]
from . import ShardedStateDictConfig as ShardedStateDictConfig  # type: ignore[attr-defined]
from . import ShardingStrategy as ShardingStrategy  # type: ignore[attr-defined]
from . import StateDictType as StateDictType  # type: ignore[attr-defined]
