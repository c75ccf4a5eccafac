"""The contract with backends: what one is, how one is found, where its tensors live."""
