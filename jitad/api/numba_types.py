"""Descriptions of arguments from their Numba types, where there are no values yet."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from jitad.api.structure import describe
from jitad.errors import ArgumentError
from jitad.primitives.core import DTYPES
from jitad.program.types import REAL_DTYPES
from jitad.reading.results import NUMBERS
from jitad.reading.signature import ArgSpec, ArraySpec, ComplexSpec, ScalarSpec, SequenceSpec, StaticSpec


def spec_of(type_: Any, path: str) -> ArgSpec:
    """The reader's description of an argument of a Numba type; ``path`` names it in messages (``argument 0[1]``).

    Whether axes have length 1 isn't part of a Numba type, so none is described so.
    Raises ArgumentError for what a kernel doesn't take.
    """
    match type_:
        case types.Omitted():
            return describe(type_.value, path)
        case types.Boolean() | types.Integer() | types.Float():
            return ScalarSpec(_dtype(types.unliteral(type_), type_, path))
        case types.Complex():
            part = ScalarSpec(REAL_DTYPES[str(type_)])
            return ComplexSpec(NUMBERS[part.dtype], (part, part))
        case types.Array() if type(type_) is types.Array:
            return ArraySpec(_dtype(type_.dtype, type_, path), type_.ndim, _layout(type_, path))
        case types.BaseNamedTuple():
            return SequenceSpec(type_.instance_class, _items(type_, path))  # type: ignore[attr-defined]
        case types.BaseTuple():
            return SequenceSpec(tuple, _items(type_, path))
        case types.NoneType():
            return StaticSpec(None)
        case types.StringLiteral():
            return StaticSpec(type_.literal_value)
        case types.NumberClass():
            return StaticSpec(np.dtype(str(type_.dtype)).type)
        case types.Dispatcher():
            return StaticSpec(getattr(type_.dispatcher, "derivative", type_.dispatcher))
        case types.Function() if callable(type_.typing_key):
            return StaticSpec(type_.typing_key)
    raise _refused(type_, path)


def _dtype(element: Any, type_: Any, path: str) -> str:
    name = str(element)
    if name not in (*DTYPES, *REAL_DTYPES):
        raise ArgumentError(
            f"{path} has the Numba type {type_}.",
            f"convert it to one of the dtypes that kernels take: {', '.join((*DTYPES, *REAL_DTYPES))}.",
        )
    return name


def _layout(type_: Any, path: str) -> str:
    if not type_.aligned:
        raise ArgumentError(f"{path} is an array that isn't aligned in memory.", "pass a copy of it: a.copy().")
    return str(type_.layout)


def _items(type_: Any, path: str) -> tuple[ArgSpec, ...]:
    return tuple(spec_of(item, f"{path}[{at}]") for at, item in enumerate(type_))


def _refused(type_: Any, path: str) -> ArgumentError:
    what = f"{path} has the Numba type {type_}, which a derivative function doesn't take in compiled code."
    if isinstance(type_, types.BaseContainerPayload | types.List | types.ListType | types.SetType | types.Set):
        return ArgumentError(what, "put the numbers in an array or in a tuple.")
    if isinstance(type_, types.DictType | types.LiteralStrKeyDict):
        return ArgumentError(what, "put the numbers in a named tuple.")
    if isinstance(type_, types.UnicodeType):
        return ArgumentError(what, "write the string as a literal in the call.")
    if isinstance(type_, types.Optional):
        return ArgumentError(what, "check for None first, and pass the value itself.")
    return ArgumentError(what, "pass numbers, arrays, and tuples or named tuples of them.")
