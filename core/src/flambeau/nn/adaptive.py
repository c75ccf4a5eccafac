"""A softmax over many classes that spends little on the rare ones."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from .. import functions
from ..errors import ShapeError, ValueRangeError
from ..tensors.tensor import Tensor
from . import functional as F
from .containers import ModuleList, Sequential
from .linear import Linear
from .module import Module

_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log probabilities of `n_classes`, frequent ones first, in clusters that end at `cutoffs` (Grave et al., 2017).

    The head knows the classes of the first cluster and one number for each other; those have a projection to
    `div_value` times fewer features each. Takes (N, in_features) and classes (N), or one sample; gives the log
    probability of each class, and the mean loss. Raises ValueRangeError for cutoffs that do not increase.

    >>> import flambeau
    >>> out = AdaptiveLogSoftmaxWithLoss(4, 6, [2])(flambeau.ones(3, 4), flambeau.tensor([0, 1, 5]))
    >>> out.output.shape
    flambeau.Size([3])
    """

    def __init__(self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0,
                 head_bias: bool = False, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        _check_cutoffs(cutoffs, n_classes)
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*cutoffs, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = cutoffs[0], len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, device=device, dtype=dtype)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            width = int(in_features // div_value ** (i + 1))
            self.tail.append(Sequential(Linear(in_features, width, bias=False, device=device, dtype=dtype),
                                        Linear(width, high - low, bias=False, device=device, dtype=dtype)))

    def reset_parameters(self) -> None:
        """Draws all weights anew."""
        self.head.reset_parameters()
        for projection in self.tail:
            for layer in projection:  # type: ignore[attr-defined]
                layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> Any:
        """The log probability of each sample's class and the loss. Raises ShapeError or ValueRangeError."""
        _check_inputs(input_, target_)
        batched = target_.dim() > 0
        input, target = (input_, target_) if batched else (input_.unsqueeze(0), target_.unsqueeze(0))
        output, slots = self._tails(input, target)
        head = F.log_softmax(self.head(input), dim=1)
        output = output + head.gather(1, slots.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return _ASMoutput(output if batched else output.squeeze(0), loss)

    def _tails(self, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """What the clusters add to each sample's log probability, and which output of the head it takes."""
        output, slots, found = input.new_zeros(len(target)), target, 0
        for i, (low, high) in enumerate(pairwise([0, *self.cutoffs])):
            rows = ((target >= low) & (target < high)).nonzero().flatten()
            found += rows.numel()
            if not i or not rows.numel():
                continue
            logs = F.log_softmax(self.tail[i - 1](input.index_select(0, rows)), dim=1)
            local = logs.gather(1, (target.index_select(0, rows) - low).unsqueeze(1)).squeeze(1)
            output = output.index_copy(0, rows, local)
            slots = slots.index_fill(0, rows, self.shortlist_size + i - 1)
        if found != len(target):
            raise ValueRangeError(f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                                  f"[{target.min().item()}, {target.max().item()}] were found. ")
        return output, slots

    def log_prob(self, input: Tensor) -> Tensor:
        """The log probabilities of all classes, (N, n_classes)."""
        return self._get_full_log_prob(input, self.head(input))

    def _get_full_log_prob(self, input: Tensor, head_output: Tensor) -> Tensor:
        head = F.log_softmax(head_output, dim=1)
        parts = [head[:, :self.shortlist_size]]
        for i, projection in enumerate(self.tail):
            cluster = head[:, self.shortlist_size + i].unsqueeze(1)
            parts.append(F.log_softmax(projection(input), dim=1) + cluster)
        return functions.cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of each sample; clusters are looked at only where the head points to one."""
        head = self.head(input)
        output: Tensor = head.argmax(dim=1)
        beyond = output >= self.shortlist_size
        if not bool(beyond.any()):
            return output
        if bool(beyond.all()):
            return self._get_full_log_prob(input, head).argmax(dim=1)
        output[beyond] = self._get_full_log_prob(input[beyond], head[beyond]).argmax(dim=1)
        return output


def _check_cutoffs(cutoffs: list[int], n_classes: int) -> None:
    if not cutoffs:
        raise ValueRangeError("cutoffs should be a sequence of length larger than 0")
    if (cutoffs != sorted(set(cutoffs)) or cutoffs[0] <= 0 or cutoffs[-1] > n_classes - 1
            or any(int(c) != c for c in cutoffs)):
        raise ValueRangeError("cutoffs should be a sequence of unique, positive integers sorted in an increasing order,"
                              f" where each value is between 1 and n_classes-1, got {cutoffs}", cutoffs=cutoffs)


def _check_inputs(input: Tensor, target: Tensor) -> None:
    dims = target.dim()
    if dims > 1:
        raise ShapeError("0D or 1D target tensor expected, multi-target not supported")
    if dims and input.shape[0] != target.shape[0]:
        raise ShapeError("Input and target should have the same size in the batch dimension.")
    if input.dim() != dims + 1:
        raise ShapeError(f"{dims}D target tensor expects {dims + 1}D input tensors, but found inputs with size "
                         f"{input.shape}")
