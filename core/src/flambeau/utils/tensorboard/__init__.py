"""`SummaryWriter`: what a run logs, in the files that TensorBoard shows. Needs the library `tensorboard`.

    python -m pip install tensorboard
"""

from __future__ import annotations

from ...spelling import public

__all__ = ["FileWriter", "SummaryWriter"]

__getattr__, __dir__ = public(__name__, {"FileWriter": ".writer:FileWriter", "SummaryWriter": ".writer:SummaryWriter"})
