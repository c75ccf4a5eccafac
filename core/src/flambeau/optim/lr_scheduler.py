"""Learning-rate schedules."""

from ..spelling import public
from ._schedule import LRScheduler, _LRScheduler
from ._schedule_compound import ChainedScheduler, ReduceLROnPlateau, SequentialLR
from ._schedule_cycle import CyclicLR, OneCycleLR
from ._schedule_decay import (
           ConstantLR,
           CosineAnnealingLR,
           CosineAnnealingWarmRestarts,
           ExponentialLR,
           LambdaLR,
           LinearLR,
           MultiplicativeLR,
           MultiStepLR,
           PolynomialLR,
           StepLR,
)

__all__ = ["ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR",
           "ExponentialLR", "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR",
           "PolynomialLR", "ReduceLROnPlateau", "SequentialLR", "StepLR", "_LRScheduler"]
__getattr__, __dir__ = public(__name__)
