"""`torch.masked`: there are no masked tensors."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

_WHY = "masked tensors are not there"

globals().update(refuse("masked", _WHY, """
    MaskedTensor masked_tensor as_masked_tensor is_masked_tensor
    sum mean amax amin argmax argmin prod std var norm softmax log_softmax softmin normalize cumsum cumprod
    logaddexp logsumexp median
"""))
