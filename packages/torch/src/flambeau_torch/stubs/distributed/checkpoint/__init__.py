"""`torch.distributed.checkpoint`: state of several processes is not saved; `torch.save` is there."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

_WHY = "checkpoints of several processes are not written: use torch.save"

globals().update(refuse("distributed.checkpoint", _WHY, """
    FileSystemReader FileSystemWriter StorageReader StorageWriter DefaultLoadPlanner DefaultSavePlanner
    load save async_save load_state_dict save_state_dict
"""))
