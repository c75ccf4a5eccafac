"""Where the names of a PyTorch module come from."""

from __future__ import annotations

import importlib.util
from functools import cache

STUBS = f"{__package__}.stubs"

# PyTorch module -> flambeau module, where it is not the one at the same place
MOVED = {
    "torch.storage": "flambeau.tensors.storages",
    "torch.nn.utils.spectral_norm": "flambeau.nn.utils._spectral_norm",
    "torch.nn.utils.weight_norm": "flambeau.nn.utils._weight_norm",
    "torch.optim.optimizer": "flambeau.optim",
    "torch.autograd.anomaly_mode": "flambeau.autograd.anomaly",
    "torch.autograd.grad_mode": "flambeau.modes",
    "torch.utils.data.dataloader": "flambeau.utils.data",
    "torch.utils.data.dataset": "flambeau.utils.data",
    "torch.utils.data.sampler": "flambeau.utils.data",
    "torch.utils.data.distributed": "flambeau.utils.data",
    "torch.utils.data._utils": "flambeau.utils.data",
    "torch.utils.data._utils.collate": "flambeau.utils.data",
}


@cache
def sources_of(name: str) -> tuple[str, ...]:
    """The modules that answer for the names of PyTorch module `name`; none: there is no such module here."""
    tail = name[len("torch"):]
    wanted = [f"{STUBS}{tail}" if tail else f"{STUBS}._root"]
    if name in MOVED:
        wanted.append(MOVED[name])
    else:
        wanted.append(f"flambeau{tail}")
    return tuple(w for w in wanted if _exists(w))


def is_stubbed(name: str) -> bool:
    """Whether this package has a module for PyTorch module `name`: it goes before a name of flambeau's."""
    return any(s.startswith(STUBS) for s in sources_of(name))


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
