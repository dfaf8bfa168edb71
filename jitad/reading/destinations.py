"""``out=``: results that are stored into an array of the user's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.errors import KernelTypeError, ShapeMismatchError, UnsupportedCallError
from jitad.reading import arrays, complexes
from jitad.reading.arrays.ufuncs import is_vectorized
from jitad.reading.complexes.typing import typed
from jitad.reading.merging import describe
from jitad.reading.source import module_root
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

_PLACES: tuple[tuple[Any, int], ...] = (
    (np.dot, 2),
    (np.outer, 2),
    (np.clip, 3),
    (np.round, 2),
    (np.around, 2),
    (np.take, 3),
)
"""Where functions that aren't ufuncs take the array to store into, when it is given by position."""

_METHODS = {
    "at": "loop over the indices: for k, i in enumerate(indices): a[i] += b[k]",
    "reduce": "use np.sum, np.prod, np.min or np.max",
    "accumulate": "use np.cumsum or np.cumprod, or write the loop out",
    "outer": "give the arrays axes of length 1: np.add(a[:, None], b)",
    "reduceat": "sum the slices in a loop",
}


def call_with_out(
    reader: Reader, obj: Any, args: Sequence[Value], kwargs: Mapping[str, Value], text: str
) -> Value | None:
    """The value of a NumPy function that stores its result; None for a call that doesn't."""
    owner = getattr(obj, "__self__", None)
    is_numpy = module_root(str(getattr(obj, "__module__", None))) == "numpy"
    is_ufunc = isinstance(obj, np.ufunc) or is_vectorized(obj)
    if not (is_numpy or is_ufunc or _is_method(owner)):
        return None
    if _is_method(owner) and obj.__name__ in _METHODS:
        reader.refuse(UnsupportedCallError, f"{text} isn't one of Numba's functions", _METHODS[obj.__name__])
    at = obj.nin if is_ufunc else next((place for f, place in _PLACES if f is obj), None)
    named = dict(kwargs)
    out = named.pop("out", None)
    if out is None and at is not None and len(args) == at + 1:
        args, out = args[:at], args[at]
    if out is None:
        return None
    found = reader.call(obj, args, named, text)
    if isinstance(out, SequenceValue) and out.kind is tuple and len(out.items) == 1:
        out = out.items[0]
    if isinstance(out, StaticValue) and out.obj is None:
        return found
    _store(reader, out, found, text, is_ufunc)
    return out


def _is_method(owner: Any) -> bool:
    """True for the owner of a method of a ufunc."""
    return isinstance(owner, np.ufunc) or is_vectorized(owner)


def _store(reader: Reader, out: Value, found: Value, text: str, broadcasts: bool) -> None:
    if not isinstance(out, ArrayValue | ComplexArrayValue):
        reader.refuse(KernelTypeError, f"{text} can't store into {describe(out)}", "pass an array as out")
    if not isinstance(found, ScalarValue | ComplexValue | ArrayValue | LazyValue | ComplexArrayValue | ComplexLazy):
        reader.no_call(f"{text} gives {describe(found)}, which can't be stored", "leave out= out")
    dtype, ndim = typed(found)[0], getattr(found, "ndim", 0)
    if not np.can_cast(np.dtype(dtype), np.dtype(out.dtype), "same_kind"):
        reader.refuse(
            KernelTypeError,
            f"{text} gives numbers of {dtype}, which an array of {out.dtype} can't keep",
            "make the array that it stores into of that dtype",
        )
    if ndim > out.ndim or (ndim < out.ndim and not broadcasts):
        reader.refuse(
            ShapeMismatchError,
            f"{text} gives an array of {ndim} axes, and the one that it stores into has {out.ndim}",
            "give both the same number of axes",
        )
    everything = StaticValue(Ellipsis)
    if isinstance(out, ComplexArrayValue):
        complexes.setitem(reader, out, everything, found)
    else:
        arrays.setitem(reader, out, everything, found)
