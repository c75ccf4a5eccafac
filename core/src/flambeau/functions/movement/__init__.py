"""PyTorch's names of views, joins, repetitions and layouts."""

from __future__ import annotations

from .join import *
from .padding import *
from .rearrange import *
from .triangle import *
from .views import *
