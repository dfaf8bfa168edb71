"""Descriptions of arguments from their Numba types, and parameters as Numba sees them; nothing is compiled here."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import njit, typeof, types

import jitad
from jitad.api.numba_types import spec_of
from jitad.api.parameters import stub
from jitad.api.structure import describe
from jitad.errors import ArgumentError


class Pair(NamedTuple):
    first: Any
    second: Any


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        np.float32(1),
        3,
        np.uint8(3),
        True,
        None,
        np.zeros(3),
        np.zeros((2, 3), np.int32, order="F"),
        np.zeros((4, 6), bool)[::2, ::2],
        np.array(1.0),
        (1.0, 2.0),
        (1.0, (np.zeros(2), None)),
        Pair(1.0, np.zeros(2)),
        Pair(1.0, 2.0),
    ],
    ids=str,
)
def test_types_are_described_as_their_values_are(value: Any) -> None:
    assert spec_of(typeof(value), "argument 0") == describe(value, "argument 0")


def test_literals_defaults_and_functions() -> None:
    def f(x):
        return x

    dispatcher, derivative = njit(f), jitad.grad(f)
    assert spec_of(types.literal("sum"), "x") == describe("sum", "x")
    assert spec_of(types.literal(3), "x") == describe(3, "x")
    assert spec_of(types.Omitted("sum"), "x") == describe("sum", "x")
    assert spec_of(typeof(np.float32), "x") == describe(np.float32, "x")
    assert spec_of(typeof(dispatcher), "x") == describe(dispatcher, "x")
    assert spec_of(typeof(derivative), "x") == describe(derivative, "x")


@pytest.mark.parametrize(
    ("type_", "message"),
    [
        (types.float16, r"argument 0 has the Numba type float16\..*What to do: convert it to one of the dtypes"),
        (types.Array(types.float16, 1, "C"), r"Numba type array\(float16, 1d, C\).*convert it"),
        (types.Array(types.float64, 1, "C", aligned=False), r"isn't aligned in memory.*a\.copy\(\)"),
        (types.List(types.float64), r"in an array or in a tuple"),
        (types.ListType(types.float64), r"in an array or in a tuple"),
        (types.Set(types.int64), r"in an array or in a tuple"),
        (types.DictType(types.int64, types.float64), r"in a named tuple"),
        (types.Optional(types.float64), r"check for None first"),
        (types.unicode_type, r"as a literal in the call"),
        (types.Tuple((types.float64, types.range_state64_type)), r"argument 0\[1\] has the Numba type.*pass numbers"),
    ],
    ids=str,
)
def test_other_types_are_refused(type_: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=f"(?s){message}"):
        spec_of(type_, "argument 0")


def starred(x, y=1.0, *rest, k=2): ...


def named(x, /, y, *, k, m=3, **others): ...


def late(x, y=1.0, *, k, m=3): ...


@pytest.mark.parametrize(
    ("function", "expected"),
    [(starred, "(x, y=1.0, *rest)"), (named, "(x, y, k, m=3)"), (late, "(x, y=1.0, m=3)"), (lambda x: x, "(x)")],
)
def test_parameters(function: Any, expected: str) -> None:
    derivative = jitad.grad(function)
    assert str(inspect.signature(stub(derivative, inspect.signature(function)))) == expected
    assert stub(derivative, inspect.signature(function)).__name__ == function.__name__


def test_one_dispatcher_for_each_derivative() -> None:
    import copy

    first = jitad.grad(named)
    assert typeof(first) == typeof(first)
    assert typeof(first) != typeof(jitad.grad(named))
    other = copy.copy(first)
    assert typeof(other) != typeof(first)
