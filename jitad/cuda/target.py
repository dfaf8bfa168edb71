"""The one place that imports numba-cuda: what jitad needs of it, under names of our own.

Import this module only where CUDA is asked for: importing it loads numba-cuda, and raises ``CudaUnavailableError``
where that is missing. Under ``NUMBA_ENABLE_CUDASIM=1`` kernels run in Python on NumPy arrays (``is_simulated``).
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jitad.errors import CudaUnavailableError, TapeOverflowError

REMEDY = "pip install 'jitad[cuda]' (or 'jitad[cuda12]' for a driver of CUDA 12)."


BLOCK = 128
"""Threads of a block of CUDA's."""


def _imported() -> Any:
    if find_spec("numba_cuda") is None:
        raise CudaUnavailableError("CUDA needs the package numba-cuda, which isn't installed.", REMEDY)
    try:
        from numba import cuda
    except ImportError as error:
        raise CudaUnavailableError(f"numba-cuda can't be imported: {error}", REMEDY) from error
    return cuda


cuda: Any = _imported()


def is_simulated() -> bool:
    """True when kernels run in Python on NumPy arrays."""
    from numba.cuda.core import config

    return bool(config.ENABLE_CUDASIM)


def device_jit(function: Callable[..., Any]) -> Any:
    """A function that kernels call."""
    return cuda.jit(device=True)(function)


def original(function: Any) -> Any:
    """What ``device_form`` was given for a function; other objects as they are."""
    return getattr(function, "jitad_original", function)


def kernel_jit(function: Callable[..., Any], files: Any = None) -> Any:
    """A kernel, launched as ``kernel[blocks, threads, stream](...)``; it is looked for in ``files``, and left there."""
    # A kernel is one module, which link-time optimisation would only compile a second time.
    kernel = cuda.jit(function) if is_simulated() else cuda.jit(function, lto=False)
    if files is not None:
        kernel._cache = files
    return kernel


def packed(kernel: Any) -> bytes | None:
    """A kernel that numba-cuda has compiled, as bytes; None for one that needs more than its own machine code."""
    from numba.cuda.serialize import dumps

    if kernel.launch_config_sensitive or kernel.library._linking_files:
        return None
    return bytes(dumps(kernel._reduce_states()))


def unpacked(data: bytes) -> Any:
    """The kernel in such bytes."""
    from numba.cuda.dispatcher import _Kernel
    from numba.cuda.serialize import loads

    return _Kernel._rebuild(**loads(data))


def current_capability() -> tuple[int, int]:
    """The compute capability of the current device."""
    from numba.cuda import dispatcher

    major, minor = dispatcher.get_current_device().compute_capability
    return int(major), int(minor)


@cache
def tool_versions() -> tuple[str, ...]:
    """The versions of everything between a kernel's source and its machine code."""
    from cuda import bindings, core
    from cuda.bindings import driver, nvjitlink
    from numba.cuda.cudadrv import libs, nvvm, runtime

    library = libs.get_libdevice()
    stamp = (Path(library).stat().st_mtime_ns, Path(library).stat().st_size) if library else None
    found = {
        "numba-cuda": version("numba-cuda"),
        "bindings": bindings.__version__,
        "core": core.__version__,
        "nvvm": nvvm.NVVM().get_version(),
        "nvvm ir": nvvm.NVVM().get_ir_version(),
        "nvrtc": runtime.get_version(),
        "nvjitlink": _told(nvjitlink.version),
        "driver": _told(driver.cuDriverGetVersion),
        "libdevice": stamp,
    }
    return tuple(f"{name} {version}" for name, version in found.items())


def _told(ask: Callable[[], Any]) -> Any:
    """What a library tells about itself; None where it isn't installed."""
    try:
        return ask()
    except RuntimeError:
        return None


def launch(kernel: Any, threads: int, stream: Any, *args: Any) -> None:
    """Run a kernel on at least so many threads. It is no news to the user that some launches are small."""
    launch_shaped(kernel, (-(-threads // BLOCK), 1, 1), (min(threads, BLOCK), 1, 1), stream, *args)


def launch_shaped(kernel: Any, blocks: tuple[int, ...], block: tuple[int, ...], stream: Any, *args: Any) -> None:
    """Run a kernel on a grid of so many blocks of threads, along x, y and z."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Grid size")
        configured = kernel[blocks, block, stream]
    configured(*args)


def is_stream(value: Any) -> bool:
    """True for a stream of numba-cuda's."""
    if is_simulated():
        return isinstance(value, cuda.stream)
    from numba.cuda.cudadrv.driver import Stream

    return isinstance(value, Stream)


def finish(stream: Any) -> None:
    """Wait until all work on a stream (0: the default one) is done."""
    (stream or cuda).synchronize()


def intrinsic(definition: Callable[..., Any]) -> Any:
    """A function that kernels call and that ``definition`` types and lowers, as for ``numba.extending.intrinsic``."""
    from numba.cuda import extending

    return extending.intrinsic(definition)


def overload(function: Callable[..., Any]) -> Callable[..., Any]:
    """What kernels call for ``function``, chosen by the types of the arguments."""
    from numba.cuda import extending

    functions: Any = extending
    return functions.overload(function, strict=False)


def libdevice(name: str) -> Any:
    """A function of NVIDIA's library of device functions, without its prefix ``__nv_``."""
    from numba.cuda import libdevice as functions

    return getattr(functions, name)


def ptx(function: Callable[..., Any], signature: Any, capability: tuple[int, int], *, device: bool = False) -> str:
    """The assembly of a function (a kernel, or a ``device`` function) for a compute capability; needs no GPU."""
    source = getattr(function, "py_func", function)
    with _compiling_for(capability):
        text, _ = cuda.compile(source, signature, device=device, abi="numba", cc=capability, output="ptx")
    return str(text)


@contextmanager
def _compiling_for(capability: tuple[int, int]) -> Iterator[None]:
    """Let numba-cuda compile device functions where there is no device: it asks the current one what it can do."""
    from numba.cuda import dispatcher

    found = dispatcher.get_current_device
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=capability)
    try:
        yield
    finally:
        dispatcher.get_current_device = found


def default_is_per_thread() -> bool:
    """True when the default stream is one for each thread of the host."""
    return os.environ.get("CUDA_PYTHON_CUDA_PER_THREAD_DEFAULT_STREAM", "0") not in ("", "0")


def device_of(address: int) -> int:
    """The number of the device to which memory at an address belongs; -1 when the driver doesn't tell."""
    from cuda.bindings import driver

    what = driver.CUpointer_attribute.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL
    status, device = driver.cuPointerGetAttribute(what, int(address))
    return int(device) if status == driver.CUresult.CUDA_SUCCESS else -1


def is_refused(error: BaseException) -> bool:
    """True for what numba-cuda raises when it can't compile."""
    from numba.cuda.core.errors import NumbaError

    return isinstance(error, NumbaError)


def is_out_of_memory(error: BaseException) -> bool:
    """True where the driver says that the device has no memory left."""
    return "OUT_OF_MEMORY" in str(error).upper().replace(" ", "_") and not isinstance(error, MemoryError)


@contextmanager
def memory_for(what: str, remedy: str = "free some of it, or pass fewer samples at a time.") -> Iterator[None]:
    """Raise TapeOverflowError where the driver says that the device has no memory left."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise TapeOverflowError(f"the device has no memory left for {what}.", remedy) from error


def release_memory() -> None:
    """Give back device memory that nothing holds any more."""
    if not is_simulated():
        cuda.current_context().deallocations.clear()


def require_device() -> None:
    """Raise CudaUnavailableError unless there is a device (or the simulator) to run on."""
    if not cuda.is_available():
        raise CudaUnavailableError(
            f"no CUDA device can be used: {cuda.cuda_error() or 'none is found'}",
            "run on a machine with an NVIDIA GPU and its driver; NUMBA_ENABLE_CUDASIM=1 runs kernels in Python.",
        )
