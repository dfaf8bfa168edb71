"""Shadows whose every element is added to first are stored to, and not filled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.program.builder import Builder, const_int
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Accumulate, Alloc, Call, Program, Store, Var, counted_loop
from jitad.program.types import INT64, Array
from jitad.transforms.first_terms import store_first_terms
from tests.transforms.kernels import adjoint_of, assert_gradient

A = np.linspace(-0.6, 1.1, 12).reshape(3, 4)
X = np.linspace(-0.8, 1.3, 6)


def shadows(program: Program) -> list[bool]:
    """For each shadow, whether it is filled."""
    return [s.fill is not None for s in walk(program.body) if isinstance(s, Alloc) and s.out.name.endswith("_bar")]


def squares(a):
    b = a.copy()
    b[1:] *= 2.0
    return np.sum(b * b)


def products(a):
    b = a @ a.T
    c = np.tanh(b) @ b
    return np.sum(c * c)


@pytest.mark.parametrize("kernel", [squares, products])
def test_what_is_added_to_every_element_first_is_stored(kernel: Any) -> None:
    made = adjoint_of(kernel, A).program
    assert not all(shadows(made))
    assert_gradient(kernel, A)


def test_the_first_product_overwrites() -> None:
    made = adjoint_of(products, A).program
    calls = [s for s in walk(made.body) if isinstance(s, Call)]
    assert sum(not call.accumulate for call in calls) > 2
    assert not any(isinstance(s, Accumulate) and s.array.name == "c_bar" for s in walk(made.body))


def partly(a):
    b = a.copy()
    b[1:] *= 2.0
    return np.sum(b[1:] * b[1:])


def triangle(a):
    b = a.copy()
    total = 0.0
    for i in range(b.shape[0]):
        for j in range(i, b.shape[1]):
            total += b[i, j] * b[i, j]
    return total


def diagonal(a):
    b = a.copy()
    total = 0.0
    for i in range(b.shape[0]):
        for j in range(b.shape[0]):
            total += b[i, i] * b[j, i]
    return total


def sometimes(a):
    b = a.copy()
    total = 0.0
    for i in range(b.shape[0]):
        for j in range(b.shape[1]):
            if b[i, j] > 0.0:
                total += b[i, j] * b[i, j]
    return total


def again_and_again(a):
    b = a.copy()
    total = 0.0
    for _ in range(2):
        for i in range(b.shape[0]):
            for j in range(b.shape[1]):
                total += b[i, j] * b[i, j]
    return total


def through_a_view(a):
    b = a.copy()
    c = b.T
    return np.sum(c[0] * c[1]) + np.sum(b * b)


@pytest.mark.parametrize("kernel", [partly, triangle, diagonal, sometimes, again_and_again, through_a_view])
def test_others_start_from_zeros(kernel: Any) -> None:
    assert_gradient(kernel, A)


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
    assert shadows(adjoint_of(kernel, X, 6).program)[-1] is is_filled
    assert_gradient(kernel, X, 6)


def summed(read_before: bool) -> tuple[Program, Var]:
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
    return Program("summed", [n, values], builder.block, [last, early]), fresh


@pytest.mark.parametrize("read_before", [False, True])
def test_only_the_first_term_is_stored(read_before: bool) -> None:
    program, fresh = summed(read_before)
    after = store_first_terms(program, [fresh])
    check(after)
    assert evaluate(after, [3, X[:3].copy()]) == evaluate(program, [3, X[:3].copy()]) == [2 * X[2], 0]
    kinds = [type(s) for s in walk(after.body) if isinstance(s, Store | Accumulate)]
    assert kinds == ([Accumulate, Accumulate] if read_before else [Store, Accumulate])
