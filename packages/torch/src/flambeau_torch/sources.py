"""Where the names of a PyTorch module come from."""

from __future__ import annotations

import importlib.util
from functools import cache

STUBS = f"{__package__}.stubs"

# PyTorch module -> flambeau module, where it is not the one at the same place
MOVED = {
    "torch.nn.modules": "flambeau.nn",
    "torch.nn.parameter": "flambeau.nn",
    "torch.nn.modules.batchnorm": "flambeau.nn.norm",
    "torch.nn.modules.normalization": "flambeau.nn.norm",
    "torch.nn.modules.container": "flambeau.nn",
    "torch.storage": "flambeau.tensors.storages",
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
    elif name.startswith("torch.nn.modules."):
        wanted += [f"flambeau.nn{tail[len('.nn.modules'):]}"]
    else:
        wanted.append(f"flambeau{tail}")
    found = tuple(w for w in wanted if _exists(w))
    if name.startswith("torch.nn.modules.") and not found and tail.rpartition(".")[2] in NN_FILES:
        return ("flambeau.nn",)
    return found


def is_stubbed(name: str) -> bool:
    """Whether this package has a module for PyTorch module `name`: it goes before a name of flambeau's."""
    return any(s.startswith(STUBS) for s in sources_of(name))


NN_FILES = {"activation", "adaptive", "channelshuffle", "conv", "distance", "dropout", "flatten", "fold",
            "instancenorm", "linear", "loss", "module", "padding", "pixelshuffle", "pooling", "rnn", "sparse",
            "transformer", "upsampling", "utils"}


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
