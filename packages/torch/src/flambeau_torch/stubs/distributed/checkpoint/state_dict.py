"""`torch.distributed.checkpoint.state_dict`: refused with `torch.distributed.checkpoint`."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

from . import _WHY

globals().update(refuse("distributed.checkpoint.state_dict", _WHY, """
    StateDictOptions get_model_state_dict get_optimizer_state_dict get_state_dict set_model_state_dict
    set_optimizer_state_dict set_state_dict
"""))
