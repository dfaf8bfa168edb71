"""The one place that imports numba-cuda: what jitad needs of it, under names of our own.

Import this module only where CUDA is asked for: importing it loads numba-cuda, and raises ``CudaUnavailableError``
where that is missing. Under ``NUMBA_ENABLE_CUDASIM=1`` kernels run in Python on NumPy arrays (``is_simulated``).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

from jitad.errors import CudaUnavailableError

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


def kernel_jit(function: Callable[..., Any]) -> Any:
    """A kernel, launched as ``kernel[blocks, threads, stream](...)``."""
    return cuda.jit(function)


def launch(kernel: Any, threads: int, stream: Any, *args: Any) -> None:
    """Run a kernel on at least so many threads. It is no news to the user that some launches are small."""
    launch_shaped(kernel, (-(-threads // BLOCK), 1, 1), (min(threads, BLOCK), 1, 1), stream, *args)


def launch_shaped(kernel: Any, blocks: tuple[int, ...], block: tuple[int, ...], stream: Any, *args: Any) -> None:
    """Run a kernel on a grid of so many blocks of threads, along x, y and z."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Grid size")
        configured = kernel[blocks, block, stream]
    configured(*args)


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


def is_refused(error: BaseException) -> bool:
    """True for what numba-cuda raises when it can't compile."""
    from numba.cuda.core.errors import NumbaError

    return isinstance(error, NumbaError)


def is_out_of_memory(error: BaseException) -> bool:
    """True for the driver's error that the device has no memory left."""
    return "OUT_OF_MEMORY" in str(error).upper().replace(" ", "_") and not isinstance(error, MemoryError)


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
