"""What programs of array operations promise: checks, refusals, and no needless temporaries."""

from __future__ import annotations

import numpy as np
import pytest

from jitad.errors import IndexOutOfRangeError, JitadError, ShapeMismatchError, UnsupportedCallError
from jitad.primitives import core
from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Alloc, Branch, Call, Compute
from tests.reading.arrays.test_like_numpy import INDEX, M, N, V, W
from tests.reading.arrays.tracing import compare, record


def refused(kernel, *args):
    with pytest.raises(JitadError) as caught:
        run(kernel, *args)
    return caught.value


def run(kernel, *args):
    return evaluate(record(kernel, args), list(args))


def test_shapes_that_differ_are_found_at_run_time():
    error = refused(lambda np, a, b: a + b, V, W[:5])
    assert isinstance(error, ShapeMismatchError)
    assert "(a.shape[0],) and (b.shape[0],)" in str(error)


def test_a_store_that_does_not_fit_is_found_at_run_time():
    def store(np, a, b):
        a[1:] = b
        return a

    assert isinstance(refused(store, V, W), ShapeMismatchError)


def test_index_out_of_range_under_bounds_checks():
    program = record(lambda np, a, i: a[i], (V, 6), bounds_checked=True)
    with pytest.raises(IndexOutOfRangeError, match="outside the array"):
        evaluate(program, [V, 6])
    assert evaluate(program, [V, -6]) == [V[0]]


def test_reshape_of_a_strided_array_is_refused():
    error = refused(lambda np, m: m.T.reshape(3, 8), M)
    assert isinstance(error, UnsupportedCallError)
    assert "np.ascontiguousarray" in str(error)


def test_a_float_result_does_not_go_into_an_integer_array_in_place():
    def halve(np, i):
        i *= 0.5
        return i

    assert "can't be kept in an array of int64" in str(refused(halve, INDEX))


def test_an_elementwise_store_needs_no_temporary():
    def store(np, a, b):
        a[1:-1] = b[:-2] + b[2:] * a[1:-1]
        return np.sum(a)

    program = compare(store, V, W)
    assert not any(isinstance(statement, Alloc) for statement in walk(program.body))


def test_an_overlapping_store_computes_the_right_side_first():
    def store(np, a):
        a[1:] = a[:-1] * 2.0
        return np.sum(a)

    program = compare(store, V)
    assert sum(isinstance(statement, Alloc) for statement in walk(program.body)) == 1


def test_the_side_not_taken_is_not_evaluated():
    program = compare(lambda np, a: np.sum(np.where(a > 0, np.log(a), 0.0)), V)
    assert any(isinstance(statement, Branch) for statement in walk(program.body))


def test_a_product_accumulates_in_place():
    def add(np, c, m, n):
        c += m @ n
        return np.sum(c)

    program = compare(add, np.zeros((4, 4)), M, N)
    calls = [statement for statement in walk(program.body) if isinstance(statement, Call)]
    assert [call.accumulate for call in calls] == [True]
    assert not any(isinstance(statement, Alloc) for statement in walk(program.body))


def test_a_length_that_is_checked_in_one_place_is_not_trusted_in_another():
    def make(np, a, n):
        np.zeros(n)
        return a[n]

    assert any(isinstance(s, Compute) and s.primitive is core.select for s in walk(compare(make, V, 2).body))


def test_a_negative_length_is_found_at_run_time():
    assert "can't be negative" in str(refused(lambda np, n: np.zeros(n), -3))
