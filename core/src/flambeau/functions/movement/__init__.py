"""PyTorch's names of views, joins, repetitions and layouts."""

from __future__ import annotations

from .join import *
from .join import __all__ as _join
from .padding import *
from .padding import __all__ as _padding
from .rearrange import *
from .rearrange import __all__ as _rearrange
from .triangle import *
from .triangle import __all__ as _triangle
from .views import *
from .views import __all__ as _views

__all__ = [*_join, *_padding, *_rearrange, *_triangle, *_views]
