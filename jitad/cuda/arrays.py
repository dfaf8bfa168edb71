"""Arrays on a device: recognised by their interfaces, seen as numba-cuda's arrays without a copy, and views of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from jitad.cuda.target import cuda, default_is_per_thread, device_of, is_simulated
from jitad.errors import ArgumentError
from jitad.program.types import COMPLEX_DTYPES

_CUDA_DEVICES = (2, 13)
"""DLPack's numbers for the memory of CUDA devices, and for managed memory."""

_ANY_DEVICE = -1
"""What ``device_of`` gives for memory that isn't known to belong to one device."""

_DEFAULT_STREAM, _DEFAULT_STREAM_OF_THREAD = 1, 2
"""DLPack's numbers for default streams, for which the producer is to wait; others have their addresses."""

_KNOWS_STREAMS = 3
"""From this version on, ``__cuda_array_interface__`` says on which stream an array is being written."""

_PARTS = {whole: part for part, whole in COMPLEX_DTYPES.items()}


def is_on_device(array: Any) -> bool:
    """True for an array in a device's memory, whichever package it is of."""
    if isinstance(array, np.ndarray):
        return False
    if hasattr(array, "__cuda_array_interface__") or getattr(array, "__cuda_ndarray__", False):
        return True
    device = getattr(array, "__dlpack_device__", None)
    return callable(device) and int(device()[0]) in _CUDA_DEVICES


def on_device(array: Any, stream: Any = 0) -> Any:
    """An array of numba-cuda's: a view of a device array, or a copy of a NumPy array.

    What writes the array comes before what runs on ``stream`` from now on, where the array's package tells.
    Raises ArgumentError for one that lives on another device than the current one, or that can't be seen.
    """
    if isinstance(array, np.ndarray):
        return cuda.to_device(np.require(array, None, ["C", "A"]), stream=stream)
    if getattr(array, "__cuda_ndarray__", False):
        _check_device(array, lambda: array.gpu_data.context.device.id)
        return array
    exports = hasattr(array, "__dlpack_device__")
    if exports:
        _check_device(array, lambda: array.__dlpack_device__()[1])
    interface = getattr(array, "__cuda_array_interface__", None)
    if interface is None or (exports and interface.get("version", 0) < _KNOWS_STREAMS):
        return _from_dlpack(array, stream)
    if interface.get("mask") is not None:
        raise ArgumentError(
            f"an array of type {type(array).__name__} on the device has a mask.", "pass an array without one."
        )
    if not exports:
        _check_device(array, lambda: device_of(interface["data"][0]))
    return cuda.from_cuda_array_interface(interface, owner=array)


def _check_device(array: Any, device: Any) -> None:
    if is_simulated():
        return
    here, there = int(cuda.get_current_device().id), int(device())
    if there not in (here, _ANY_DEVICE):
        raise ArgumentError(
            f"an array of type {type(array).__name__} lives on CUDA device {there}, and device {here} is the current "
            "one.",
            f"move it there, or make its device the current one: numba.cuda.select_device({there}).",
        )


def _from_dlpack(array: Any, stream: Any) -> Any:
    from cuda.core.utils import StridedMemoryView

    try:
        seen = StridedMemoryView.from_dlpack(array, stream_ptr=_number_of(stream))
        dtype = np.dtype(seen.dtype)
    except (BufferError, NotImplementedError, TypeError) as error:
        raise ArgumentError(
            f"an array of type {type(array).__name__} can't be seen by DLPack: {error}.",
            "pass an array of real or complex floats, integers or booleans that needs no conversion.",
        ) from error
    strides = None if seen.strides is None else tuple(stride * dtype.itemsize for stride in seen.strides)
    interface = {"shape": tuple(seen.shape), "strides": strides, "data": (seen.ptr, False), "typestr": dtype.str}
    # The memory lasts as long as what was exported, which may be a copy that nothing else holds.
    return cuda.from_cuda_array_interface({**interface, "version": 3}, owner=seen)


def _number_of(stream: Any) -> int:
    """DLPack's number for a stream of Numba's."""
    if stream and int(stream):
        return int(stream)
    return _DEFAULT_STREAM_OF_THREAD if default_is_per_thread() else _DEFAULT_STREAM


def reinterpreted(array: Any, shape: Sequence[int], strides: Sequence[int], dtype: Any, before: int = 0) -> Any:
    """The same memory with another shape, strides (in bytes) and dtype, from ``before`` so many elements on."""
    if is_simulated():
        return type(array)(_reinterpreted(array._ary, tuple(shape), tuple(strides), np.dtype(dtype), before))
    interface = dict(array.__cuda_array_interface__)
    address, is_read_only = interface["data"]
    data = (address - before * np.dtype(dtype).itemsize, is_read_only)
    interface.update(shape=tuple(shape), strides=tuple(strides), typestr=np.dtype(dtype).str, data=data)
    return cuda.from_cuda_array_interface(interface, owner=array, sync=False)


def _reinterpreted(
    array: np.ndarray, shape: tuple[int, ...], strides: tuple[int, ...], dtype: np.dtype[Any], before: int
) -> np.ndarray:
    address = array.ctypes.data - before * dtype.itemsize
    interface = {"shape": shape, "strides": strides, "typestr": dtype.str, "data": (address, False), "version": 3}
    return np.asarray(SimpleNamespace(__array_interface__=interface, owner=array))


def part_of(array: Any, starts: Sequence[int], lengths: Sequence[int], strides: Sequence[int]) -> Any:
    """The array of these lengths and strides (in bytes) whose first element is the one of an array at ``starts``."""
    if is_simulated():
        inner = array._ary
        if 0 in lengths or not inner.size:
            return type(array)(np.empty(tuple(lengths), inner.dtype))
        first = inner[(*(slice(start, None) for start in starts), ...)]
        return type(array)(np.lib.stride_tricks.as_strided(first, tuple(lengths), tuple(strides)))
    interface = dict(array.__cuda_array_interface__)
    distance = sum(int(start) * int(stride) for start, stride in zip(starts, array.strides, strict=True))
    data = (int(interface["data"][0]) + distance, False)
    interface.update(shape=tuple(map(int, lengths)), strides=tuple(map(int, strides)), data=data)
    return cuda.from_cuda_array_interface(interface, owner=array, sync=False)


def samples_first(array: Any, axis: int) -> Any:
    """A view with an axis moved to the front."""
    order = (axis, *(at for at in range(array.ndim) if at != axis))
    return permuted(array, order)


def permuted(array: Any, order: Sequence[int]) -> Any:
    """A view with its axes in another order."""
    if tuple(order) == tuple(range(array.ndim)):
        return array
    shape, strides = tuple(array.shape), tuple(array.strides)
    return reinterpreted(array, [shape[at] for at in order], [strides[at] for at in order], array.dtype)


def parts_of(array: Any) -> Any:
    """The real and imaginary parts of an array in C order, along a last axis of 2; real arrays as they are."""
    part = _PARTS.get(np.dtype(array.dtype).name)
    if part is None:
        return array
    return reinterpreted(array, (*array.shape, 2), (*array.strides, np.dtype(part).itemsize), part)


def c_strides(shape: Sequence[int], dtype: Any) -> tuple[int, ...]:
    """The strides of a C-contiguous array, in bytes."""
    unit = np.dtype(dtype).itemsize
    return tuple(unit * math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def flat_span(array: Any) -> tuple[Any, int, tuple[int, ...]]:
    """A 1-d view of all memory between an array's ends, the place of its first element, its strides in elements.

    Raises ArgumentError for strides that aren't whole elements.
    """
    size, shape = np.dtype(array.dtype).itemsize, tuple(array.shape)
    if any(stride % size for stride in array.strides):
        raise ArgumentError(
            f"an array of {array.dtype} on the device has the strides {tuple(array.strides)}, which aren't multiples "
            f"of {size} bytes.",
            "pass a contiguous copy of it.",
        )
    steps = tuple(int(stride) // size for stride in array.strides)
    ends = [(length - 1) * step for length, step in zip(shape, steps, strict=True)]
    before = -sum(end for end in ends if end < 0)
    length = 1 + sum(map(abs, ends))
    return reinterpreted(array, (length,), (size,), array.dtype, before), before, steps
