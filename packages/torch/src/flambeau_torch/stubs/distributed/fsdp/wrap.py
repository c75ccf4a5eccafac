"""`torch.distributed.fsdp.wrap`: no module is wrapped to be sharded."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

_WHY = "modules are not sharded: there is no world of several processes"

globals().update(refuse("distributed.fsdp.wrap", _WHY, """
    ModuleWrapPolicy CustomPolicy transformer_auto_wrap_policy size_based_auto_wrap_policy always_wrap_policy
    lambda_auto_wrap_policy enable_wrap wrap _or_policy _recursive_wrap
"""))
