"""The NumPy twins of ``jitad.runtime.memory``, ``lanes`` and ``blas``, for uncompiled runs.

They work on arrays of any dtype, objects and long doubles included. Numbers with lanes are 1-d arrays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from jitad.primitives.views import view_as_real

Array = np.ndarray[Any, Any]


def load(array: Array, *index: int) -> Any:
    """``array[index]`` for a full index of non-negative integers."""
    return array[index]


def store(array: Array, *index_and_value: Any) -> None:
    """``array[index] = value``; the value comes last and is cast to the array's dtype."""
    array[index_and_value[:-1]] = index_and_value[-1]


def accumulate(array: Array, *index_and_value: Any) -> None:
    """``array[index] += value``; the value comes last and is cast to the array's dtype."""
    array[index_and_value[:-1]] += index_and_value[-1]


def dim(array: Array, axis: int) -> int:
    """``array.shape[axis]``."""
    return array.shape[axis]


def trip_count(start: int, stop: int) -> int:
    """How often ``range(start, stop)`` runs."""
    return max(stop - start, 0)


def unforeseen(number: int) -> int:
    """``number``."""
    return number


def elements(shape: tuple[int, ...]) -> int:
    """The number of elements of an array of ``shape``; 2**62 if it is larger."""
    return min(math.prod(map(int, shape)), 1 << 62)


def tape_array(tape: Array, offset: int, shape: tuple[int, ...]) -> Array:
    """The C-contiguous array of ``shape`` that starts at element ``offset`` of the 1-d ``tape``."""
    size = int(np.prod(shape, dtype=np.int64))
    return tape[offset : offset + size].reshape(shape)


def local_array(shape: tuple[int, ...], dtype: Any) -> Array:
    """An uninitialised C-contiguous array."""
    return np.empty(shape, dtype)


def as_real(z: Array) -> Array:
    """The parts of a complex array along a last axis of 2, in its memory."""
    return view_as_real(z)


def reshaped(base: Array, shape: tuple[int, ...]) -> Array:
    """The C-contiguous ``base`` seen with another ``shape`` of the same size."""
    seen = base.reshape(shape)
    assert seen.size == 0 or np.shares_memory(seen, base)
    return seen


def view(
    base: Array,
    starts: tuple[int, ...],
    lengths: tuple[int, ...],
    steps: tuple[int, ...],
    axes: tuple[int, ...],
    layout: str,
) -> Array:
    """An alias of part of ``base``: element ``j`` is ``base[starts + sum over axes k of steps[k] * j[k]]``.

    ``axes[k]`` is the axis of ``base`` that axis ``k`` of the view walks along, or -1 when it repeats.
    """
    strides = tuple(0 if axis < 0 else base.strides[axis] * step for axis, step in zip(axes, steps, strict=True))
    if 0 in lengths:
        return as_strided(base.ravel()[:0] if base.size else base.reshape(-1), lengths, strides)
    corner: tuple[Any, ...] = (*(slice(start, None) for start in starts), ...)
    first = base[corner]  # an alias whose first element is base[starts]
    return as_strided(first, lengths, strides)


def offset_of(tape: Array, array: Array) -> int:
    """The position of ``array`` on the 1-d ``tape`` that it lives on, in elements."""
    start, here = (a.__array_interface__["data"][0] for a in (tape, array))
    return (here - start) // tape.strides[0]


def stride_of(tape: Array, array: Array, axis: int) -> int:
    """How many elements of the 1-d ``tape`` lie between neighbours along an axis of an array on it."""
    return array.strides[axis] // tape.strides[0]


def fill(array: Array, value: Any) -> None:
    """Set every element of ``array`` to ``value``, which is cast to its dtype."""
    array.fill(value)


def splat(value: Any, width: int) -> Array:
    """``value`` in each of ``width`` lanes."""
    return np.full(width, value)


def unit_lanes(position: int, width: int, dtype: str) -> Array:
    """``width`` lanes that hold 1 at ``position``, if that is among them, and 0 elsewhere."""
    return (np.arange(width) == position).astype(dtype)


def lane(value: Array, number: int) -> Any:
    """The number in lane ``number``."""
    return value[number]


def gather_lanes(*values: Any) -> Array:
    """The lanes that hold these numbers."""
    return np.array(values)


def lanes_to_float64(value: Array) -> Array:
    """The lanes as float64."""
    return value.astype(np.float64)


def lanes_to_float32(value: Array) -> Array:
    """The lanes rounded to float32."""
    return value.astype(np.float32)


def guarded_product_lanes(a: Array, b: Array) -> Array:
    """``a * b`` lane by lane, and 0 where ``a`` is 0, whatever ``b`` is."""
    return np.where(a != 0, a * b, a)


def load_lanes(width: int, array: Array, *index: int) -> Array:
    """``width`` elements from ``array[index]`` on, along the last axis."""
    return array[_neighbours(index, width)].copy()


def store_lanes(array: Array, *index_and_value: Any) -> None:
    """Overwrite elements from ``array[index]`` on, along the last axis, by the lanes of the value, which comes last."""
    *index, value = index_and_value
    array[_neighbours(index, len(value))] = value


def accumulate_lanes(array: Array, *index_and_value: Any) -> None:
    """Add the lanes of the value, which comes last, to elements from ``array[index]`` on, along the last axis."""
    *index, value = index_and_value
    array[_neighbours(index, len(value))] += value


def _neighbours(index: Sequence[int], width: int) -> tuple[Any, ...]:
    return (*index[:-1], slice(index[-1], index[-1] + width))


def matmul(out: Array, a: Array, b: Array) -> None:
    """``out[...] = a @ b``; one of ``a`` and ``b`` may be 1-d."""
    out[...] = a @ b


def matmul_accumulate(out: Array, a: Array, b: Array) -> None:
    """``out += a @ b``; one of ``a`` and ``b`` may be 1-d."""
    out[...] += a @ b
