"""`torch.distributed.rpc`: no process calls another."""

from __future__ import annotations

from flambeau_torch.refusal import refuse

_WHY = "there is no other process to call"

globals().update(refuse("distributed.rpc", _WHY, """
    RRef WorkerInfo BackendType RpcBackendOptions TensorPipeRpcBackendOptions init_rpc shutdown rpc_sync rpc_async
    remote get_worker_info
"""))
