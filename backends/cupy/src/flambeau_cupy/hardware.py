"""What CuPy knows of devices, their memory and streams: the part of the backend that speaks of no arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flambeau.contract.hardware import Hardware
from flambeau.errors import BackendError

# PyTorch's name of a property: CUDA's
PROPERTIES = {"name": "name", "total_memory": "totalGlobalMem", "major": "major", "minor": "minor",
              "multi_processor_count": "multiProcessorCount", "warp_size": "warpSize",
              "max_threads_per_multi_processor": "maxThreadsPerMultiProcessor", "L2_cache_size": "l2CacheSize",
              "is_integrated": "integrated", "is_multi_gpu_board": "isMultiGpuBoard",
              "shared_memory_per_block": "sharedMemPerBlock", "regs_per_multiprocessor": "regsPerMultiprocessor",
              "pci_bus_id": "pciBusID", "pci_device_id": "pciDeviceID", "pci_domain_id": "pciDomainID"}


class CupyHardware(Hardware):
    """Devices by CuPy; `index` is the device that is asked, None the current one."""

    cupy: Any
    index: int | None

    def _on_device(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """`call` with this instance's device current; for the current device itself `call` as it is."""
        if self.index is None:
            return call
        device = self.cupy.cuda.Device

        def on_device(*arrays: Any, **attributes: Any) -> Any:
            with device(self.index):
                return call(*arrays, **attributes)

        return on_device

    def device_count(self) -> int:
        return int(self.cupy.cuda.runtime.getDeviceCount())

    def current_device(self) -> int:
        return int(self.cupy.cuda.runtime.getDevice())

    def set_device(self, index: int) -> None:
        self.cupy.cuda.Device(index).use()

    def device_properties(self) -> dict[str, Any]:
        """CUDA's own, under PyTorch's names."""
        index = self.current_device() if self.index is None else self.index
        known = self.cupy.cuda.runtime.getDeviceProperties(index)
        found = {name: known[cuda] for name, cuda in PROPERTIES.items() if cuda in known}
        return {name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()}

    def synchronize(self) -> None:
        """Waits for every stream of the device; raises BackendError for a kernel that failed since the last wait."""
        runtime = self.cupy.cuda.runtime
        try:
            self._on_device(runtime.deviceSynchronize)()
        except runtime.CUDARuntimeError as error:
            raise BackendError(f"an operation handed to the device earlier failed: {error}", op="synchronize",
                               backend="cupy") from error

    def memory_stats(self) -> dict[str, int]:
        """Bytes in arrays, bytes the pool holds, and the device's free and total bytes."""
        return self._on_device(self._memory_stats)()  # type: ignore[no-any-return]

    def _memory_stats(self) -> dict[str, int]:
        pool, (free, total) = self.cupy.get_default_memory_pool(), self.cupy.cuda.runtime.memGetInfo()
        return {"allocated": pool.used_bytes(), "reserved": pool.total_bytes(), "free": free, "total": total}

    def empty_cache(self) -> None:
        """Gives the pool's free blocks back to the device."""
        self._on_device(self.cupy.get_default_memory_pool().free_all_blocks)()

    def streams(self) -> CupyStreams:
        return CupyStreams(self.cupy, self._on_device)


class CupyStreams:
    """CuPy's streams and events of one device."""

    def __init__(self, cupy: Any, on_device: Callable[..., Any]) -> None:
        self._cuda, self._on_device = cupy.cuda, on_device

    def stream(self, priority: int) -> Any:
        """A new stream, which does not wait for the default one."""
        return self._on_device(self._cuda.Stream)(non_blocking=True, priority=priority)

    def current(self) -> Any:
        """The stream that kernels are handed to."""
        return self._on_device(self._cuda.get_current_stream)()

    def default(self) -> Any:
        """The stream that kernels are handed to unless told."""
        return self._cuda.Stream.null

    def event(self, timing: bool, blocking: bool) -> Any:
        """A new event."""
        return self._on_device(self._cuda.Event)(block=blocking, disable_timing=not timing)

    def elapsed(self, start: Any, end: Any) -> float:
        """Milliseconds between two events."""
        return float(self._cuda.get_elapsed_time(start, end))
