"""The first term of a sum into a fresh array is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.program.builder import Builder, const_int
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.statements import Accumulate, Alloc, Program, Store, Var, counted_loop, walk
from jitad.program.types import INT64, Array
from jitad.transforms.fresh_sums import store_first_terms
from tests.transforms.kernels import adjoint_of, assert_gradient

X = np.linspace(-0.8, 1.3, 6)


def shadows(program: Program) -> dict[str, tuple[bool, list[str]]]:
    """Which shadows are filled with zeros, and what writes them, by name."""
    writes: dict[Var, list[str]] = {}
    for s in walk(program.body):
        if isinstance(s, Store | Accumulate):
            writes.setdefault(s.array, []).append(type(s).__name__)
    allocs = [s for s in walk(program.body) if isinstance(s, Alloc) and s.out.name.endswith("_bar")]
    return {s.out.name: (s.fill is not None, writes.get(s.out, [])) for s in allocs}


def doubled(x, n):
    y = np.empty(n)
    for i in range(n):
        y[i] = np.sin(x[i])
    total = 1.0
    for i in range(n):
        total += y[i] * y[i]
    for i in range(n):
        total *= 1.0 + y[i]
    return total


def half(x, n):
    y = np.empty(n)
    for i in range(n):
        y[i] = np.sin(x[i])
    total = 1.0
    for i in range(n // 2):
        total *= 1.0 + y[i]
    return total


def neighbours(x, n):
    y = np.empty(n)
    for i in range(n):
        y[i] = np.sin(x[i])
    total = 1.0
    for i in range(n):
        total *= 1.0 + y[i] * y[n - 1 - i]
    return total


@pytest.mark.parametrize(("kernel", "is_filled"), [(doubled, False), (half, True), (neighbours, True)])
def test_where_zeros_are_needed(kernel: Any, is_filled: bool) -> None:
    found = shadows(adjoint_of(kernel, X, 6).program)
    assert found["y_bar"][0] is is_filled
    assert ("Store" in found["y_bar"][1]) is not is_filled
    assert_gradient(kernel, X, 6)


def summed(read_before: bool) -> Program:
    """A program that fills an array with zeros, and adds to each element once."""
    n, values = Var("n", INT64), Var("values", Array("float64", 1))
    builder = Builder()
    fresh = builder.alloc("fresh", "float64", [n], 0.0)
    early = builder.load(fresh, [const_int(0)]) if read_before else const_int(0)
    index, body = Var("i", INT64), builder.nested()
    body.accumulate(fresh, [index], body.load(values, [index]))
    body.accumulate(fresh, [index], body.load(fresh, [index]))
    builder.add(counted_loop(index, (const_int(0), n, const_int(1)), body.block))
    last = builder.load(fresh, [builder.minus(n, const_int(1))])
    return Program("summed", [n, values], builder.block, [last, early])


@pytest.mark.parametrize("read_before", [False, True])
def test_only_the_first_term_is_stored(read_before: bool) -> None:
    program = summed(read_before)
    after = store_first_terms(program)
    check(after)
    assert evaluate(after, [3, X[:3].copy()]) == evaluate(program, [3, X[:3].copy()]) == [2 * X[2], 0]
    kinds = [type(s) for s in walk(after.body) if isinstance(s, Store | Accumulate)]
    assert kinds == ([Accumulate, Accumulate] if read_before else [Store, Accumulate])
