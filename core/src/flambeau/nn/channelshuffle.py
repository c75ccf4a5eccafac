"""Channels of several groups taken in turn."""

from __future__ import annotations

from ..tensors.tensor import Tensor
from . import functional as F
from .module import Module


class ChannelShuffle(Module):
    """The channels of (N, C, *) in `groups`, now the first of each group, then the second, … (Zhang et al., 2018).

    >>> import flambeau
    >>> ChannelShuffle(2)(flambeau.arange(4.0).view(1, 4, 1)).flatten().tolist()
    [0.0, 2.0, 1.0, 3.0]
    """

    __constants__ = ("groups",)

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
