"""Prints what programs print about types, versions and hardware."""

import sys

import torch
import torch.utils.data
from torch import Tensor, nn
from torch.nn.modules.linear import Linear
from torch.nn.parameter import Parameter

x = torch.zeros(2)
print(type(x), type(x) is Tensor, isinstance(x, torch.FloatTensor), isinstance(x, torch.LongTensor))
print(x.dtype, type(x.dtype), x.shape, type(x.shape), type(torch.device("cpu")))
print(torch.LongTensor([1, 2]), torch.DoubleTensor(2, 3).shape, torch.IntTensor().numel())
print(type(nn.Linear(1, 1)), Linear is nn.Linear, type(nn.Parameter(x)), Parameter is nn.Parameter)
print(type(torch.optim.SGD([Parameter(x)], lr=0.1)), torch.utils.data.DataLoader, type(nn.LayerNorm(2)))
print(torch.cuda.is_available(), torch.cuda.device_count(), torch.backends.mps.is_available(),
      torch.distributed.is_available(), torch.accelerator.is_available())
torch.backends.cudnn.benchmark = True
torch.manual_seed(0)
torch.cuda.manual_seed_all(0)
torch.set_num_threads(1)
print(torch.backends.cudnn.benchmark, torch.get_num_threads(), torch.jit.is_scripting())
print(sys.argv[1:], __name__, sys.modules["__main__"].__dict__ is globals())
