"""The former place of `torch.distributed.fsdp.fully_shard`."""

from __future__ import annotations

from ..fsdp import fully_shard as fully_shard  # type: ignore[attr-defined]
