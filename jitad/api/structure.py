"""Take arguments apart: their numbers and arrays in order, and a key or a description of everything else.

``flatten`` runs on every call and is fast; ``describe`` runs once for each key, and is where what isn't a
kernel argument is refused, by name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import ArgumentError
from jitad.primitives.core import DTYPES
from jitad.primitives.views import view_as_real
from jitad.program.types import REAL_DTYPES
from jitad.reading.results import NUMBERS, make_sequence
from jitad.reading.signature import (
    ArgSpec,
    ArraySpec,
    ComplexSpec,
    DictSpec,
    ScalarSpec,
    SequenceSpec,
    StaticSpec,
    array_spec,
)

SCALARS: dict[type, str] = {float: "float64", int: "int64", bool: "bool"} | {
    np.dtype(dtype).type: dtype for dtype in DTYPES
}
"""The classes of numbers that a kernel takes, and their dtypes."""

COMPLEX_NUMBERS: dict[type, str] = {complex: "complex128", np.complex128: "complex128", np.complex64: "complex64"}
"""The classes of complex numbers that a kernel takes, and their dtypes. Each is two leaves, its parts."""

COMPLEX = frozenset((np.dtype(np.complex64), np.dtype(np.complex128)))
"""The dtypes of complex arrays that a kernel takes. Each is one leaf, the real array of its parts."""

_FLOAT64 = np.dtype(np.float64)
"""NumPy's one object for it in most arrays, so that nothing need be looked up by a dtype's hash."""

_ALIGNED = 0x100
LAYOUT_BITS = _ALIGNED | 0x3
"""The bits of ``ndarray.flags.num`` that say whether an array is contiguous (C, Fortran) and aligned."""

Key = Any
"""Hashable; equal for arguments that one compiled function serves."""


def array_key(array: np.ndarray) -> Key:
    """What a compiled function depends on in an aligned array: dtype, layout, rank, axes of length 1."""
    shape = array.shape
    return array.dtype, array.flags.num & LAYOUT_BITS, (1, *[n == 1 for n in shape]) if 1 in shape else len(shape)


def flatten(arg: Any, leaves: list[Any]) -> Key:
    """Append the numbers and arrays in ``arg`` to ``leaves``; the key of its structure and their types."""
    kind: Any = type(arg)
    if kind is np.ndarray:
        flags = arg.flags.num
        if not flags & _ALIGNED:
            arg = arg.copy(order="K")
            flags = arg.flags.num
        dtype, shape = arg.dtype, arg.shape
        leaves.append(arg if dtype is _FLOAT64 or dtype not in COMPLEX else view_as_real(arg))
        return dtype, flags & LAYOUT_BITS, (1, *[n == 1 for n in shape]) if 1 in shape else len(shape)
    if kind in SCALARS:
        leaves.append(arg)
        return kind if kind is not int or -(2**63) <= arg < 2**63 else "too large"
    if kind is tuple or kind is list:
        return (kind, *[flatten(item, leaves) for item in arg])
    if kind is dict:
        return (kind, *[(name, type(name), flatten(item, leaves)) for name, item in arg.items()])
    if kind in COMPLEX_NUMBERS:
        leaves.append(arg.real)
        leaves.append(arg.imag)
        return kind
    if isinstance(arg, tuple) and hasattr(arg, "_fields"):
        return (kind, *[flatten(item, leaves) for item in arg])
    if isinstance(arg, np.memmap):
        return flatten(np.asarray(arg), leaves)
    return ("static", kind, arg)


def describe(arg: Any, path: str) -> ArgSpec:
    """The reader's description of an argument; ``path`` names it in messages (``argument 0['w']``).

    Raises ArgumentError for what a kernel doesn't take.
    """
    kind: Any = type(arg)
    if isinstance(arg, np.ndarray):
        return _describe_array(arg, path)
    if kind in SCALARS:
        if kind is int and not -(2**63) <= arg < 2**63:
            raise ArgumentError(f"{path} is {arg}, which doesn't fit in 64 bits.", "pass a float.")
        return ScalarSpec(SCALARS[kind])
    if kind in COMPLEX_NUMBERS:
        part = ScalarSpec(REAL_DTYPES[COMPLEX_NUMBERS[kind]])
        return ComplexSpec(NUMBERS[part.dtype], (part, part))
    if isinstance(arg, np.generic | complex):
        dtype = np.dtype(kind)
        if dtype.name in DTYPES:  # a class of C's with another name, such as np.longlong
            return ScalarSpec(dtype.name)
        raise _refused_dtype(path, f"is a number of dtype {dtype.name}")
    if kind is tuple or kind is list or (isinstance(arg, tuple) and hasattr(arg, "_fields")):
        return SequenceSpec(kind, tuple(describe(item, f"{path}[{i}]") for i, item in enumerate(arg)))
    if kind is dict:
        for name in arg:
            if not isinstance(name, str | int | tuple):
                raise ArgumentError(
                    f"{path} is a dict with the key {name!r}.", "use strings, integers or tuples of them as keys."
                )
        return DictSpec(tuple((name, describe(item, f"{path}[{name!r}]")) for name, item in arg.items()))
    try:
        hash(arg)
    except TypeError:
        raise ArgumentError(
            f"{path} is a {kind.__name__}, which a kernel can't take.",
            "pass numbers, NumPy arrays, or tuples, named tuples, lists and dicts of them.",
        ) from None
    return StaticSpec(arg)


def _describe_array(array: np.ndarray, path: str) -> ArraySpec:
    if type(array) is not np.ndarray and not isinstance(array, np.memmap):
        raise ArgumentError(
            f"{path} is a {type(array).__name__}, whose own rules of arithmetic a kernel doesn't follow.",
            "pass a plain array: np.asarray(...).",
        )
    if array.dtype.name not in (*DTYPES, *REAL_DTYPES):
        raise _refused_dtype(path, f"is an array of dtype {array.dtype}")
    if not array.dtype.isnative:
        raise ArgumentError(
            f"{path} is an array of dtype {array.dtype.str}, with the bytes of another kind of machine.",
            "convert it: a.astype(a.dtype.newbyteorder('=')).",
        )
    return array_spec(array)


def _refused_dtype(path: str, what: str) -> ArgumentError:
    known = ", ".join((*DTYPES, *REAL_DTYPES))
    return ArgumentError(f"{path} {what}.", f"convert it to one of the dtypes that kernels take: {known}.")


def leaf_specs(spec: ArgSpec) -> list[ScalarSpec | ArraySpec]:
    """The descriptions of the numbers and arrays in an argument, in the order of ``flatten``."""
    match spec:
        case ScalarSpec() | ArraySpec():
            return [spec]
        case SequenceSpec(items=items):
            return [leaf for item in items for leaf in leaf_specs(item)]
        case DictSpec(items=pairs):
            return [leaf for _, item in pairs for leaf in leaf_specs(item)]
    return []


def leaf_paths(spec: ArgSpec, path: str) -> list[tuple[str, ArgSpec]]:
    """Every number, array and static object in an argument with the name of its place."""
    match spec:
        case ComplexSpec(items=items):
            return [(path, item) for item in items]
        case SequenceSpec(items=items):
            return [leaf for i, item in enumerate(items) for leaf in leaf_paths(item, f"{path}[{i}]")]
        case DictSpec(items=pairs):
            return [leaf for name, item in pairs for leaf in leaf_paths(item, f"{path}[{name!r}]")]
    return [(path, spec)]


def copied(arg: Any) -> Any:
    """The argument with copies of its arrays, which keep their order of axes in memory."""
    if isinstance(arg, np.ndarray):
        return np.array(arg, order="K", subok=isinstance(arg, np.ndarray) and not isinstance(arg, np.memmap))
    if isinstance(arg, tuple | list) and (type(arg) in (tuple, list) or hasattr(arg, "_fields")):
        return make_sequence(type(arg), [copied(item) for item in arg])
    if type(arg) is dict:
        return {name: copied(item) for name, item in arg.items()}
    return arg


def shown(value: Any) -> str:
    """What a value is, for messages about one that doesn't fit."""
    if isinstance(value, np.ndarray):
        return f"an array of dtype {value.dtype} and shape {value.shape}"
    if getattr(value, "__cuda_ndarray__", False):
        return f"an array of dtype {value.dtype} and shape {tuple(value.shape)} on the device"
    if isinstance(value, tuple | list | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)
