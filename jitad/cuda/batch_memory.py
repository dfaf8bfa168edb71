"""Where the arrays of a batch on CUDA live: NumPy's arrays on the host, and those of other packages on the device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jitad.batching.axes import HostMemory
from jitad.cuda.arrays import is_on_device, on_device, parts_of, permuted, samples_first
from jitad.cuda.copies import complex_of, in_order
from jitad.cuda.target import is_stream
from jitad.errors import ArgumentError
from jitad.program.types import REAL_DTYPES


class CudaMemory(HostMemory):
    """Host arrays are taken as for the CPU; device arrays are seen where they are, or copied there into C order."""

    def __init__(self, stream: Any) -> None:
        if stream is not None and not is_stream(stream):
            raise ArgumentError(
                f"stream={stream!r} isn't a stream of Numba's.",
                "pass numba.cuda.stream(), or numba.cuda.external_stream(address) for one of another package's.",
            )
        self._stream = stream or 0

    def holds(self, arg: Any) -> bool:
        """True for NumPy's arrays, and for arrays on a device."""
        return super().holds(arg) or is_on_device(arg)

    def seen(self, arg: Any) -> Any:
        """A NumPy array as it is; of what another package has on the device, numba-cuda's view."""
        return arg if isinstance(arg, np.ndarray) else on_device(arg, self._stream)

    def sample(self, array: Any, axis: int) -> Any:
        """The first sample; of a device array only its shape and dtype, which is what it is read for."""
        if isinstance(array, np.ndarray):
            return super().sample(array, axis)
        shape = tuple(length for at, length in enumerate(array.shape) if at != axis)
        return np.empty(shape, array.dtype) if shape else np.dtype(array.dtype).type(0)

    def stacked(self, array: Any, axis: int) -> Any:
        """The array with its samples along the first axis, each of them in C order."""
        if isinstance(array, np.ndarray):
            return super().stacked(array, axis)
        is_complex = np.dtype(array.dtype).name in REAL_DTYPES
        return in_order(samples_first(array, axis), leading=1, dense=is_complex, stream=self._stream)

    def shared(self, array: Any) -> Any:
        """The array in C order."""
        if isinstance(array, np.ndarray):
            return super().shared(array)
        return in_order(array, leading=0, dense=True, stream=self._stream)

    def as_real(self, array: Any) -> Any:
        """The real array of a complex array's parts; other arrays as they are."""
        return super().as_real(array) if isinstance(array, np.ndarray) else parts_of(array)

    def stand_in(self, array: Any) -> Any:
        """A NumPy array of the same shape and dtype."""
        return array if isinstance(array, np.ndarray) else np.empty(tuple(array.shape), array.dtype)

    def moved(self, array: Any, axis: int) -> Any:
        """The array with its first axis moved to another place."""
        if isinstance(array, np.ndarray):
            return super().moved(array, axis)
        order = list(range(1, array.ndim))
        order.insert(axis, 0)
        return permuted(array, order)

    def complex_of(self, parts: Sequence[Any]) -> Any:
        """As on the host; on the device if the parts are there."""
        return super().complex_of(parts) if isinstance(parts[0], np.ndarray) else complex_of(parts, self._stream)

    def may_share(self, a: Any, b: Any) -> bool:
        """True when two arrays have memory in common, or (on the device) lie between each other's ends."""
        if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
            return super().may_share(a, b)
        if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
            return False
        (a_low, a_high), (b_low, b_high) = _span(a), _span(b)
        return a_low < b_high and b_low < a_high


def _span(array: Any) -> tuple[int, int]:
    interface = getattr(array, "__cuda_array_interface__", None) or array._ary.__array_interface__
    low = int(interface["data"][0])
    high = low + np.dtype(array.dtype).itemsize if array.size else low
    for length, stride in zip(array.shape, array.strides, strict=True):
        reach = (length - 1) * stride
        low, high = (low, high + reach) if reach > 0 else (low + reach, high)
    return low, high
