"""What ``jitad doctor`` says of CUDA: the driver, the packages, the device and its memory, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jitad.errors import CudaUnavailableError

_DRIVER = Path("/proc/driver/nvidia/version")


def lines() -> Iterable[str]:
    """The lines, found without starting anything on a device."""
    yield _driver()
    try:
        yield f"numba-cuda {version('numba-cuda')}"
    except PackageNotFoundError:
        yield "numba-cuda isn't installed: pip install 'jitad[cuda]' ('jitad[cuda12]' for a driver of CUDA 12)"
        return
    try:
        yield from _devices()
    except CudaUnavailableError as error:
        yield f"not usable: {error.reason}"
        yield error.remedy


def _driver() -> str:
    if not _DRIVER.exists():
        return "no NVIDIA driver found"
    return _DRIVER.read_text(encoding="utf-8", errors="replace").partition("\n")[0].removeprefix("NVRM version: ")


def _devices() -> Iterable[str]:
    from jitad.cuda.target import cuda, is_simulated, require_device

    require_device()
    if is_simulated():
        yield "NUMBA_ENABLE_CUDASIM is set: kernels run in Python, and no device is used"
        return
    for device in cuda.gpus:
        name = device.name.decode() if isinstance(device.name, bytes) else device.name
        capability = ".".join(map(str, device.compute_capability))
        with device:
            free, total = cuda.current_context().get_memory_info()
        memory = f"{free / 1e9:.1f} of {total / 1e9:.1f} GB free"
        yield f"device {device.id}: {name}, compute capability {capability}, {memory}"
