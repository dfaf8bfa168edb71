"""How the arguments of a kernel are described to the reader: types and structure, no values."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any


class ArgSpec:
    """Base of the descriptions of arguments."""


@dataclass(frozen=True)
class ScalarSpec(ArgSpec):
    """A number of this dtype (``"float64"``, ``"int64"``, ``"bool"``, …)."""

    dtype: str


@dataclass(frozen=True)
class ArraySpec(ArgSpec):
    """An array; ``unit_axes`` are the axes that have length 1, which broadcasting must know while reading.

    A complex array is one parameter of the program: the real array of its parts, with a last axis of 2.
    """

    dtype: str
    ndim: int
    layout: str = "C"
    unit_axes: tuple[int, ...] = ()


@dataclass(frozen=True)
class SequenceSpec(ArgSpec):
    """A tuple, list or named tuple (``kind`` is its class) of described items."""

    kind: type
    items: tuple[ArgSpec, ...]


@dataclass(frozen=True)
class ComplexSpec(SequenceSpec):
    """A complex number: two numbers of one floating-point dtype, of which ``kind`` makes it."""


@dataclass(frozen=True)
class DictSpec(ArgSpec):
    """A dict: pairs of a constant key and a described item."""

    items: tuple[tuple[Hashable, ArgSpec], ...]


@dataclass(frozen=True)
class StaticSpec(ArgSpec):
    """An object that is known while reading: None, a string, a dtype, a function."""

    obj: Any


def array_spec(array: Any) -> ArraySpec:
    """The description of a NumPy array."""
    layout = "C" if array.flags.c_contiguous else "F" if array.flags.f_contiguous else "A"
    unit_axes = tuple(axis for axis, length in enumerate(array.shape) if length == 1)
    return ArraySpec(array.dtype.name, array.ndim, layout, unit_axes)
