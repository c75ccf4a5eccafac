"""Datasets, samplers and the loader that makes batches of them."""

from ...spelling import public
from ._worker import WorkerInfo, get_worker_info
from .collate import default_collate, default_convert
from .dataloader import DataLoader
from .dataset import (
           ChainDataset,
           ConcatDataset,
           Dataset,
           IterableDataset,
           StackDataset,
           Subset,
           TensorDataset,
           random_split,
)
from .sampler import (
           BatchSampler,
           DistributedSampler,
           RandomSampler,
           Sampler,
           SequentialSampler,
           SubsetRandomSampler,
           WeightedRandomSampler,
)

__all__ = ["BatchSampler", "ChainDataset", "ConcatDataset", "DataLoader", "Dataset", "DistributedSampler",
           "IterableDataset", "RandomSampler", "Sampler", "SequentialSampler", "StackDataset", "Subset",
           "SubsetRandomSampler", "TensorDataset", "WeightedRandomSampler", "WorkerInfo", "default_collate",
           "default_convert", "get_worker_info", "random_split"]
__getattr__, __dir__ = public(__name__)
