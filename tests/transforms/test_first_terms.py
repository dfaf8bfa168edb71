"""Shadows whose every element is added to first are stored to, and not filled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitad
from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Accumulate, Alloc, Block, Branch, Call, Program, Store, Var, counted_loop
from jitad.program.types import INT64, Array
from jitad.transforms.expand import expand
from jitad.transforms.first_terms import store_first_gradients, store_first_terms
from tests.fixtures import uncompiled
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


def cross_entropy(a):
    total = 0.0
    for i in range(a.shape[0]):
        row = a[i]
        total += np.log(np.sum(np.exp(row - np.max(row)))) - row[i] ** 2
    return total


def norms(a):
    total = 0.0
    for i in range(a.shape[0]):
        total += a[0, i] * np.sum(a[i] * a[i])
    return total


def columns(a):
    total = 0.0
    for j in range(a.shape[1]):
        total += a[0, j] * np.sum(np.sin(a[:, j]))
    return total


def product(a):
    return np.sum((a @ a.T) ** 2)


def log_sum_exp(x):
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


def first_and_all(x):
    total = np.sum(x * x)
    return total * np.exp(x[0])


def twice(x):
    y = x
    for i in range(y.shape[0]):
        y[i] = np.sin(y[i])
    return np.sum(x * y)


def up_to_the_last(x):
    return np.sum(x[:-1] * x[:-1])


def in_steps(x):
    total = 0.0
    for i in range(0, x.shape[0], 2):
        total += x[i] * x[i]
    return total


def of_five(x):
    total = 0.0
    for i in range(5):
        total += x[i] * x[i]
    return total


def as_a_matrix(x):
    return np.sum(x.reshape(2, 3) ** 2)


def when_positive(x):
    return np.sum(x * x) if x[0] > 0.0 else 0.0


@pytest.mark.parametrize(
    ("kernel", "arg", "is_stored"),
    [
        (cross_entropy, A, True),
        (norms, A[:, :3], False),  # a term goes to row 0
        (columns, A, False),  # a loop adds to row 0 first
        (product, A, False),  # through views
        (squares, A, True),
        (log_sum_exp, X, True),
        (first_and_all, X, True),
        (up_to_the_last, X, False),
        (in_steps, X, False),
        (of_five, X, False),
        (as_a_matrix, X, False),
        (when_positive, X, False),
        (twice, X, None),
    ],
)
def test_gradients_that_need_no_zeros(kernel: Any, arg: Any, is_stored: bool | None) -> None:
    arg = np.ascontiguousarray(arg)
    made = adjoint_of(kernel, arg).program
    after, stored = store_first_gradients(made, [0])
    check(after)
    assert is_stored is None or stored == ({0} if is_stored else set())
    expected = np.zeros_like(arg)
    value = evaluate(expand(made), [arg.copy(), expected])
    gradient = np.full_like(arg, np.nan if stored else 0.0)
    assert evaluate(expand(after), [arg.copy(), gradient]) == value
    np.testing.assert_allclose(gradient, expected, rtol=1e-14, atol=1e-15)
    with uncompiled():
        np.testing.assert_allclose(jitad.grad(kernel)(arg), expected, rtol=1e-14, atol=1e-15)


def scattered(read_row: bool, other_row: bool, in_branch: bool) -> tuple[Program, Var]:
    """A program that adds to an element of each row (or of row 0), then to all of the row, which it may read."""
    n, values = Var("n", INT64), Var("values", Array("float64", 1))
    builder = Builder()
    fresh = builder.alloc("fresh", "float64", [n, n], 0.0)
    row, column = Var("i", INT64), Var("j", INT64)
    outer, inner = builder.nested(), builder.nested()
    value, place = outer.load(values, [row]), [const_int(0) if other_row else row, const_int(1)]
    if in_branch:
        then = outer.nested()
        then.accumulate(fresh, place, value)
        outer.add(Branch(outer.compute(core.lt, row, n), then.block, [], Block(), [], []))
    else:
        outer.accumulate(fresh, place, value)
    inner.accumulate(fresh, [row, column], inner.load(values, [column]))
    if read_row:
        inner.accumulate(fresh, [row, column], inner.load(fresh, [row, column]))
    outer.add(counted_loop(column, (const_int(0), n, const_int(1)), inner.block))
    builder.add(counted_loop(row, (const_int(0), n, const_int(1)), outer.block))
    results = [builder.load(fresh, [const_int(i), const_int(j)]) for i in range(2) for j in range(2)]
    return Program("scattered", [n, values], builder.block, results), fresh


@pytest.mark.parametrize("read_row", [False, True])
@pytest.mark.parametrize("other_row", [False, True])
@pytest.mark.parametrize("in_branch", [False, True])
def test_single_elements_are_added_after_their_row(read_row: bool, other_row: bool, in_branch: bool) -> None:
    program, fresh = scattered(read_row, other_row, in_branch)
    after = store_first_terms(program, [fresh])
    check(after)
    assert evaluate(after, [3, X[:3].copy()]) == evaluate(program, [3, X[:3].copy()])
    kinds = [type(s) for s in walk(after.body) if isinstance(s, Store | Accumulate)]
    assert (kinds == [Store, Accumulate]) is not (read_row or other_row or in_branch)
