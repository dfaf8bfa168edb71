"""Compiled access and views do what their plain twins do."""

# ruff: noqa: F821 - the bodies of kernels are run with two sets of names

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from jitad.runtime import memory, plain

NAMES = (
    "load",
    "store",
    "accumulate",
    "dim",
    "elements",
    "tape_array",
    "reshaped",
    "view",
    "offset_of",
    "fill",
    "trip_count",
    "local_array",
    "unforeseen",
)


def _twins(function):
    """The function compiled, and the same function with the plain twins."""
    namespace = {**function.__globals__, **{name: getattr(plain, name) for name in NAMES}}
    uncompiled = type(function)(function.__code__, namespace, function.__name__)
    namespace = {**function.__globals__, **{name: getattr(memory, name) for name in NAMES}}
    return njit(error_model="numpy")(type(function)(function.__code__, namespace, function.__name__)), uncompiled


def doubled(a, b):
    for i in range(dim(a, 0)):
        for j in range(dim(a, 1)):
            store(b, i, j, 2 * load(a, i, j))
            accumulate(b, i, j, load(a, i, 0))


def views(tape):
    block = tape_array(tape, 3, (2, 3))
    fill(block, 1)
    turned = view(block, (0, 0), (3, 2), (1, 1), (1, 0), "F")
    store(turned, 2, 1, 7)
    backwards = view(turned, (2, 1), (3, 4), (-1, 0), (0, -1), "A")
    accumulate(backwards, 0, 3, 0.5)
    flat = reshaped(block, (6,))
    store(flat, 1, 9)
    point = tape_array(tape, 12, ())
    store(point, 2.5)
    accumulate(view(flat, (4,), (), (), (), "C"), load(point))
    empty = view(block, (2, 0), (0, 3), (1, 1), (0, 1), "C")
    fill(empty, 5)
    return offset_of(tape, point), offset_of(tape, block), dim(turned, 0), dim(empty, 1)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
@pytest.mark.parametrize("layout", ["C", "F", "A"])
def test_elements(dtype, layout):
    data = np.arange(12).reshape(3, 4).astype(dtype)
    a = {"C": data, "F": np.asfortranarray(data), "A": np.repeat(np.repeat(data, 2, 0), 2, 1)[::2, ::2]}[layout]
    for function in _twins(doubled):
        b = np.zeros_like(a)
        function(a, b)
        np.testing.assert_array_equal(b, 2 * data + data[:, :1])


def test_views():
    tapes, results = [], []
    for function in _twins(views):
        tape = np.zeros(20)
        results.append(function(tape))
        tapes.append(tape)
    np.testing.assert_array_equal(*tapes)
    assert results[0] == results[1] == (12, 3, 3, 3)
    np.testing.assert_array_equal(tapes[0][3:9], [1, 9, 1, 1, 3.5, 7.5])


def test_scalars_of_zero_dimensional_arrays():
    base = np.array(3.0)
    alias = plain.view(base, (), (2, 2), (0, 0), (-1, -1), "A")
    np.testing.assert_array_equal(alias, np.full((2, 2), 3.0))
    assert plain.load(base) == 3.0


def test_views_count_no_references():
    function = _twins(views)[0]
    function(np.zeros(20))
    (text,) = function.inspect_llvm().values()
    body = text[text.index("define") : text.index("cpython")]
    assert "NRT_" not in body


def counts(n):
    return trip_count(0, n), trip_count(n, 3), trip_count(n, n)


@pytest.mark.parametrize("n", [-4, 0, 2, 7])
def test_trip_counts_are_those_of_ranges(n: int) -> None:
    compiled, plainly = _twins(counts)
    assert compiled(n) == plainly(n) == (len(range(n)), len(range(n, 3)), 0)


def on_the_stack(n):
    total = 0.0
    for i in range(n):
        a, b = local_array((2, 3), np.float64), local_array((4,), np.int64)
        fill(a, 0.5)
        fill(b, i)
        accumulate(a, 1, 2, load(b, 3))
        total += load(a, 1, 2) + load(a, 0, 0) + a.shape[1] + b.size
    return total


def test_arrays_on_the_stack() -> None:
    compiled, plainly = _twins(on_the_stack)
    assert compiled(5) == plainly(5) == 10.0 + 5 * 8.0
    (text,) = compiled.inspect_llvm().values()
    assert "NRT_" not in text[text.index("define") : text.index("cpython")]


def lent(a):
    return load(borrowed(a), 1, 0) + borrowed(a).shape[1]


@pytest.mark.parametrize("a", [np.ones((2, 3)), np.asfortranarray(np.ones((2, 3))), np.ones((4, 3))[::2]])
def test_lent_arrays(a) -> None:
    namespace = {**lent.__globals__, "load": memory.load, "borrowed": memory.borrowed}
    assert njit(type(lent)(lent.__code__, namespace, "lent"))(a) == 4.0


def sizes(n):
    return elements((n, 16)), elements((n, n, 0)), elements((3, n)), elements((n, n)), elements(()), elements((1, n))


@pytest.mark.parametrize("n", [0, 5, 1 << 31, 1 << 32, 3 << 59, (1 << 62) + 1])
def test_sizes_never_wrap_around(n: int) -> None:
    compiled, plainly = _twins(sizes)
    found = compiled(n)
    assert found == plainly(n)
    assert found[1] == 0
    assert found[3] == min(n * n, 1 << 62)


def downwards(a, n):
    for turn in range(n - 1, -1, -1):
        i = unforeseen(turn)
        for j in range(dim(a, 1)):
            accumulate(a, i, j, load(a, i + 1, j))


def test_what_is_not_foreseen_is_what_it_is():
    for run in _twins(downwards):
        a = np.ones((4, 3))
        run(a, 3)
        np.testing.assert_array_equal(a[:, 0], [4.0, 3.0, 2.0, 1.0])
