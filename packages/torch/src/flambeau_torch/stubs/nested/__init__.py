"""`torch.nested`: there are no nested tensors."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

_WHY = "nested tensors are not there: pad the sequences (torch.nn.utils.rnn.pad_sequence)"

globals().update(refuse("nested", _WHY, """
    nested_tensor as_nested_tensor nested_tensor_from_jagged narrow to_padded_tensor
"""))
