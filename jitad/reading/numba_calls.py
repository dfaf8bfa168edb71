"""Numba's own functions and containers: ``prange``, typed lists and dicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from jitad.errors import KernelTypeError
from jitad.primitives import core
from jitad.program.types import REAL_DTYPES
from jitad.reading import lists
from jitad.reading.builtin_calls import BUILTINS, dict_, sequence
from jitad.reading.comparisons import static_of
from jitad.reading.iteration import make_range
from jitad.reading.values import DictValue, ItemType, SequenceValue, Value

if TYPE_CHECKING:
    from jitad.reading.reader import Reader


def add_numba() -> None:
    """Know Numba's functions (not from import time on, because Numba is slow to import)."""
    import numba
    from numba.typed import Dict, List

    BUILTINS.setdefault(numba.prange, _prange)
    BUILTINS.setdefault(List, sequence(list))
    BUILTINS.setdefault(List.empty_list, _empty_list)
    BUILTINS.setdefault(Dict, dict_)
    BUILTINS.setdefault(Dict.empty, _empty_dict)


def _prange(reader: Reader, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    if kwargs:
        reader.no_call("prange() takes no keyword arguments in a kernel", "pass the arguments by position")
    return replace(make_range(reader, list(args)), parallel=True)


def _empty_list(reader: Reader, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """``List.empty_list(type)``, whose items have that type from the start."""
    given = [*args[:1], *(kwargs[key] for key in ("item_type",) if key in kwargs)]
    dtype = str(static_of(reader, given[0], "the type of the items")) if given else ""
    if dtype not in (*core.DTYPES, *REAL_DTYPES):
        reader.refuse(
            KernelTypeError, f"A list of {dtype} can't be made in a kernel.", "make it of float64, or write []"
        )
    return lists.growing(reader, SequenceValue((), list), ItemType((dtype,)))


def _empty_dict(reader: Reader, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """``Dict.empty(key_type, value_type)``: a dict whose keys must be constants."""
    return DictValue({})
