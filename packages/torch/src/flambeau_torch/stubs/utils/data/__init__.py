"""What `torch.utils.data` has beside flambeau's: data pipes, refused."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

_WHY = "data pipes are not there: use Dataset, IterableDataset and DataLoader"

globals().update(refuse("utils.data", _WHY, """
    IterDataPipe MapDataPipe DFIterDataPipe DataChunk functional_datapipe guaranteed_datapipes_determinism
    runtime_validation runtime_validation_disabled non_deterministic argument_validation
"""))
