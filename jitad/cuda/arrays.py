"""Arrays on a device: recognised by their interfaces, seen as numba-cuda's arrays without a copy, and views of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jitad.cuda.target import cuda, is_simulated
from jitad.errors import ArgumentError
from jitad.program.types import COMPLEX_DTYPES

_CUDA_DEVICES = (2, 13)
"""DLPack's numbers for the memory of CUDA devices, and for managed memory."""

_DEFAULT_STREAM = 1
"""DLPack's number for the default stream, for which the producer is to wait."""

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

    Raises ArgumentError for one that lives on another device than the current one.
    """
    if isinstance(array, np.ndarray):
        return cuda.to_device(np.require(array, None, ["C", "A"]), stream=stream)
    if getattr(array, "__cuda_ndarray__", False):
        _check_device(array, lambda: array.gpu_data.context.device.id)
        return array
    if hasattr(array, "__dlpack_device__"):
        _check_device(array, lambda: array.__dlpack_device__()[1])
    if hasattr(array, "__cuda_array_interface__"):
        return cuda.as_cuda_array(array)
    return _from_dlpack(array)


def _check_device(array: Any, device: Any) -> None:
    if is_simulated():
        return
    here, there = int(cuda.get_current_device().id), int(device())
    if here != there:
        raise ArgumentError(
            f"an array of type {type(array).__name__} lives on CUDA device {there}, and device {here} is the current "
            "one.",
            f"move it there, or make its device the current one: numba.cuda.select_device({there}).",
        )


def _from_dlpack(array: Any) -> Any:
    from cuda.core.utils import StridedMemoryView

    seen = StridedMemoryView.from_dlpack(array, stream_ptr=_DEFAULT_STREAM)
    dtype = np.dtype(seen.dtype)
    strides = None if seen.strides is None else tuple(stride * dtype.itemsize for stride in seen.strides)
    interface = {"shape": tuple(seen.shape), "strides": strides, "data": (seen.ptr, False), "typestr": dtype.str}
    return cuda.from_cuda_array_interface({**interface, "version": 3}, owner=array)


def reinterpreted(array: Any, shape: Sequence[int], strides: Sequence[int], dtype: Any) -> Any:
    """The same memory, from the same element on, with another shape, strides (in bytes) and dtype."""
    if is_simulated():
        inner = array._ary
        made = np.ndarray(tuple(shape), dtype, inner, 0, tuple(strides)) if inner.flags.forc else None
        if made is None:
            made = np.lib.stride_tricks.as_strided(inner, tuple(shape), tuple(strides))
        return type(array)(made)
    interface = dict(array.__cuda_array_interface__)
    interface.update(shape=tuple(shape), strides=tuple(strides), typestr=np.dtype(dtype).str)
    return cuda.from_cuda_array_interface(interface, owner=array, sync=False)


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


def check_order(array: Any, *, leading: int, dense: bool) -> None:
    """Raise ArgumentError unless the elements after the first ``leading`` axes lie in C order.

    Neighbours may be any distance apart, the same everywhere, unless they must be ``dense``.
    """
    shape, strides = tuple(array.shape)[leading:], tuple(array.strides)[leading:]
    if math.prod(shape) == 0:
        return
    unit: int | None = np.dtype(array.dtype).itemsize if dense else None
    for length, stride in zip(reversed(shape), reversed(strides), strict=True):
        if length == 1:
            continue
        if unit is not None and stride != unit:
            raise ArgumentError(
                f"an array of shape {tuple(array.shape)} on the device has the strides {tuple(array.strides)}, and a "
                "kernel takes arrays in C order.",
                "pass a contiguous copy of it.",
            )
        unit = stride * length
