"""Arrays copied on the device: into C order, and real parts into complex arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from jitad.cuda.arrays import c_strides, flat_span, permuted, reinterpreted
from jitad.cuda.build import own_kernel
from jitad.cuda.target import cuda, finish, memory_for
from jitad.cuda.target import launch as run
from jitad.program.types import COMPLEX_DTYPES

kernel_of = cache(own_kernel)
"""The kernel of a function of jitad's."""


def launched(function: Any, threads: int, stream: Any, *args: Any) -> None:
    """Run a function of jitad's on at least so many threads, on a stream."""
    if threads:
        run(kernel_of(function), threads, stream, *args)


def gather(out: Any, source: Any, start: int, lengths: Any, steps: Any) -> None:
    """Copy what lies at ``start`` and so many ``steps`` further along axes of these ``lengths``, in C order."""
    at = cuda.grid(1)
    if at < out.shape[0]:
        place, rest = start, at
        for axis in range(len(lengths) - 1, -1, -1):
            place += rest % lengths[axis] * steps[axis]
            rest //= lengths[axis]
        out[at] = source[place]


def interleave(out: Any, re: Any, im: Any) -> None:
    """Copy two 1-d arrays into the columns of one."""
    at = cuda.grid(1)
    if at < out.shape[0]:
        out[at, 0] = re[at]
        out[at, 1] = im[at]


def in_order(array: Any, *, leading: int, dense: bool, stream: Any) -> Any:
    """The array if the elements after its first ``leading`` axes lie in C order, or else a copy where they do.

    Neighbours may be any distance apart, the same everywhere, unless they must be ``dense``; in a copy they are apart
    by the number of samples, which lie side by side.
    """
    if _is_in_order(array, leading, dense):
        return array
    axes = range(array.ndim)
    order = [*axes] if dense else [*axes[leading:], *axes[:leading]]
    seen = permuted(array, order)
    flat, start, steps = flat_span(seen)
    shape = tuple(int(length) for length in seen.shape)
    with memory_for(f"a copy in C order of an array of shape {tuple(array.shape)}"):
        made = cuda.device_array(math.prod(shape), array.dtype, stream=stream)
        launched(gather, math.prod(shape), stream, made, flat, start, shape, steps)
    copied = reinterpreted(made, shape, c_strides(shape, array.dtype), array.dtype)
    return permuted(copied, [order.index(axis) for axis in axes])


def _is_in_order(array: Any, leading: int, dense: bool) -> bool:
    shape, strides = tuple(array.shape)[leading:], tuple(array.strides)[leading:]
    if math.prod(array.shape) == 0:
        return True
    unit: int | None = np.dtype(array.dtype).itemsize if dense else None
    for length, stride in zip(reversed(shape), reversed(strides), strict=True):
        if length == 1:
            continue
        if unit is not None and stride != unit:
            return False
        unit = stride * length
    return True


def complex_of(parts: Sequence[Any], stream: Any) -> Any:
    """The complex array of two 1-d arrays of real and imaginary parts, or of one array with them along its last axis.

    All are in C order; one array is seen where it is.
    """
    pairs = parts[0]
    if len(parts) == 2:
        pairs = cuda.device_array((parts[0].shape[0], 2), parts[0].dtype, stream=stream)
        launched(interleave, pairs.shape[0], stream, pairs, *parts)
        finish(stream)
    shape, strides = tuple(pairs.shape)[:-1], tuple(pairs.strides)[:-1]
    return reinterpreted(pairs, shape, strides, COMPLEX_DTYPES[np.dtype(pairs.dtype).name])
