"""The former place of `fully_shard`."""

from __future__ import annotations

from . import fsdp as fsdp
