"""Wrapping modules for activation checkpointing: `torch.utils.checkpoint` is there instead."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

_WHY = "modules are not wrapped for checkpointing: use torch.utils.checkpoint"

globals().update(refuse("distributed.algorithms._checkpoint.checkpoint_wrapper", _WHY, """
    CheckpointImpl CheckpointWrapper apply_activation_checkpointing checkpoint_wrapper
"""))
