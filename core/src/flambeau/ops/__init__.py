"""The op table: importing this module registers every op.

Each family lists its public names in `__all__`; they become names of `flambeau`.
"""

from __future__ import annotations

from .elementwise import *  # noqa: F403, I001 - in the order in which they build on each other
from .compare import *  # noqa: F403
from .create import *  # noqa: F403
from .movement import *  # noqa: F403
from .join import *  # noqa: F403
from .reduce import *  # noqa: F403
from .index import *  # noqa: F403
from .sort import *  # noqa: F403
from .linalg import *  # noqa: F403
from .conv import *  # noqa: F403
from .arithmetic import *  # noqa: F403
from .windows import *  # noqa: F403
from .pooling import *  # noqa: F403
from .embedding import *  # noqa: F403
from .padding import *  # noqa: F403
from .einsum import *  # noqa: F403
from .rearrange import *  # noqa: F403
from .triangle import *  # noqa: F403
from .products import *  # noqa: F403
from .sampling import *  # noqa: F403
from .activation import *  # noqa: F403
from .norm import *  # noqa: F403
from .logic import *  # noqa: F403
from .bounds import *  # noqa: F403
from .math import *  # noqa: F403
from .statistics import *  # noqa: F403
from .loss import *  # noqa: F403
from .order import *  # noqa: F403
from .counting import *  # noqa: F403
from .dropout import *  # noqa: F403
from .attention import *  # noqa: F403
from .place import *  # noqa: F403
from . import mutate, typenames
from .. import indexing  # noqa: F401 - attaches x[...]
from .changing import *  # noqa: F403
