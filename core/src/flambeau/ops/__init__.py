"""The op table: importing this module registers every op.

Each family lists its public names in `__all__`; they become names of `flambeau`.
"""

from __future__ import annotations

from .elementwise import *
from .compare import *
from .create import *
from .convert import *
from .movement import *
from .join import *
from .reduce import *
from .index import *
from .sort import *
from .linalg import *
from .conv import *
from .arithmetic import *
from .windows import *
from .pooling import *
from .embedding import *
from .padding import *
from .einsum import *
from .rearrange import *
from .triangle import *
from .products import *
from .sampling import *
from .activation import *
from .norm import *
from .logic import *
from .bounds import *
from .math import *
from .statistics import *
from .loss import *
from .order import *
from .counting import *
from .dropout import *
from .attention import *
from .place import *
from . import mutate, typenames
from .. import indexing
from .changing import *
